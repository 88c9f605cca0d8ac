using Kadstone.Datagrams;
using Kadstone.Hyperswarm;
using Kadstone.Hyperswarm.Core;
using Kadstone.Hyperswarm.Core.Records;
using Kadstone.Kademlia;

namespace Kadstone.Simulation.Tests.Hyperswarm;

/// <summary>A simulated network of hyperdht 6 nodes that store for each other, each on a host and in a /24 of its own, as the real core runs them.</summary>
internal sealed class HyperWorld(int seed)
{
    internal const ushort Port = 49_737;
    private const ushort ClientPort = 49_738;

    internal static readonly RpcSettings Persistent = new() { IsPersistent = true };

    internal static readonly RpcSettings Adaptive = new() { IsAdaptive = true };

    internal SimulatedNetwork Network { get; } = new(seed);

    /// <summary>The living nodes; those of a scenario's adversaries are not among them.</summary>
    internal List<Member> Members { get; } = [];

    /// <summary>A network of so many persistent nodes, joined one after the other over two minutes, each through a random one of those before it.</summary>
    internal static HyperWorld Grown(int seed, int nodes, Func<int, HostOptions?>? host = null)
    {
        HyperWorld world = new(seed);
        for (int i = 0; i < nodes; i++)
        {
            world.Join(host?.Invoke(i));
            world.Network.RunFor(TimeSpan.FromMinutes(2) / nodes);
        }

        world.Network.RunFor(TimeSpan.FromMinutes(3));
        return world;
    }

    /// <summary>Adds a host with a persistent node that joins through a random living one, which has joined itself.</summary>
    internal Member Join(HostOptions? host = null)
    {
        UdpEndpoint[] bootstrap = Members.Count == 0 ? [] : [(Members.Count < 20 ? Members[0] : Pick(member => member.Table.Count >= 8)).Endpoint];
        Member member = Start(Network.AddHost(host), bootstrap);
        Members.Add(member);
        return member;
    }

    /// <summary>Starts a node on a host: a persistent one has its server socket alone, as behind a port that is forwarded, any other a client socket, too.</summary>
    internal Member Start(SimulatedHost host, IEnumerable<UdpEndpoint> bootstrap, IEnumerable<UdpEndpoint>? saved = null, RpcSettings? settings = null)
    {
        settings ??= Persistent;
        Random chance = Network.CreateChance();
        UdpEndpoint[] sockets = settings.IsPersistent ? [host.Endpoint(Port)] : [host.Endpoint(Port), host.Endpoint(ClientPort)];
        RpcProtocol core = new(settings, sockets, chance, Network.Now);
        HyperCommands commands = new(core, new HyperLimits(), chance);
        core.Service = commands;
        byte[] seed = new byte[Kadstone.Crypto.Ed25519.SeedLength];
        chance.NextBytes(seed);
        Member member = new(core, commands, new HyperKeyPair(seed));
        member.Node = host.Bind(member, sockets);
        member.Run((started, now) =>
        {
            foreach (UdpEndpoint endpoint in bootstrap)
            {
                started.AddBootstrap(endpoint, now);
            }

            foreach (UdpEndpoint endpoint in saved ?? [])
            {
                started.AddSaved(endpoint);
            }

            started.Join(now);
        });
        return member;
    }

    internal void Leave(Member member)
    {
        Members.Remove(member);
        member.Node!.Host.Stop();
    }

    internal Member Pick() => Members[Network.Chance.Next(Members.Count)];

    internal Member Pick(Func<Member, bool> who)
    {
        for (int i = 0; i < 10_000; i++)
        {
            Member member = Pick();
            if (who(member))
            {
                return member;
            }
        }

        throw Network.Failure("No member fits.");
    }

    internal Key256 Key() => Keyspace.Random<Key256>(Network.Chance);

    /// <summary>Asks the nodes closest to a key: each answer as it comes, and once the end, with its time.</summary>
    internal Walk Ask(Member from, HyperCommand command, Key256 target, Action<RpcAnswer> answered, Action<Instant> ended)
    {
        bool hasEnded = false;
        Walk? walk = null;
        void Step()
        {
            while (walk!.TryTake(out RpcAnswer? answer))
            {
                answered(answer);
            }

            if (walk.IsFinished && !hasEnded)
            {
                // Not under the node's lock: what follows may ask more.
                hasEnded = true;
                Instant endedAt = Network.Now;
                Network.Schedule(TimeSpan.Zero, () => ended(endedAt));
            }
        }

        WalkPlan plan = new(new Question((uint)command, IsInternal: false, target), target) { Keeps = true, Changed = Step };
        from.Run((core, now) => walk = core.Start(plan, now));
        return walk!;
    }

    /// <summary>Lets random members announce a topic each, begun at random moments of a time and kept up.</summary>
    internal List<Announcer> Publish(int topics, TimeSpan within, Func<Member, bool>? who = null)
    {
        List<Announcer> announcers = [];
        for (int i = 0; i < topics; i++)
        {
            Network.Schedule(within * Network.Chance.NextDouble(), () => announcers.Add(Publish(Pick(who ?? (_ => true)))));
        }

        Network.RunFor(within + TimeSpan.FromSeconds(5));
        return announcers;
    }

    internal Announcer Publish(Member member)
    {
        Announcer announcer = new(this, member, Key());
        announcer.Start();
        return announcer;
    }

    /// <summary>Looks for random ones of what is announced from random other members at random moments of a time, and waits for the ends.</summary>
    internal List<Probe> Seek(IReadOnlyList<Announcer> announced, int lookups, TimeSpan within, Func<Member, Member, bool>? who = null)
    {
        Announcer[] stored = [.. announced.Where(one => one.Rounds > 0)];
        return Probes(lookups, within, () =>
        {
            Announcer sought = stored[Network.Chance.Next(stored.Length)];
            return Probe.Start(this, Pick(member => member != sought.Member && (who?.Invoke(member, sought.Member) ?? true)), sought.Topic, sought.Member);
        });
    }

    /// <summary>Starts so many at random moments of a time, and waits until all have ended.</summary>
    internal List<Probe> Probes(int count, TimeSpan within, Func<Probe> start)
    {
        List<Probe> probes = [];
        for (int i = 0; i < count; i++)
        {
            Network.Schedule(within * Network.Chance.NextDouble(), () => probes.Add(start()));
        }

        Network.RunFor(within);
        for (int i = 0; i < 120 && !probes.TrueForAll(probe => probe.IsFinished || !probe.From.IsLiving); i++)
        {
            Network.RunFor(TimeSpan.FromSeconds(1));
        }

        return probes;
    }

    /// <summary>How much of the 20 living members truly nearest to the targets the lookups found, 0 to 1.</summary>
    internal double Overlap(IReadOnlyList<Probe> probes) => probes.Average(probe =>
    {
        Key256 target = probe.Walk.Lookup.Target;
        HashSet<Key256> closest = [.. Members.Where(member => member != probe.From).Select(member => member.Id).OrderBy(id => id ^ target).Take(Walk.Width)];
        return probe.Walk.Closest().Count(contact => closest.Contains(contact.Id)) / (double)closest.Count;
    });
}
