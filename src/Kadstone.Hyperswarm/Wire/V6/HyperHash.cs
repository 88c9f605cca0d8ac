using Kadstone.Crypto;
using Kadstone.Kademlia;

namespace Kadstone.Hyperswarm;

/// <summary>The hash of today's Hyperswarm: BLAKE2b of 32 bytes, without a key.</summary>
/// <remarks>npm hypercore-crypto, <c>hash</c>; libsodium crypto_generichash.</remarks>
internal static class HyperHash
{
    /// <summary>The hash as a key: a server's target from its public key, an immutable value's target from the value.</summary>
    public static Key256 Of(ReadOnlySpan<byte> bytes)
    {
        Span<byte> digest = stackalloc byte[Blake2b.DigestLength];
        Blake2b.Hash(bytes, digest);
        return Key256.Read(digest);
    }
}
