using Kadstone.Crypto;

namespace Kadstone.Hyperswarm;

/// <summary>Who is to be met under a topic: a public key, and nodes that relay handshakes to its owner. Also the answer of FIND_PEER.</summary>
/// <remarks>npm hyperdht 6, lib/messages.js, <c>peer</c>.</remarks>
internal readonly ref struct HyperPeer(ReadOnlySpan<byte> publicKey, RpcEndpoints relayAddresses) : ICompactValue<HyperPeer>
{
    /// <summary>3: the relay addresses that a storing node keeps.</summary>
    public const int MaxRelayAddresses = 3;

    /// <summary>33: a public key and no relay addresses.</summary>
    public const int MinLength = Ed25519.PublicKeyLength + 1;

    /// <summary>The Ed25519 public key: 32 bytes.</summary>
    public ReadOnlySpan<byte> PublicKey { get; } = publicKey;

    /// <summary>Nodes that relay; as many as the sender named.</summary>
    public RpcEndpoints RelayAddresses { get; } = relayAddresses;

    /// <inheritdoc/>
    public static bool TryRead(ReadOnlySpan<byte> bytes, out HyperPeer value)
    {
        CompactReader reader = new(bytes);
        return TryRead(ref reader, out value);
    }

    /// <inheritdoc/>
    public void Write(scoped ref CompactWriter writer)
    {
        writer.Fixed(PublicKey);
        writer.Endpoints(RelayAddresses);
    }

    /// <summary>Reads a peer in the midst of others.</summary>
    internal static bool TryRead(scoped ref CompactReader reader, out HyperPeer peer)
    {
        peer = default;
        if (!reader.TryReadFixed(Ed25519.PublicKeyLength, out ReadOnlySpan<byte> publicKey)
            || !reader.TryReadEndpoints(out RpcEndpoints relayAddresses))
        {
            return false;
        }

        peer = new HyperPeer(publicKey, relayAddresses);
        return true;
    }
}
