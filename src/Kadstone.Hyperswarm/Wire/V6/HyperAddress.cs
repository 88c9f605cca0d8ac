using Kadstone.Crypto;

namespace Kadstone.Hyperswarm;

/// <summary>Where a server is found: its public key, and perhaps nodes that relay to it.</summary>
/// <remarks>npm hyperdht-address: fixed32, flags (1: nodes), array of ipv4Address.</remarks>
internal readonly ref struct HyperAddress(ReadOnlySpan<byte> publicKey, RpcEndpoints nodes) : ICompactValue<HyperAddress>
{
    private const int NodesFlag = 1;

    /// <summary>The Ed25519 public key: 32 bytes.</summary>
    public ReadOnlySpan<byte> PublicKey { get; } = publicKey;

    /// <summary>Nodes that relay.</summary>
    public RpcEndpoints Nodes { get; } = nodes;

    /// <inheritdoc/>
    public static bool TryRead(ReadOnlySpan<byte> bytes, out HyperAddress value)
    {
        value = default;
        CompactReader reader = new(bytes);
        RpcEndpoints nodes = default;
        if (!reader.TryReadFixed(Ed25519.PublicKeyLength, out ReadOnlySpan<byte> publicKey)
            || !reader.TryReadUInt(out long flags)
            || ((flags & NodesFlag) != 0 && !reader.TryReadEndpoints(out nodes)))
        {
            return false;
        }

        value = new HyperAddress(publicKey, nodes);
        return true;
    }

    /// <inheritdoc/>
    public void Write(scoped ref CompactWriter writer)
    {
        writer.Fixed(PublicKey);
        writer.UInt(Nodes.Count > 0 ? NodesFlag : 0);
        if (Nodes.Count > 0)
        {
            writer.Endpoints(Nodes);
        }
    }
}
