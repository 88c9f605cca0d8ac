using Kadstone.Crypto;

namespace Kadstone.Hyperswarm;

/// <summary>The value of MUTABLE_PUT: an item after its public key, whose hash is the target.</summary>
/// <remarks>npm hyperdht 6, lib/messages.js, <c>mutablePutRequest</c>.</remarks>
internal readonly ref struct MutablePut(ReadOnlySpan<byte> publicKey, MutableItem item) : ICompactValue<MutablePut>
{
    /// <summary>The Ed25519 public key: 32 bytes.</summary>
    public ReadOnlySpan<byte> PublicKey { get; } = publicKey;

    /// <summary>The signed value.</summary>
    public MutableItem Item { get; } = item;

    /// <inheritdoc/>
    public static bool TryRead(ReadOnlySpan<byte> bytes, out MutablePut value)
    {
        value = default;
        CompactReader reader = new(bytes);
        if (!reader.TryReadFixed(Ed25519.PublicKeyLength, out ReadOnlySpan<byte> publicKey) || !MutableItem.TryRead(ref reader, out MutableItem item))
        {
            return false;
        }

        value = new MutablePut(publicKey, item);
        return true;
    }

    /// <inheritdoc/>
    public void Write(scoped ref CompactWriter writer)
    {
        writer.Fixed(PublicKey);
        Item.Write(ref writer);
    }
}
