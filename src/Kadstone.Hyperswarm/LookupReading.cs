using System.Net;
using Kadstone.Datagrams;

namespace Kadstone.Hyperswarm;

/// <summary>Makes of an answer what a caller of a lookup sees: without ourselves, and no more than an honest node sends.</summary>
/// <param name="scope">Which addresses count.</param>
/// <param name="self">Our public key: what stands under it is ours.</param>
/// <param name="options">The local address tells whose local addresses are of use; it, and the port, are ours.</param>
internal sealed class LookupReading(AddressScope scope, byte[] self, AnnounceOptions options)
{
    /// <summary>Every peer of an answer to LOOKUP; empty when there are none or it cannot be read.</summary>
    internal static HyperRecord[] RecordsOf(RpcAnswer answer)
    {
        if (answer.Value is not ReadOnlyMemory<byte> value || !LookupAnswer.TryRead(value.Span, out LookupAnswer lookup))
        {
            return [];
        }

        List<HyperRecord> records = [];
        foreach (HyperPeer peer in lookup.Peers)
        {
            if (records.Count == LookupAnswer.MaxPeers)
            {
                break;
            }

            records.Add(RecordOf(peer));
        }

        return [.. records];
    }

    /// <summary>The peer of an answer to FIND_PEER, if it is the one that was asked for.</summary>
    internal static HyperRecord[] RecordOf(RpcAnswer answer, ReadOnlySpan<byte> publicKey) =>
        answer.Value is ReadOnlyMemory<byte> value && HyperPeer.TryRead(value.Span, out HyperPeer peer) && peer.PublicKey.SequenceEqual(publicKey) ? [RecordOf(peer)] : [];

    /// <summary>What the answer gives; null when that is nothing.</summary>
    internal PeersFound? Read(RpcAnswer answer, HyperRecord[] all)
    {
        HyperRecord[] records = [.. all.Where(record => !record.PublicKey.Span.SequenceEqual(self))];
        if (records.Length == 0)
        {
            return null;
        }

        List<IPEndPoint> peers = [];
        List<IPEndPoint> localPeers = [];
        foreach (UdpEndpoint address in records.SelectMany(record => record.RelayAddresses).Distinct())
        {
            if (IsOwn(address, answer.To))
            {
                continue;
            }

            if (IsNearby(address))
            {
                localPeers.Add(address.ToIPEndPoint());
            }
            else if (scope.Allows(address))
            {
                peers.Add(address.ToIPEndPoint());
            }
        }

        return new PeersFound(answer.From, peers, localPeers, records);
    }

    private static HyperRecord RecordOf(scoped HyperPeer peer)
    {
        RpcEndpoints named = peer.RelayAddresses.Take(HyperPeer.MaxRelayAddresses);
        UdpEndpoint[] relays = new UdpEndpoint[named.Count];
        for (int i = 0; i < relays.Length; i++)
        {
            relays[i] = named[i];
        }

        return new HyperRecord(peer.PublicKey.ToArray(), relays);
    }

    private bool IsOwn(UdpEndpoint address, UdpEndpoint seen) =>
        address == seen
        || (options.Port is int port && address == seen.WithPort((ushort)port))
        || (options.LocalAddress is IPEndPoint local && address == UdpEndpoint.From(local));

    // The promise of the first hyperdht: local addresses are for those who share the first two octets.
    private bool IsNearby(UdpEndpoint address) =>
        options.LocalAddress is IPEndPoint local && AddressScopes.IsLocal(address) && UdpEndpoint.From(local).AddressLow >> 16 == address.AddressLow >> 16;
}
