using Kadstone.Datagrams;
using Kadstone.Hyperswarm;
using Kadstone.Hyperswarm.Core.Gen1;
using Kadstone.Kademlia;
using Kadstone.Simulation;

namespace Kadstone.Cli.Verbs.Product.Sim;

/// <summary>The wire of Hyperswarm's first generation in virtual time.</summary>
internal sealed class Gen1Swarm : SimSwarm
{
    private const ushort Port = 49_737;
    private static readonly TimeSpan s_pause = TimeSpan.FromMinutes(5);

    private readonly SimMembers<SimulatedNode<Gen1Protocol>> _members;
    private readonly List<Topic> _topics = [];

    internal Gen1Swarm(SimPlan plan)
        : base(plan) =>
        _members = new SimMembers<SimulatedNode<Gen1Protocol>>(Network, member => member.Host);

    protected override int Population => _members.Count;

    protected override void Join(HostOptions? host)
    {
        SimulatedNode<Gen1Protocol>? router = _members.Router(member => member.Protocol.HasJoined);
        SimulatedHost place = Network.AddHost(host);
        Gen1Protocol core = new(new Gen1Settings { ServesPeers = true }, place.Endpoint(Port), Network.CreateChance(), Network.Now);
        SimulatedNode<Gen1Protocol> member = place.Bind(core, Port);
        member.Run((started, now) =>
        {
            if (router is not null)
            {
                started.AddBootstrap(router.LocalEndpoint(), now);
            }

            started.Join(now);
        });
        _members.Add(member);
    }

    protected override void Leave(Random chance) => _members.StopOne(chance);

    protected override void Announce()
    {
        if (_members.Pick(_ => true) is { } member)
        {
            Topic topic = new(Keyspace.Random<Key256>(Network.Chance), member);
            _topics.Add(topic);
            Announce(topic);
        }
    }

    protected override SimLookup? Seek()
    {
        Topic[] stored = [.. _topics.Where(topic => topic.IsStored && !topic.By.IsClosed)];
        if (stored.Length == 0)
        {
            return null;
        }

        Topic topic = stored[Network.Chance.Next(stored.Length)];
        if (_members.Pick(member => member != topic.By) is not { } asker)
        {
            return null;
        }

        SimLookup lookup = new();
        Instant began = Network.Now;
        Ask(asker, topic.Key, Gen1PeersType.Lookup, walk =>
        {
            while (walk.TryTake(out RpcAnswer? answer))
            {
                lookup.IsFound |= answer.Value is ReadOnlyMemory<byte> value
                    && Gen1Protocol.ReadPeers(answer.From, value.Span, null, out PeersFound? peers)
                    && peers.Peers.Any(peer => SimMembers<SimulatedNode<Gen1Protocol>>.IsAt(UdpEndpoint.From(peer), topic.By.Host));
            }

            if (walk.IsFinished && lookup.Seconds is null)
            {
                End(lookup, began, walk.Asked, !topic.By.IsClosed);
            }
        });
        return lookup;
    }

    private void Announce(Topic topic)
    {
        if (topic.By.IsClosed)
        {
            return;
        }

        Ask(topic.By, topic.Key, Gen1PeersType.Announce, walk => topic.IsStored |= walk is { IsFinished: true, Stored: > 0 });
        Network.Schedule(s_pause, () => Announce(topic));
    }

    private static void Ask(SimulatedNode<Gen1Protocol> node, Key256 topic, Gen1PeersType type, Action<Gen1Walk> changed)
    {
        bool isAnnounce = type == Gen1PeersType.Announce;
        byte[] buffer = new byte[Gen1PeersRequest.MaxLength];
        byte[] value = buffer[..new Gen1PeersRequest(type, 0, null).Write(buffer)];
        Gen1Walk? walk = null;
        Gen1WalkOptions options = new()
        {
            Keeps = !isAnnounce,
            Commits = isAnnounce,
            Changed = () =>
            {
                if (walk is not null)
                {
                    changed(walk);
                }
            },
        };
        node.Run((protocol, now) => walk = protocol.Start(Gen1Question.Of("peers", topic, value), topic, options, now));
    }

    private sealed record Topic(Key256 Key, SimulatedNode<Gen1Protocol> By)
    {
        internal bool IsStored { get; set; }
    }
}
