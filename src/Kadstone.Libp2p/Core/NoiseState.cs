using System.Diagnostics;
using System.Security.Cryptography;
using Kadstone.Crypto;

namespace Kadstone.Libp2p.Core;

/// <summary>The symmetric state of a Noise handshake: a chaining key, a hash of all that was said, and, once a secret is agreed, a cipher.</summary>
/// <remarks>The Noise Protocol Framework, revision 34, section 5.2, with SHA-256 and ChaCha20-Poly1305.</remarks>
internal sealed class NoiseState : IDisposable
{
    public const int HashLength = 32;

    private readonly byte[] _chainingKey = new byte[HashLength];
    private readonly byte[] _hash = new byte[HashLength];
    private NoiseCipher? _cipher;

    public NoiseState()
    {
        // The name has 32 bytes, and so is its own hash. The prologue is empty.
        "Noise_XX_25519_ChaChaPoly_SHA256"u8.CopyTo(_hash);
        _hash.CopyTo(_chainingKey, 0);
        MixHash(default);
    }

    public ReadOnlySpan<byte> Hash => _hash;

    /// <summary>How many bytes more a sealed text has than the plain one.</summary>
    public int Overhead => _cipher is null ? 0 : NoiseCipher.TagLength;

    public void MixHash(ReadOnlySpan<byte> bytes)
    {
        Debug.Assert(bytes.Length <= NoiseHandshake.MaxMessageLength);
        Span<byte> both = stackalloc byte[HashLength + bytes.Length];
        _hash.CopyTo(both);
        bytes.CopyTo(both[HashLength..]);
        SHA256.HashData(both, _hash);
    }

    /// <summary>Mixes in what two keys agree on; false for a public key that agrees with everybody.</summary>
    public bool TryMixAgreement(ReadOnlySpan<byte> privateKey, ReadOnlySpan<byte> publicKey)
    {
        Span<byte> secret = stackalloc byte[X25519.KeyLength];
        if (!X25519.TryAgree(privateKey, publicKey, secret))
        {
            return false;
        }

        Span<byte> next = stackalloc byte[HashLength];
        Span<byte> cipherKey = stackalloc byte[HashLength];
        Derive(secret, next, cipherKey);
        next.CopyTo(_chainingKey);
        _cipher?.Dispose();
        _cipher = new NoiseCipher(cipherKey);
        CryptographicOperations.ZeroMemory(secret);
        CryptographicOperations.ZeroMemory(cipherKey);
        return true;
    }

    public void Encrypt(ReadOnlySpan<byte> plaintext, Span<byte> sealedBytes)
    {
        if (_cipher is null)
        {
            plaintext.CopyTo(sealedBytes);
        }
        else
        {
            _cipher.Encrypt(plaintext, _hash, sealedBytes);
        }

        MixHash(sealedBytes[..(plaintext.Length + Overhead)]);
    }

    public bool TryDecrypt(ReadOnlySpan<byte> sealedBytes, Span<byte> plaintext)
    {
        if (_cipher is null)
        {
            sealedBytes.CopyTo(plaintext);
        }
        else if (!_cipher.TryDecrypt(sealedBytes, _hash, plaintext))
        {
            return false;
        }

        MixHash(sealedBytes);
        return true;
    }

    /// <summary>The ciphers of the two directions, the initiator's sending one first.</summary>
    public (NoiseCipher Initiator, NoiseCipher Responder) Split()
    {
        Span<byte> first = stackalloc byte[HashLength];
        Span<byte> second = stackalloc byte[HashLength];
        Derive(default, first, second);
        (NoiseCipher, NoiseCipher) ciphers = (new NoiseCipher(first), new NoiseCipher(second));
        CryptographicOperations.ZeroMemory(first);
        CryptographicOperations.ZeroMemory(second);
        return ciphers;
    }

    public void Dispose()
    {
        _cipher?.Dispose();
        CryptographicOperations.ZeroMemory(_chainingKey);
    }

    // HKDF of section 4.3, two outputs.
    private void Derive(ReadOnlySpan<byte> input, Span<byte> first, Span<byte> second)
    {
        Span<byte> temporary = stackalloc byte[HashLength];
        HMACSHA256.HashData(_chainingKey, input, temporary);
        HMACSHA256.HashData(temporary, [1], first);
        HMACSHA256.HashData(temporary, [.. first, 2], second);
        CryptographicOperations.ZeroMemory(temporary);
    }
}
