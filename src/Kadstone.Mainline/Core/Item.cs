using Kadstone.Kademlia;

namespace Kadstone.Mainline.Core;

/// <summary>An item of BEP 44: a bencoded value, and for a mutable one the key, salt, sequence number and signature that belong to it.</summary>
internal sealed record Item
{
    /// <summary>The value, bencoded, byte for byte as it was signed or hashed.</summary>
    internal required ReadOnlyMemory<byte> Value { get; init; }

    /// <summary>32 bytes for a mutable item, empty for an immutable one.</summary>
    internal ReadOnlyMemory<byte> PublicKey { get; init; }

    internal ReadOnlyMemory<byte> Salt { get; init; }

    internal ReadOnlyMemory<byte> Signature { get; init; }

    internal long Sequence { get; init; }

    internal bool IsMutable => !PublicKey.IsEmpty;

    internal Key160 Target => IsMutable
        ? ItemTarget.Mutable(PublicKey.Span, Salt.Span)
        : ItemTarget.Immutable(Value.Span);

    /// <summary>Copies the item out of an answer or a put; null when it has a key but not all that belongs to it.</summary>
    internal static Item? FromAnswer(in KrpcMessage message, ReadOnlyMemory<byte> salt)
    {
        if (message.PublicKey.IsEmpty)
        {
            return new Item { Value = message.Value.ToArray() };
        }

        return !message.HasSequence || message.Signature.IsEmpty
            ? null
            : new Item
            {
                Value = message.Value.ToArray(),
                PublicKey = message.PublicKey.ToArray(),
                Salt = salt,
                Signature = message.Signature.ToArray(),
                Sequence = message.Sequence,
            };
    }

    /// <summary>Whether hash and signature fit the target.</summary>
    internal bool IsValidFor(Key160 target) => Target == target && (!IsMutable || HasValidSignature());

    internal bool HasValidSignature()
    {
        Span<byte> signed = stackalloc byte[ItemSignature.MaxSignedLength];
        int length = ItemSignature.Write(signed, Salt.Span, Sequence, Value.Span);
        return length > 0 && Crypto.Ed25519.Verify(Signature.Span, signed[..length], PublicKey.Span);
    }
}
