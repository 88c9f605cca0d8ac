using System.Diagnostics.CodeAnalysis;
using System.Net;
using Kadstone.Datagrams;
using Kadstone.Kademlia;

namespace Kadstone.Hyperswarm.Core.Gen1;

/// <summary>hyperdht 1: the command <c>peers</c>.</summary>
internal sealed partial class Gen1Protocol
{
    // An id, a token, the heads of nodes, value and both lists, and the header.
    private const int PeersOverhead = Gen1Reader.HeaderLength + (2 * KeyFieldLength) + (4 * LongestFieldHead);

    /// <summary>Told what others ask; under the driver's lock, so it may only take note.</summary>
    internal Action<HyperTraffic>? Heard { get; set; }

    /// <summary>What our own store knows of a key: it is asked like any other node's.</summary>
    /// <returns>Null when it knows nobody that is not the asker.</returns>
    internal PeersFound? FindOwn(Key256 target, ushort port, UdpEndpoint? localAddress, Instant now)
    {
        Span<byte> peers = stackalloc byte[Gen1PeersResponse.FullLength];
        Span<byte> localPeers = stackalloc byte[Gen1PeersResponse.FullLength];
        UdpEndpoint self = port == 0 ? Own : Own.WithPort(port);
        (int count, int localCount) = Peers.Copy(target, self, localAddress, now, peers, localPeers, Gen1PeersResponse.FullLength);
        if (count + localCount == 0)
        {
            return null;
        }

        Span<byte> value = stackalloc byte[Gen1PeersResponse.FullLength + (2 * LongestFieldHead)];
        int length = Gen1PeersResponse.Write(value, peers[..count], localPeers[..localCount]);
        return ReadPeers(Own, value[..length], localAddress, out PeersFound? found) ? found : null;
    }

    /// <summary>Reads what a node answered.</summary>
    /// <returns>False when it knows nobody, or cannot be read.</returns>
    internal static bool ReadPeers(UdpEndpoint node, ReadOnlySpan<byte> value, UdpEndpoint? localAddress, [NotNullWhen(true)] out PeersFound? found)
    {
        found = null;
        if (!Gen1PeersResponse.TryRead(value, out Gen1PeersResponse response, out _) || !response.HasPeers)
        {
            return false;
        }

        List<IPEndPoint> peers = [];
        foreach (UdpEndpoint peer in response.Peers)
        {
            peers.Add(peer.ToIPEndPoint());
        }

        List<IPEndPoint> localPeers = [];
        if (localAddress is UdpEndpoint ours)
        {
            foreach (UdpEndpoint peer in response.LocalPeers(ours))
            {
                // Nodes of the original name us to ourselves.
                if (peer != ours)
                {
                    localPeers.Add(peer.ToIPEndPoint());
                }
            }
        }

        found = new PeersFound(node, peers, localPeers, []);
        return true;
    }

    private void AnswerPeers(in Gen1Message request, in Reply reply, bool isTrusted, Instant now)
    {
        Key256 target = request.Target;
        if (!Gen1PeersRequest.TryRead(request.Value, out Gen1PeersRequest asked, out Gen1Malformed why))
        {
            Counters.CountMalformed(why);
            Answer(reply, target, hasValue: false, default, givesToken: true, now);
            return;
        }

        UdpEndpoint self = asked.Port == 0 ? reply.To : reply.To.WithPort(asked.Port);
        if (isTrusted && asked.Type == Gen1PeersType.Announce)
        {
            Peers.Put(target, self, asked.LocalAddress, now);
            Heard?.Invoke(new HyperTraffic(HyperTrafficKind.Announce, target, reply.To, asked.Port));
        }
        else if (isTrusted && asked.Type == Gen1PeersType.Unannounce)
        {
            Peers.Remove(target, self);
            Heard?.Invoke(new HyperTraffic(HyperTrafficKind.Unannounce, target, reply.To, asked.Port));
            Answer(reply, target, hasValue: false, default, givesToken: true, now);
            return;
        }
        else if (asked.Type == Gen1PeersType.Lookup)
        {
            Heard?.Invoke(new HyperTraffic(HyperTrafficKind.Lookup, target, reply.To, asked.Port));
        }

        int most = Math.Clamp(reply.Most - PeersOverhead, 0, Gen1PeersResponse.FullLength);
        Span<byte> peers = stackalloc byte[Gen1PeersResponse.FullLength];
        Span<byte> localPeers = stackalloc byte[Gen1PeersResponse.FullLength];
        (int count, int localCount) = Peers.Copy(target, self, asked.LocalAddress, now, peers, localPeers, most);
        Span<byte> value = stackalloc byte[Gen1PeersResponse.FullLength + (2 * LongestFieldHead)];
        int length = count + localCount == 0 ? 0 : Gen1PeersResponse.Write(value, peers[..count], localPeers[..localCount]);
        Answer(reply, target, length > 0, value[..length], givesToken: true, now);
    }
}
