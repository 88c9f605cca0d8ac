using Kadstone.Datagrams;
using Kadstone.Ipfs.Core;
using Kadstone.Kademlia;
using Kadstone.Libp2p;

namespace Kadstone.Simulation.Tests.Ipfs;

/// <summary>A simulated network of kad-dht servers, each on a host and in a /24 of its own, as the real core runs them.</summary>
internal sealed class IpfsWorld(int seed)
{
    internal const ushort Port = 4_001;
    internal const string Protocol = "/ipfs/kad/1.0.0";

    /// <summary>Whether nodes defend keys against peers that were made to lie nearest to them.</summary>
    internal bool GuardsKeys { get; init; } = true;

    internal SimulatedNetwork Network { get; } = new(seed);

    internal SimulatedStreams Streams => _streams ??= new SimulatedStreams(Network);

    /// <summary>The living nodes; those of a scenario's adversaries are not among them.</summary>
    internal List<Member> Members { get; } = [];

    private SimulatedStreams? _streams;

    /// <summary>A network of so many servers, joined one after the other over two minutes, each through a random one of those before it.</summary>
    internal static IpfsWorld Grown(int seed, int nodes, Func<int, HostOptions?>? host = null, bool guardsKeys = true)
    {
        IpfsWorld world = new(seed) { GuardsKeys = guardsKeys };
        for (int i = 0; i < nodes; i++)
        {
            world.Join(host?.Invoke(i));
            world.Network.RunFor(TimeSpan.FromMinutes(2) / nodes);
        }

        world.Network.RunFor(TimeSpan.FromMinutes(3));
        return world;
    }

    /// <summary>Adds a host with a server that joins through a random living one, which has joined itself.</summary>
    internal Member Join(HostOptions? host = null)
    {
        PeerInfo[] bootstrap = Members.Count == 0 ? [] : [(Members.Count < 20 ? Members[0] : Pick(member => member.Core.Contacts >= 8)).Info];
        return Join(Network.AddHost(host), bootstrap);
    }

    internal Member Join(SimulatedHost host, IReadOnlyList<PeerInfo> bootstrap)
    {
        Member member = Start(host, NewId(), bootstrap);
        Members.Add(member);
        return member;
    }

    internal Member Start(SimulatedHost host, PeerId id, IReadOnlyList<PeerInfo> bootstrap, string protocol = Protocol)
    {
        Member member = new(this, Streams.Listen(host, Port, id), protocol);
        member.Join(bootstrap);
        return member;
    }

    internal void Leave(Member member)
    {
        Members.Remove(member);
        member.Leave();
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

    /// <summary>The id of some Ed25519 key. Nobody signs here, so nobody need know the private one.</summary>
    internal PeerId NewId()
    {
        byte[] bytes = [0x00, 0x24, 0x08, 0x01, 0x12, 0x20, .. new byte[32]];
        Network.Chance.NextBytes(bytes.AsSpan(6));
        return PeerId.TryRead(bytes, out PeerId? id) ? id : throw Network.Failure("An id could not be made.");
    }

    /// <summary>The multihash of some content.</summary>
    internal byte[] NewContent()
    {
        byte[] bytes = [0x12, 0x20, .. new byte[32]];
        Network.Chance.NextBytes(bytes.AsSpan(2));
        return bytes;
    }

    /// <summary>Lets random members provide something each, begun at random moments of a time and kept up.</summary>
    internal List<Announcer> Publish(int contents, TimeSpan within, Func<Member, bool>? who = null)
    {
        List<Announcer> announcers = [];
        for (int i = 0; i < contents; i++)
        {
            Network.Schedule(within * Network.Chance.NextDouble(), () => announcers.Add(Publish(Pick(who ?? (_ => true)))));
        }

        Network.RunFor(within + TimeSpan.FromSeconds(20));
        return announcers;
    }

    internal Announcer Publish(Member member, byte[]? content = null)
    {
        Announcer announcer = new(this, member, content ?? NewContent());
        announcer.Start();
        return announcer;
    }

    /// <summary>Looks for random ones of what is provided from random other members at random moments of a time, and waits for the ends.</summary>
    internal List<Probe> Seek(IReadOnlyList<Announcer> announced, int lookups, TimeSpan within, Func<Member, Member, bool>? who = null)
    {
        Announcer[] stored = [.. announced.Where(one => one.Rounds > 0)];
        return Probes(lookups, within, () =>
        {
            Announcer sought = stored[Network.Chance.Next(stored.Length)];
            return Probe.Start(this, Pick(member => member != sought.Member && (who?.Invoke(member, sought.Member) ?? true)), sought.Content, sought.Member);
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
    internal double Overlap(IReadOnlyList<Probe> probes)
    {
        (PeerId Id, Key256 Key)[] living = [.. Members.Select(member => (member.Id, member.Key))];
        return probes.Average(probe =>
        {
            HashSet<PeerId> closest = [.. living.Where(one => one.Id != probe.From.Id).OrderBy(one => one.Key ^ probe.Query.Key).Take(20).Select(one => one.Id)];
            return probe.Query.Closest.Count(contact => closest.Contains(contact.Id)) / (double)closest.Count;
        });
    }
}
