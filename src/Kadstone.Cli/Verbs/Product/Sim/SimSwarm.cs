using Kadstone.Kademlia;
using Kadstone.Simulation;

namespace Kadstone.Cli.Verbs.Product.Sim;

/// <summary>A network of one wire in virtual time: nodes as the real core runs them, on simulated hosts and links.</summary>
internal abstract class SimSwarm
{
    private readonly SimPlan _plan;
    private readonly List<SimLookup> _lookups = [];
    private readonly Churn _churn;

    protected SimSwarm(SimPlan plan)
    {
        _plan = plan;
        Network = new SimulatedNetwork(plan.Seed, new LinkOptions { Loss = plan.Loss });
        _churn = new Churn(Network, plan.ChurnPerMinute, () => Population, Leave, _ => Join());
    }

    internal SimulatedNetwork Network { get; }

    /// <summary>How many nodes left and were followed by others.</summary>
    internal int Replaced => _churn.Left;

    internal IReadOnlyList<SimLookup> Lookups => _lookups;

    /// <summary>What the nodes sent, and what of it the links lost.</summary>
    internal virtual (long Sent, long Lost) Packets => (Network.Traffic.Sent, Network.Traffic.Lost);

    protected abstract int Population { get; }

    /// <summary>Runs the plan: growth, announcements, then lookups while nodes come and go.</summary>
    /// <param name="progress">Told now and then how far it is, 0 to 1.</param>
    /// <param name="cancellationToken">Ends it early.</param>
    internal void Run(Action<double> progress, CancellationToken cancellationToken)
    {
        TimeSpan whole = SimPlan.Growth + SimPlan.Settling + TimeSpan.FromMinutes(1) + _plan.Time;
        void RunFor(TimeSpan time)
        {
            TimeSpan end = Network.Elapsed + time;
            while (Network.Elapsed < end)
            {
                cancellationToken.ThrowIfCancellationRequested();
                TimeSpan left = end - Network.Elapsed;
                Network.RunFor(left < TimeSpan.FromSeconds(1) ? left : TimeSpan.FromSeconds(1));
                progress(Math.Min(1, Network.Elapsed / whole));
            }
        }

        for (int i = 0; i < _plan.Nodes; i++)
        {
            Join();
            RunFor(SimPlan.Growth / _plan.Nodes);
        }

        RunFor(SimPlan.Settling);
        for (int i = 0; i < _plan.Topics; i++)
        {
            Network.Schedule(TimeSpan.FromMinutes(0.9) * Network.Chance.NextDouble(), Announce);
        }

        RunFor(TimeSpan.FromMinutes(1));
        if (_plan.ChurnPerMinute > 0)
        {
            _churn.Start();
        }

        for (int i = 0; i < _plan.Lookups; i++)
        {
            Network.Schedule(_plan.Time * Network.Chance.NextDouble(), () =>
            {
                if (Seek() is SimLookup lookup)
                {
                    _lookups.Add(lookup);
                }
            });
        }

        RunFor(_plan.Time);
        _churn.Stop();

        // Who began in the last second has an end, too.
        RunFor(TimeSpan.FromMinutes(1));
    }

    protected abstract void Join(HostOptions? host);

    /// <summary>One member stops, without a word.</summary>
    protected abstract void Leave(Random chance);

    /// <summary>A random member announces a topic of its own, and goes on doing so.</summary>
    protected abstract void Announce();

    /// <summary>A random member looks for the topic of another; null: there is nobody to do so.</summary>
    protected abstract SimLookup? Seek();

    protected void End(SimLookup lookup, Instant began, int requests, bool counts)
    {
        lookup.Seconds = (Network.Now - began).TotalSeconds;
        lookup.Requests = requests;
        lookup.Counts = counts;
    }

    private void Join() => Join(Population >= SimPlan.OpenNodes && Network.Chance.NextDouble() < _plan.Nat ? new HostOptions { Nat = _plan.NatKind } : null);
}
