using Kadstone.Crypto;

namespace Kadstone.Hyperswarm;

/// <summary>An Ed25519 key pair that signs records.</summary>
internal sealed class HyperKeyPair
{
    private readonly byte[] _secretKey = new byte[Ed25519.SecretKeyLength];

    /// <exception cref="ArgumentException">A seed has 32 bytes.</exception>
    internal HyperKeyPair(ReadOnlySpan<byte> seed) => Ed25519.CreateKeyPair(seed, PublicKey, _secretKey);

    internal byte[] PublicKey { get; } = new byte[Ed25519.PublicKeyLength];

    internal static HyperKeyPair CreateRandom()
    {
        Span<byte> seed = stackalloc byte[Ed25519.SeedLength];
        new SecureRandom().NextBytes(seed);
        return new HyperKeyPair(seed);
    }

    internal void Sign(ReadOnlySpan<byte> signable, Span<byte> signature) => Ed25519.Sign(signable, _secretKey, signature);
}
