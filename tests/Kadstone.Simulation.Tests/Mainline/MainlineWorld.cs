using Kadstone.Datagrams;
using Kadstone.Kademlia;
using Kadstone.Mainline;
using Kadstone.Mainline.Core;
using Kadstone.Mainline.Core.Queries;

namespace Kadstone.Simulation.Tests.Mainline;

/// <summary>A key that a member announced, once or again and again.</summary>
internal sealed record Announced(Key160 Key, Member Announcer, Publication? Publication)
{
    /// <summary>Whether nodes have acknowledged it.</summary>
    internal bool IsStored => Publication is null or { LastStored: > 0 };
}

/// <summary>A simulated network of Mainline nodes, each on a host and in a /24 of its own, as the real core runs them.</summary>
internal sealed class MainlineWorld
{
    internal const ushort Port = 6881;

    /// <summary>How often keys are announced where many of their eight holders fall away: what 99 % needs by the arithmetic of docs/testing.md.</summary>
    internal static readonly TimeSpan ChurnInterval = TimeSpan.FromMinutes(5);

    internal static readonly CoreSettings Serving = new() { Serving = ServingMode.Always };

    internal MainlineWorld(int seed, LinkOptions? links = null) => Network = new SimulatedNetwork(seed, links);

    internal SimulatedNetwork Network { get; }

    /// <summary>The living nodes; those of a scenario's adversaries are not among them.</summary>
    internal List<Member> Members { get; } = [];

    /// <summary>A network of so many nodes, joined one after the other over two minutes, each through a random one of those before it.</summary>
    internal static MainlineWorld Grown(int seed, int nodes, Func<int, HostOptions?>? host = null)
    {
        MainlineWorld world = new(seed);
        for (int i = 0; i < nodes; i++)
        {
            world.Join(host?.Invoke(i));
            world.Network.RunFor(TimeSpan.FromMinutes(2) / nodes);
        }

        world.Network.RunFor(TimeSpan.FromMinutes(3));
        return world;
    }

    /// <summary>Adds a host with a node that joins through a random living one, which has joined itself.</summary>
    internal Member Join(HostOptions? host = null, CoreSettings? settings = null)
    {
        UdpEndpoint[] routers = Members.Count == 0 ? [] : [(Members.Count < 20 ? Members[0] : Pick(member => member.Core.ContactCount >= 8)).Endpoint];
        Member member = Start(Network.AddHost(host), routers, settings: settings);
        Members.Add(member);
        return member;
    }

    /// <summary>Starts a node on a host.</summary>
    internal Member Start(
        SimulatedHost host,
        IEnumerable<UdpEndpoint> routers,
        IEnumerable<NodeContact>? saved = null,
        Key160? id = null,
        CoreSettings? settings = null,
        ushort port = Port)
    {
        Random chance = Network.CreateChance();
        MainlineProtocol core = new(settings ?? Serving, [host.Endpoint(port)], [id ?? Key()], chance, Network.Now);
        Member member = new(core, Network.Now);
        member.Node = host.Bind(member, port);
        member.Run((started, now) =>
        {
            foreach (UdpEndpoint router in routers)
            {
                started.AddRouter(router, now);
            }

            started.AddSaved(saved ?? []);
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

    internal Key160 Key()
    {
        Span<byte> bytes = stackalloc byte[Key160.ByteLength];
        Network.Chance.NextBytes(bytes);
        return Key160.Read(bytes);
    }

    /// <summary>Announces keys, one each, from random members at random moments of a time, and waits for the ends.</summary>
    internal List<Announced> Announce(int keys, TimeSpan within, Func<Member, bool>? who = null)
    {
        List<Announced> announced = [];
        Probes(keys, within, () =>
        {
            Member announcer = Pick(who ?? (_ => true));
            Key160 key = Key();
            announced.Add(new Announced(key, announcer, null));
            return Probe.Start(this, announcer, key, null, new Announcement(0, IsSeed: false));
        });
        return announced;
    }

    /// <summary>Lets random members publish keys, one each: announced at random moments of a time, and again each 15 minutes, the default, or another interval.</summary>
    internal List<Announced> Publish(int keys, TimeSpan within, TimeSpan? interval = null)
    {
        List<Announced> published = [];
        for (int i = 0; i < keys; i++)
        {
            Network.Schedule(within * Network.Chance.NextDouble(), () =>
            {
                Key160 key = Key();
                Member announcer = Pick();
                published.Add(new Announced(key, announcer, Publish(announcer, key, interval ?? Serving.AnnounceInterval)));
            });
        }

        Network.RunFor(within + TimeSpan.FromSeconds(5));
        return published;
    }

    internal static Publication Publish(Member announcer, Key160 key, TimeSpan interval)
    {
        Publication publication = new(key, interval, () => new GetPeersQuery(key, new Announcement(0, IsSeed: false)));
        announcer.Run((core, now) => core.Publish(publication, now));
        return publication;
    }

    /// <summary>Looks for random ones of announced keys from random other members at random moments of a time, and waits for the ends.</summary>
    internal List<Probe> Seek(
        IReadOnlyList<Announced> announced,
        int lookups,
        TimeSpan within,
        Func<Member, Member, bool>? who = null)
    {
        Announced[] stored = [.. announced.Where(one => one.IsStored)];
        return Probes(lookups, within, () =>
        {
            (Key160 key, Member announcer, _) = stored[Network.Chance.Next(stored.Length)];
            return Probe.Start(this, Pick(member => member != announcer && (who?.Invoke(member, announcer) ?? true)), key, announcer);
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

    /// <summary>The ids of the 8 living members nearest to a key.</summary>
    internal HashSet<Key160> TrueClosest(Key160 key) =>
        [.. Members.Select(member => member.Id).OrderBy(id => id ^ key).Take(8)];

    /// <summary>How much of the true 8 closest the lookups found, 0 to 1.</summary>
    internal double Overlap(IReadOnlyList<Probe> probes) =>
        probes.Average(probe => probe.Closest().Count(contact => TrueClosest(probe.Query.Target).Contains(contact.Id)) / 8.0);

    internal SimulationFailedException Failure(string what) => Network.Failure(what);
}
