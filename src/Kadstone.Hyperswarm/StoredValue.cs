using Kadstone.Crypto;
using Kadstone.Kademlia;
using Kadstone.Storage;

namespace Kadstone.Hyperswarm;

/// <summary>A mutable value as the store has it: the signature, then the value. The sequence number is the record's.</summary>
internal static class StoredValue
{
    /// <summary>A target as the store's key.</summary>
    public static byte[] KeyOf(Key256 target)
    {
        byte[] key = new byte[Key256.ByteLength];
        target.Write(key);
        return key;
    }

    /// <summary>Reads the value of a MUTABLE_PUT and checks its signature.</summary>
    public static bool TryVerify(ReadOnlySpan<byte> request, out long sequence, out byte[] stored)
    {
        bool isValid = MutablePut.TryRead(request, out MutablePut put) && put.Item.IsSigned(put.PublicKey);
        sequence = isValid ? put.Item.Sequence : 0;
        stored = isValid ? [.. put.Item.Signature, .. put.Item.Value] : [];
        return isValid;
    }

    /// <summary>The value of a response to MUTABLE_GET.</summary>
    public static byte[] ToAnswer(StoredRecord stored)
    {
        ReadOnlySpan<byte> bytes = stored.Value.Span;
        MutableItem item = new(stored.Sequence, bytes[Ed25519.SignatureLength..], bytes[..Ed25519.SignatureLength]);
        CompactWriter writer = new(stackalloc byte[RpcReader.MaxDatagramLength]);
        item.Write(ref writer);
        return writer.Written.ToArray();
    }

    /// <summary>Whether the values are the same, be the signatures of one making or not.</summary>
    public static bool HasSameValue(StoredRecord stored, byte[] other) =>
        stored.Value.Span[Ed25519.SignatureLength..].SequenceEqual(other.AsSpan(Ed25519.SignatureLength));
}
