using Kadstone.Datagrams;
using Kadstone.Kademlia;
using Kadstone.Mainline;
using Kadstone.Mainline.Core;
using Kadstone.Mainline.Core.Queries;
using Kadstone.Simulation;

namespace Kadstone.Cli.Verbs.Product.Sim;

/// <summary>Mainline in virtual time. Who is behind a NAT asks and does not serve.</summary>
internal sealed class MainlineSwarm : SimSwarm
{
    private const ushort Port = 6881;

    private static readonly CoreSettings s_open = new() { Serving = ServingMode.Always };
    private static readonly CoreSettings s_behindNat = new() { Serving = ServingMode.Adaptive };

    private readonly SimMembers<SimulatedNode<MainlineProtocol>> _members;
    private readonly List<(Key160 Key, SimulatedNode<MainlineProtocol> By, Publication Publication)> _topics = [];

    internal MainlineSwarm(SimPlan plan)
        : base(plan) =>
        _members = new SimMembers<SimulatedNode<MainlineProtocol>>(Network, member => member.Host);

    protected override int Population => _members.Count;

    protected override void Join(HostOptions? host)
    {
        SimulatedNode<MainlineProtocol>? router = _members.Router(member => member.Protocol.ContactCount >= 8);
        SimulatedHost place = Network.AddHost(host);
        MainlineProtocol core = new(host is null ? s_open : s_behindNat, [place.Endpoint(Port)], [Keyspace.Random<Key160>(Network.Chance)], Network.CreateChance(), Network.Now);
        SimulatedNode<MainlineProtocol> member = place.Bind(core, Port);
        member.Run((started, now) =>
        {
            if (router is not null)
            {
                started.AddRouter(router.LocalEndpoint(), now);
            }

            started.Join(now);
        });
        _members.Add(member);
    }

    protected override void Leave(Random chance) => _members.StopOne(chance);

    protected override void Announce()
    {
        if (_members.Pick(_ => true) is not { } member)
        {
            return;
        }

        Key160 key = Keyspace.Random<Key160>(Network.Chance);
        Publication publication = new(key, s_open.AnnounceInterval, () => new GetPeersQuery(key, new Announcement(0, IsSeed: false)));
        member.Run((core, now) => core.Publish(publication, now));
        _topics.Add((key, member, publication));
    }

    protected override SimLookup? Seek()
    {
        (Key160 Key, SimulatedNode<MainlineProtocol> By, Publication Publication)[] stored = [.. _topics.Where(topic => topic.Publication.LastStored > 0 && !topic.By.IsClosed)];
        if (stored.Length == 0)
        {
            return null;
        }

        (Key160 key, SimulatedNode<MainlineProtocol> by, _) = stored[Network.Chance.Next(stored.Length)];
        if (_members.Pick(member => member != by) is not { } asker)
        {
            return null;
        }

        SimLookup lookup = new();
        Instant began = Network.Now;
        GetPeersQuery query = new(key, null);
        query.Changed = () =>
        {
            while (query.TryTake(out UdpEndpoint peer))
            {
                lookup.IsFound |= SimMembers<SimulatedNode<MainlineProtocol>>.IsAt(peer, by.Host);
            }

            if (query.IsFinished && lookup.Seconds is null)
            {
                End(lookup, began, query.Walks[0].Lookup.Asked, !by.IsClosed);
            }
        };
        asker.Run((core, now) => core.Start(query, now));
        return lookup;
    }
}
