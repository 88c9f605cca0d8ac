using Kadstone.Mainline.Core;

namespace Kadstone.Mainline;

/// <summary>How an item lies in the store: of a mutable one the key, the signature and the salt before the value.</summary>
/// <remarks>The sequence number is the record's own, because the store compares it.</remarks>
internal static class StoredItem
{
    private const int KeyLength = 32;
    private const int SignatureLength = 64;

    internal static byte[] Encode(Item item)
    {
        if (!item.IsMutable)
        {
            return item.Value.ToArray();
        }

        byte[] bytes = new byte[KeyLength + SignatureLength + 1 + item.Salt.Length + item.Value.Length];
        item.PublicKey.CopyTo(bytes);
        item.Signature.CopyTo(bytes.AsMemory(KeyLength));
        bytes[KeyLength + SignatureLength] = (byte)item.Salt.Length;
        item.Salt.CopyTo(bytes.AsMemory(KeyLength + SignatureLength + 1));
        item.Value.CopyTo(bytes.AsMemory(KeyLength + SignatureLength + 1 + item.Salt.Length));
        return bytes;
    }

    /// <summary>Null when the bytes are none of ours: a damaged store must not become an answer.</summary>
    internal static Item? DecodeMutable(ReadOnlyMemory<byte> bytes, long sequence)
    {
        const int fixedLength = KeyLength + SignatureLength + 1;
        if (bytes.Length <= fixedLength || bytes.Length < fixedLength + bytes.Span[fixedLength - 1])
        {
            return null;
        }

        int saltLength = bytes.Span[fixedLength - 1];
        return new Item
        {
            PublicKey = bytes[..KeyLength],
            Signature = bytes.Slice(KeyLength, SignatureLength),
            Salt = bytes.Slice(fixedLength, saltLength),
            Value = bytes[(fixedLength + saltLength)..],
            Sequence = sequence,
        };
    }
}
