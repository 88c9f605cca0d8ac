using Kadstone.Crypto;
using Kadstone.Mainline.Core;

namespace Kadstone.Mainline.Tests.Core;

/// <summary>Mutable items of one key pair.</summary>
internal static class SignedItems
{
    private static readonly byte[] s_seed = [.. Enumerable.Range(1, 32).Select(i => (byte)i)];

    internal static byte[] PublicKey { get; } = Ed25519.CreateKeyPair(s_seed);

    internal static Item Sign(byte[] value, long sequence, byte[]? salt = null)
    {
        byte[] signed = new byte[2_000];
        int length = ItemSignature.Write(signed, salt ?? [], sequence, value);
        byte[] signature = new byte[64];
        Ed25519.Sign(signed.AsSpan(0, length), s_seed, signature);
        return new Item { Value = value, Sequence = sequence, Salt = salt ?? [], PublicKey = PublicKey, Signature = signature };
    }

    /// <summary>The arguments of a put, token apart.</summary>
    internal static (string Key, object Value)[] Arguments(this Item item) =>
    [
        ("k", item.PublicKey.ToArray()),
        ("sig", item.Signature.ToArray()),
        ("seq", item.Sequence),
        ("v", new Krpc.Raw(item.Value.ToArray())),
        .. item.Salt.IsEmpty ? [] : new (string, object)[] { ("salt", item.Salt.ToArray()) },
    ];
}
