using Kadstone.Ipfs;
using Kadstone.Ipfs.Core;
using Kadstone.Ipfs.Wire;
using Kadstone.Kademlia;
using Kadstone.Libp2p;
using Kadstone.Simulation;

namespace Kadstone.Cli.Verbs.Product.Sim;

/// <summary>IPFS in virtual time: contents are provided and sought. Who is behind a NAT dials, and nobody dials it.</summary>
internal sealed class IpfsSwarm : SimSwarm
{
    private const ushort Port = 4_001;

    private static readonly TimeSpan s_shortestPause = TimeSpan.FromMinutes(9);
    private static readonly TimeSpan s_jitter = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan s_pauseAfterFailure = TimeSpan.FromSeconds(30);

    private readonly SimulatedStreams _streams;
    private readonly SimMembers<IpfsMember> _members;
    private readonly List<Content> _contents = [];

    internal IpfsSwarm(SimPlan plan)
        : base(plan)
    {
        _streams = new SimulatedStreams(Network);
        _members = new SimMembers<IpfsMember>(Network, member => member.Host);
    }

    internal override (long Sent, long Lost) Packets => (Network.StreamPackets, Network.StreamPacketsLost);

    protected override int Population => _members.Count;

    protected override void Join(HostOptions? host)
    {
        IpfsMember? router = _members.Router(member => member.Core.Contacts >= 8);
        PeerId id = NewId();
        IpfsMember member = new(Network, _streams, _streams.Listen(Network.AddHost(host), Port, id), id);
        if (router is not null)
        {
            member.Join(router.Info);
        }

        _members.Add(member);
    }

    protected override void Leave(Random chance) => _members.StopOne(chance).Leave();

    protected override void Announce()
    {
        if (_members.Pick(_ => true) is IpfsMember member)
        {
            byte[] multihash = [0x12, 0x20, .. new byte[32]];
            Network.Chance.NextBytes(multihash.AsSpan(2));
            Content content = new(multihash, member);
            _contents.Add(content);
            Provide(content);
        }
    }

    protected override SimLookup? Seek()
    {
        Content[] told = [.. _contents.Where(content => content.IsTold && content.By.IsLiving)];
        if (told.Length == 0)
        {
            return null;
        }

        Content content = told[Network.Chance.Next(told.Length)];
        if (_members.Pick(member => member != content.By) is not IpfsMember asker)
        {
            return null;
        }

        SimLookup lookup = new();
        Instant began = Network.Now;
        KadQuery query = asker.NewQuery(KadQueryKind.FindProviders, content.Multihash);

        // What a node has been told itself it need not seek.
        foreach (PeerInfo known in asker.Core.ProvidersOf(content.Multihash, Network.Now))
        {
            query.Offer(known);
        }

        asker.Start(
            query,
            happened => lookup.IsFound |= happened.Type == QueryEventType.Provider && happened.Responses[0].Id == content.By.Id && happened.Responses[0].Addresses.Count > 0,
            () => End(lookup, began, query.Asked, content.By.IsLiving));
        return lookup;
    }

    /// <summary>Tells the closest, and again before they forget.</summary>
    private void Provide(Content content)
    {
        if (!content.By.IsLiving)
        {
            return;
        }

        KadPeer self = new(content.By.Id, content.By.Info.Addresses);
        KadMessage message = new() { Type = KadMessageType.AddProvider, Key = content.Multihash, Providers = [self] };
        KadQuery query = content.By.NewQuery(KadQueryKind.Provide, content.Multihash, message);
        content.By.Run((core, now) => core.AddOwnProvider(content.Multihash, now));
        content.By.Start(query, _ => { }, () =>
        {
            content.IsTold |= query.Told > 0;
            Network.Schedule(query.Told > 0 ? s_shortestPause + (s_jitter * Network.Chance.NextDouble()) : s_pauseAfterFailure, () => Provide(content));
        });
    }

    /// <summary>The id of some Ed25519 key. Nobody signs here, so nobody need know the private one.</summary>
    private PeerId NewId()
    {
        byte[] bytes = [0x00, 0x24, 0x08, 0x01, 0x12, 0x20, .. new byte[32]];
        Network.Chance.NextBytes(bytes.AsSpan(6));
        return PeerId.TryRead(bytes, out PeerId? id) ? id : throw new InvalidOperationException("An id could not be made.");
    }

    private sealed record Content(byte[] Multihash, IpfsMember By)
    {
        internal bool IsTold { get; set; }
    }
}
