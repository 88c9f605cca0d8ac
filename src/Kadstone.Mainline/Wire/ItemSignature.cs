namespace Kadstone.Mainline;

/// <summary>The bytes that the signature of a mutable item covers, and the limits of items.</summary>
/// <remarks>BEP 44, "Signature Verification".</remarks>
internal static class ItemSignature
{
    /// <summary>An Ed25519 public key.</summary>
    public const int PublicKeyLength = 32;

    /// <summary>An Ed25519 signature.</summary>
    public const int SignatureLength = 64;

    /// <summary>The longest bencoded <c>v</c>; beyond it error 205.</summary>
    public const int MaxValueLength = 1000;

    /// <summary>The longest salt; beyond it error 207.</summary>
    public const int MaxSaltLength = 64;

    /// <summary>The longest signed buffer: <c>4:salt64:</c> and the salt, <c>3:seqi</c> and 19 digits, <c>e1:v</c> and the value.</summary>
    public const int MaxSignedLength = 9 + MaxSaltLength + 6 + 19 + 4 + MaxValueLength;

    /// <summary>Writes what is signed: salt (if there is one), sequence number and value, each after its key.</summary>
    /// <param name="destination">At least <see cref="MaxSignedLength"/> bytes always suffice within the limits.</param>
    /// <param name="salt">The salt; empty for none.</param>
    /// <param name="sequence">The sequence number, not negative.</param>
    /// <param name="value">The bencoded value, byte for byte.</param>
    /// <returns>The bytes written; 0 when they do not fit.</returns>
    public static int Write(Span<byte> destination, ReadOnlySpan<byte> salt, long sequence, ReadOnlySpan<byte> value)
    {
        KrpcWriter writer = new(destination);
        if (!salt.IsEmpty)
        {
            writer.Bytes("4:salt"u8, salt);
        }

        writer.Integer("3:seq"u8, sequence);
        writer.Raw("1:v"u8, value);
        return writer.Overflowed ? 0 : writer.Length;
    }
}
