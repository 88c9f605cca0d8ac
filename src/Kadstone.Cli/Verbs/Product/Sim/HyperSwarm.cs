using Kadstone.Crypto;
using Kadstone.Datagrams;
using Kadstone.Hyperswarm;
using Kadstone.Hyperswarm.Core;
using Kadstone.Hyperswarm.Core.Records;
using Kadstone.Kademlia;
using Kadstone.Simulation;

namespace Kadstone.Cli.Verbs.Product.Sim;

/// <summary>Hyperswarm's wire of today in virtual time. Who is behind a NAT is ephemeral.</summary>
internal sealed class HyperSwarm : SimSwarm
{
    private const ushort Port = 49_737;
    private const ushort ClientPort = 49_738;

    private static readonly RpcSettings s_open = new() { IsPersistent = true };
    private static readonly RpcSettings s_behindNat = new() { IsAdaptive = true };

    private readonly SimMembers<Member> _members;
    private readonly List<Topic> _topics = [];

    internal HyperSwarm(SimPlan plan)
        : base(plan) =>
        _members = new SimMembers<Member>(Network, member => member.Node.Host);

    protected override int Population => _members.Count;

    protected override void Join(HostOptions? host)
    {
        Member? router = _members.Router(member => member.Node.Protocol.Table.Count >= 8);
        SimulatedHost place = Network.AddHost(host);
        Random chance = Network.CreateChance();
        UdpEndpoint[] sockets = host is null ? [place.Endpoint(Port)] : [place.Endpoint(Port), place.Endpoint(ClientPort)];
        RpcProtocol core = new(host is null ? s_open : s_behindNat, sockets, chance, Network.Now);
        core.Service = new HyperCommands(core, new HyperLimits(), chance);
        byte[] seed = new byte[Ed25519.SeedLength];
        chance.NextBytes(seed);
        SimulatedNode<RpcProtocol> node = place.Bind(core, sockets);
        node.Run((started, now) =>
        {
            if (router is not null)
            {
                started.AddBootstrap(router.Node.LocalEndpoint(), now);
            }

            started.Join(now);
        });
        _members.Add(new Member(node, new HyperKeyPair(seed)));
    }

    protected override void Leave(Random chance) => _members.StopOne(chance);

    protected override void Announce()
    {
        if (_members.Pick(_ => true) is Member member)
        {
            Topic topic = new(Keyspace.Random<Key256>(Network.Chance), member);
            _topics.Add(topic);
            HyperAnnouncing.Begin(Network, topic, Ask);
        }
    }

    protected override SimLookup? Seek()
    {
        Topic[] stored = [.. _topics.Where(topic => topic.IsStored && !topic.By.Node.IsClosed)];
        if (stored.Length == 0)
        {
            return null;
        }

        Topic topic = stored[Network.Chance.Next(stored.Length)];
        if (_members.Pick(member => member != topic.By) is not Member asker)
        {
            return null;
        }

        SimLookup lookup = new();
        Instant began = Network.Now;
        Walk? walk = null;
        walk = Ask(
            asker,
            topic.Key,
            answer => lookup.IsFound |= LookupReading.RecordsOf(answer).Any(record => record.PublicKey.Span.SequenceEqual(topic.By.Keys.PublicKey)),
            () => End(lookup, began, walk?.Lookup.Asked ?? 0, !topic.By.Node.IsClosed));
        return lookup;
    }

    private Walk Ask(Member from, Key256 target, Action<RpcAnswer> answered, Action ended)
    {
        bool hasEnded = false;
        Walk? walk = null;
        void Step()
        {
            while (walk is not null && walk.TryTake(out RpcAnswer? answer))
            {
                answered(answer);
            }

            if (walk is { IsFinished: true } && !hasEnded)
            {
                // Not under the node's lock: what follows may ask more.
                hasEnded = true;
                Network.Schedule(TimeSpan.Zero, ended);
            }
        }

        WalkPlan plan = new(new Question((uint)HyperCommand.Lookup, IsInternal: false, target), target) { Keeps = true, Changed = Step };
        from.Node.Run((core, now) => walk = core.Start(plan, now));
        return walk ?? throw new InvalidOperationException("A walk was not begun.");
    }

    internal delegate Walk Asking(Member from, Key256 target, Action<RpcAnswer> answered, Action ended);

    internal sealed record Member(SimulatedNode<RpcProtocol> Node, HyperKeyPair Keys);

    internal sealed record Topic(Key256 Key, Member By)
    {
        internal bool IsStored { get; set; }
    }
}
