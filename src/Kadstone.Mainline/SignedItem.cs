using Kadstone.Kademlia;
using Kadstone.Mainline.Core;

namespace Kadstone.Mainline;

/// <summary>A mutable item with its signature: whoever has it can store it and keep it alive without the private key.</summary>
/// <param name="PublicKey">32 bytes.</param>
/// <param name="Salt">At most 64 bytes; may be empty.</param>
/// <param name="Sequence">The version, not negative.</param>
/// <param name="Value">The value.</param>
/// <param name="Signature">64 bytes.</param>
/// <remarks>BEP 44.</remarks>
public sealed record SignedItem(
    ReadOnlyMemory<byte> PublicKey,
    ReadOnlyMemory<byte> Salt,
    long Sequence,
    ItemValue Value,
    ReadOnlyMemory<byte> Signature)
{
    /// <summary>Where the item is stored.</summary>
    public Key160 Target => ItemTarget.Mutable(PublicKey.Span, Salt.Span);

    internal Item ToItem()
    {
        Item item = new() { Value = Value.Bencoded, PublicKey = PublicKey, Salt = Salt, Signature = Signature, Sequence = Sequence };
        return Salt.Length <= ItemSignature.MaxSaltLength && Sequence >= 0 && item.HasValidSignature()
            ? item
            : throw new ArgumentException("The signature does not fit the item: key, salt, version or value differ from what was signed.");
    }
}
