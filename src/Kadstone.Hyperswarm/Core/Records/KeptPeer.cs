using System.Runtime.CompilerServices;
using Kadstone.Kademlia;

namespace Kadstone.Hyperswarm.Core.Records;

/// <summary>A peer as a storing node keeps it: the public key, and at most three relay addresses.</summary>
internal struct KeptPeer
{
    private Key256 _publicKey;
    private Relays _relays;
    private byte _count;

    public KeptPeer(scoped HyperPeer peer)
    {
        _publicKey = Key256.Read(peer.PublicKey);
        ReadOnlySpan<byte> packed = peer.RelayAddresses.Take(HyperPeer.MaxRelayAddresses).Packed;
        packed.CopyTo(_relays);
        _count = (byte)(packed.Length / CompactReader.EndpointLength);
    }

    public readonly Key256 PublicKey => _publicKey;

    /// <summary>The bytes of its encoding.</summary>
    public readonly int Length => HyperPeer.MinLength + (_count * CompactReader.EndpointLength);

    public readonly bool HasSameRelays(in KeptPeer other) => _count == other._count && ((ReadOnlySpan<byte>)_relays).SequenceEqual(other._relays);

    public readonly void Write(scoped ref CompactWriter writer)
    {
        writer.Key(_publicKey);
        writer.Endpoints(RpcEndpoints.FromPacked(((ReadOnlySpan<byte>)_relays)[..(_count * CompactReader.EndpointLength)]));
    }

    [InlineArray(HyperPeer.MaxRelayAddresses * CompactReader.EndpointLength)]
    private struct Relays
    {
        private byte _first;
    }
}
