using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Kadstone.Libp2p.Core;

/// <summary>One direction of a Noise session: ChaCha20-Poly1305 under a key and a counter.</summary>
/// <remarks>The Noise Protocol Framework, revision 34, sections 5.1 and 12.3.</remarks>
internal sealed class NoiseCipher(ReadOnlySpan<byte> key) : IDisposable
{
    public const int TagLength = 16;

    private const int NonceLength = 12;

    private readonly ChaCha20Poly1305 _cipher = new(key);
    private ulong _nonce;

    /// <summary>Writes ciphertext and tag, <see cref="TagLength"/> bytes more than the plaintext.</summary>
    public void Encrypt(ReadOnlySpan<byte> plaintext, ReadOnlySpan<byte> associated, Span<byte> sealedBytes)
    {
        Span<byte> nonce = stackalloc byte[NonceLength];
        TakeNonce(nonce);
        _cipher.Encrypt(nonce, plaintext, sealedBytes[..plaintext.Length], sealedBytes.Slice(plaintext.Length, TagLength), associated);
    }

    /// <summary>Writes the plaintext, <see cref="TagLength"/> bytes fewer than what was sealed; false when somebody else sealed it.</summary>
    public bool TryDecrypt(ReadOnlySpan<byte> sealedBytes, ReadOnlySpan<byte> associated, Span<byte> plaintext)
    {
        if (sealedBytes.Length < TagLength)
        {
            return false;
        }

        Span<byte> nonce = stackalloc byte[NonceLength];
        TakeNonce(nonce);
        int length = sealedBytes.Length - TagLength;
        try
        {
            _cipher.Decrypt(nonce, sealedBytes[..length], sealedBytes[length..], plaintext[..length], associated);
            return true;
        }
        catch (AuthenticationTagMismatchException)
        {
            return false;
        }
    }

    public void Dispose() => _cipher.Dispose();

    // At 2^64 - 1 a nonce would come again; no connection lives to see it.
    private void TakeNonce(Span<byte> nonce)
    {
        nonce.Clear();
        BinaryPrimitives.WriteUInt64LittleEndian(nonce[4..], checked(_nonce++));
    }
}
