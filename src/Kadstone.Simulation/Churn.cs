namespace Kadstone.Simulation;

/// <summary>Lets members leave and others join at a rate, at moments drawn from the network's seed (a Poisson process).</summary>
/// <remarks>A rate of 0.1 a minute over 1,000 members is 100 replacements a minute: the chance of one member to stay for 10 min is then 37 %.</remarks>
public sealed class Churn
{
    private readonly SimulatedNetwork _network;
    private readonly Random _chance;
    private readonly double _perMinute;
    private readonly Func<int> _population;
    private readonly Action<Random> _leave;
    private readonly Action<Random> _join;
    private int _run;

    /// <summary>Makes the churn; it begins with <see cref="Start"/>.</summary>
    /// <param name="network">The network.</param>
    /// <param name="perMinute">The share of the members that leave in a minute; 0 or more. 0.1 is 10 %.</param>
    /// <param name="population">How many members there are now.</param>
    /// <param name="leave">Picks one member by the chance it is handed and lets it leave.</param>
    /// <param name="join">Lets one member join.</param>
    public Churn(SimulatedNetwork network, double perMinute, Func<int> population, Action<Random> leave, Action<Random> join)
    {
        ArgumentNullException.ThrowIfNull(network);
        ArgumentNullException.ThrowIfNull(population);
        ArgumentNullException.ThrowIfNull(leave);
        ArgumentNullException.ThrowIfNull(join);
        if (!(perMinute >= 0 && double.IsFinite(perMinute)))
        {
            throw new ArgumentOutOfRangeException(nameof(perMinute), perMinute, "The rate must be 0 or more.");
        }

        _network = network;
        _chance = network.CreateChance();
        _perMinute = perMinute;
        _population = population;
        _leave = leave;
        _join = join;
    }

    /// <summary>How long after a leave its join follows. Default 0; 0 or more.</summary>
    public TimeSpan Absence { get; init; }

    /// <summary>How many have left.</summary>
    public int Left { get; private set; }

    /// <summary>How many have joined.</summary>
    public int Joined { get; private set; }

    /// <summary>Begins, or begins again after <see cref="Stop"/>.</summary>
    public void Start() => ScheduleNext(++_run);

    /// <summary>No one leaves from now on; those who are away still join.</summary>
    public void Stop() => _run++;

    private void ScheduleNext(int run)
    {
        double rate = _perMinute * _population();

        // With nobody there to leave, look again after a while.
        TimeSpan wait = rate > 0 ? TimeSpan.FromMinutes(-Math.Log(1 - _chance.NextDouble()) / rate) : TimeSpan.FromMinutes(1);
        _network.Schedule(wait, () =>
        {
            if (run != _run)
            {
                return;
            }

            if (rate > 0 && _population() > 0)
            {
                Left++;
                _leave(_chance);
                _network.Schedule(Absence, () =>
                {
                    Joined++;
                    _join(_chance);
                });
            }

            ScheduleNext(run);
        });
    }
}
