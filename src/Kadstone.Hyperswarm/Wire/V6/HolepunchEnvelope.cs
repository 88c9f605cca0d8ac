using Kadstone.Datagrams;

namespace Kadstone.Hyperswarm;

/// <summary>The value of PEER_HOLEPUNCH: what a relay needs to pass the sealed payload on.</summary>
/// <remarks>npm hyperdht 6, lib/messages.js, <c>holepunch</c>.</remarks>
internal ref struct HolepunchEnvelope : ICompactValue<HolepunchEnvelope>
{
    private const int PeerAddressFlag = 1;

    /// <summary>Who sends it to whom.</summary>
    public RelayMode Mode { get; set; }

    /// <summary>The server's number for the connection, from the handshake.</summary>
    public long Id { get; set; }

    /// <summary>The payload, sealed: opaque here.</summary>
    public ReadOnlySpan<byte> Payload { get; set; }

    /// <summary>The other end, where the one who passes it on knows it; null if not.</summary>
    public UdpEndpoint? PeerAddress { get; set; }

    /// <inheritdoc/>
    public static bool TryRead(ReadOnlySpan<byte> bytes, out HolepunchEnvelope value)
    {
        value = default;
        CompactReader reader = new(bytes);
        if (!reader.TryReadUInt(out long flags)
            || !reader.TryReadSmallUInt(out uint mode)
            || !reader.TryReadUInt(out long id)
            || !reader.TryReadBuffer(out ReadOnlySpan<byte> payload)
            || !reader.TryReadOptionalEndpoint((flags & PeerAddressFlag) != 0, out UdpEndpoint? peerAddress))
        {
            return false;
        }

        value = new HolepunchEnvelope { Mode = (RelayMode)mode, Id = id, Payload = payload, PeerAddress = peerAddress };
        return true;
    }

    /// <inheritdoc/>
    public readonly void Write(scoped ref CompactWriter writer)
    {
        writer.UInt(PeerAddress is null ? 0 : PeerAddressFlag);
        writer.UInt((uint)Mode);
        writer.UInt(Id);
        writer.Buffer(Payload);
        writer.OptionalEndpoint(PeerAddress);
    }
}
