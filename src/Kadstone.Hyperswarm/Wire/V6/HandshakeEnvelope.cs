using Kadstone.Datagrams;

namespace Kadstone.Hyperswarm;

/// <summary>The value of PEER_HANDSHAKE: what a relay needs to pass the Noise message on, without a key to it.</summary>
/// <remarks>npm hyperdht 6, lib/messages.js, <c>handshake</c>.</remarks>
internal ref struct HandshakeEnvelope : ICompactValue<HandshakeEnvelope>
{
    private const int PeerAddressFlag = 1;
    private const int RelayAddressFlag = 2;

    /// <summary>Who sends it to whom.</summary>
    public RelayMode Mode { get; set; }

    /// <summary>The Noise message: opaque here.</summary>
    public ReadOnlySpan<byte> Noise { get; set; }

    /// <summary>The other end, where the one who passes it on knows it; null if not.</summary>
    public UdpEndpoint? PeerAddress { get; set; }

    /// <summary>The other relay; null if there is none.</summary>
    public UdpEndpoint? RelayAddress { get; set; }

    /// <inheritdoc/>
    public static bool TryRead(ReadOnlySpan<byte> bytes, out HandshakeEnvelope value)
    {
        value = default;
        CompactReader reader = new(bytes);
        if (!reader.TryReadUInt(out long flags)
            || !reader.TryReadSmallUInt(out uint mode)
            || !reader.TryReadBuffer(out ReadOnlySpan<byte> noise)
            || !reader.TryReadOptionalEndpoint((flags & PeerAddressFlag) != 0, out UdpEndpoint? peerAddress)
            || !reader.TryReadOptionalEndpoint((flags & RelayAddressFlag) != 0, out UdpEndpoint? relayAddress))
        {
            return false;
        }

        value = new HandshakeEnvelope { Mode = (RelayMode)mode, Noise = noise, PeerAddress = peerAddress, RelayAddress = relayAddress };
        return true;
    }

    /// <inheritdoc/>
    public readonly void Write(scoped ref CompactWriter writer)
    {
        writer.UInt((PeerAddress is null ? 0 : PeerAddressFlag) | (RelayAddress is null ? 0 : RelayAddressFlag));
        writer.UInt((uint)Mode);
        writer.Buffer(Noise);
        writer.OptionalEndpoint(PeerAddress);
        writer.OptionalEndpoint(RelayAddress);
    }
}
