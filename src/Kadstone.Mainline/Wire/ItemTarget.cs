using System.Security.Cryptography;
using Kadstone.Kademlia;

namespace Kadstone.Mainline;

/// <summary>Where an item is stored.</summary>
/// <remarks>BEP 44. SHA-1 is what the network speaks; against chosen collisions of immutable values it does not protect.</remarks>
internal static class ItemTarget
{
    /// <summary>The target of an immutable item: the SHA-1 of its bencoded value.</summary>
    public static Key160 Immutable(ReadOnlySpan<byte> value)
    {
        Span<byte> hash = stackalloc byte[Key160.ByteLength];
#pragma warning disable CA5350 // The protocol prescribes SHA-1.
        SHA1.HashData(value, hash);
#pragma warning restore CA5350
        return Key160.Read(hash);
    }

    /// <summary>The target of a mutable item: the SHA-1 of its public key and its salt.</summary>
    public static Key160 Mutable(ReadOnlySpan<byte> publicKey, ReadOnlySpan<byte> salt)
    {
        // A salt beyond the limit is refused elsewhere; here it costs an array and nothing worse.
        int length = publicKey.Length + salt.Length;
        Span<byte> joined = length <= ItemSignature.PublicKeyLength + ItemSignature.MaxSaltLength
            ? stackalloc byte[ItemSignature.PublicKeyLength + ItemSignature.MaxSaltLength]
            : new byte[length];
        publicKey.CopyTo(joined);
        salt.CopyTo(joined[publicKey.Length..]);
        return Immutable(joined[..length]);
    }
}
