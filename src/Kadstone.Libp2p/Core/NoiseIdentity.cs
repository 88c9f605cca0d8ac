using Kadstone.Crypto;

namespace Kadstone.Libp2p.Core;

/// <summary>What a host shows in each Noise handshake: a static key, and the identity's signature over it, made once.</summary>
internal sealed class NoiseIdentity
{
    private readonly byte[] _privateKey;
    private readonly byte[] _publicKey = new byte[X25519.KeyLength];
    private readonly byte[] _payload;

    public NoiseIdentity(PrivateKey identity, ReadOnlySpan<byte> staticKey, IReadOnlyList<string> muxers)
    {
        Muxers = muxers;
        _privateKey = staticKey.ToArray();
        X25519.DerivePublicKey(_privateKey, _publicKey);
        _payload = NoisePayload.Seal(identity, _publicKey, muxers);
    }

    public IReadOnlyList<string> Muxers { get; }

    public ReadOnlySpan<byte> StaticPrivateKey => _privateKey;

    public ReadOnlySpan<byte> StaticPublicKey => _publicKey;

    public ReadOnlySpan<byte> Payload => _payload;
}
