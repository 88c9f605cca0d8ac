using Kadstone.Datagrams;

namespace Kadstone.Hyperswarm;

/// <summary>The value of a response of the command <c>peers</c>. A responder that knows no peer gives no value at all.</summary>
/// <remarks>hyperdht 1.3.0, schema.proto and <c>_processPeers</c>.</remarks>
internal readonly ref struct Gen1PeersResponse
{
    /// <summary>6: an IPv4 address and a port.</summary>
    public const int PeerLength = 6;

    /// <summary>4: the last two bytes of an address in the requester's own network, and a port.</summary>
    public const int LocalPeerLength = 4;

    /// <summary>A responder adds no entry once both lists together have this many bytes.</summary>
    public const int FullLength = 900;

    private readonly ReadOnlySpan<byte> _peers;
    private readonly ReadOnlySpan<byte> _localPeers;

    private Gen1PeersResponse(bool hasPeers, ReadOnlySpan<byte> peers, ReadOnlySpan<byte> localPeers)
    {
        HasPeers = hasPeers;
        _peers = peers;
        _localPeers = localPeers;
    }

    /// <summary>Whether the list of peers is there, if only an empty one: hyperdht takes an answer without it for none.</summary>
    public bool HasPeers { get; }

    /// <summary>The peers.</summary>
    public Gen1Peers Peers => new(_peers);

    /// <summary>The peers in the requester's own network: those whose address begins with the same two bytes as ours.</summary>
    /// <param name="ours">The local address that we sent in the request.</param>
    public Gen1Peers LocalPeers(UdpEndpoint ours) => new(_localPeers, ours);

    /// <summary>Reads the value of a response. An incomplete last entry is cut.</summary>
    /// <returns>False when it is to be dropped and counted under <paramref name="why"/>.</returns>
    public static bool TryRead(ReadOnlySpan<byte> value, out Gen1PeersResponse response, out Gen1Malformed why)
    {
        Gen1FieldReader fields = new(value);
        bool hasPeers = false;
        ReadOnlySpan<byte> peers = default;
        ReadOnlySpan<byte> localPeers = default;
        while (fields.TryNext())
        {
            switch (fields.Number)
            {
                case Gen1Field.PeersPeers:
                    hasPeers = fields.TryReadBytes(out peers);
                    break;
                case Gen1Field.PeersLocalPeers:
                    fields.TryReadBytes(out localPeers);
                    break;
                default:
                    fields.TrySkip();
                    break;
            }
        }

        why = fields.Why;
        response = why == Gen1Malformed.None ? new Gen1PeersResponse(hasPeers, peers, localPeers) : default;
        return why == Gen1Malformed.None;
    }

    /// <summary>Writes the value.</summary>
    /// <param name="destination">Where to.</param>
    /// <param name="peers">Entries of 6 bytes, one after the other.</param>
    /// <param name="localPeers">Entries of 4 bytes; none leaves the field out.</param>
    /// <returns>The length; 0 when it does not fit.</returns>
    public static int Write(Span<byte> destination, ReadOnlySpan<byte> peers, ReadOnlySpan<byte> localPeers)
    {
        Gen1FieldWriter fields = new(destination);
        fields.Bytes(Gen1Field.PeersPeers, peers);
        if (!localPeers.IsEmpty)
        {
            fields.Bytes(Gen1Field.PeersLocalPeers, localPeers);
        }

        return fields.Length;
    }
}
