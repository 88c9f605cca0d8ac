using Kadstone.Datagrams;
using Kadstone.Ipfs.Core;
using Kadstone.Ipfs.Wire;
using Kadstone.Kademlia;
using Kadstone.Libp2p;

namespace Kadstone.Simulation.Tests.Ipfs;

/// <summary>A cheap adversary: takes every request, stores nothing, names whom a scenario chooses, and meets whom it is told to.</summary>
internal sealed class Stranger
{
    private readonly IpfsWorld _world;
    private readonly Names _names;

    internal Stranger(IpfsWorld world, PeerId id, uint address, Names names, ushort port = IpfsWorld.Port)
    {
        _world = world;
        _names = names;
        Id = id;
        Peer = world.Streams.Listen(world.Network.AddHost(UdpEndpoint.FromIPv4(address, 0)), port, id);
        Named = new KadPeer(id, [Member.AddressOf(Peer)]);
        Peer.Serve(IpfsWorld.Protocol, Answer);
    }

    /// <summary>Chooses the peers of an answer.</summary>
    internal delegate IReadOnlyList<KadPeer> Names(Key256 target);

    internal PeerId Id { get; }

    internal StreamPeer Peer { get; }

    internal KadPeer Named { get; }

    /// <summary>Dials a node as a server of the same network, so that it comes to know us.</summary>
    internal void Meet(Member member)
    {
        KadMessage message = new() { Type = KadMessageType.FindNode, Key = Id.Bytes };
        _world.Streams.Ask(Peer, IpfsWorld.Protocol, member.Id, [member.Peer.Endpoint], message.Encode(), (_, _) => { });
    }

    internal void Leave()
    {
        Peer.Close();
        Peer.Host.Stop();
    }

    /// <summary>An id nearer to a key than a distance, which is free to seek for as long as it takes.</summary>
    internal static PeerId IdWithin(IpfsWorld world, Key256 key, Key256 distance)
    {
        byte[] bytes = [0x00, 0x24, 0x08, 0x01, 0x12, 0x20, .. new byte[32]];
        do
        {
            world.Network.Chance.NextBytes(bytes.AsSpan(6));
        }
        while ((PeerContact.KeyOf(bytes) ^ key) >= distance);

        return PeerId.TryRead(bytes, out PeerId? id) ? id : throw world.Network.Failure("An id could not be made.");
    }

    private ReadOnlyMemory<byte>? Answer(StreamPeer from, ReadOnlyMemory<byte> bytes) => KadMessage.TryRead(bytes.Span) switch
    {
        null => null,
        { Type: KadMessageType.AddProvider } => ReadOnlyMemory<byte>.Empty,
        KadMessage request => new KadMessage { Type = request.Type, Key = request.Type == KadMessageType.FindNode ? default : request.Key, Closer = _names(PeerContact.KeyOf(request.Key.Span)) }.Encode(),
    };
}
