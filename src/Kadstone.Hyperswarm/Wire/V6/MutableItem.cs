using Kadstone.Crypto;

namespace Kadstone.Hyperswarm;

/// <summary>A signed value: the answer of MUTABLE_GET. Its request holds one <c>uint</c>, the least sequence number that is wanted.</summary>
/// <remarks>npm hyperdht 6, lib/messages.js, <c>mutableGetResponse</c>.</remarks>
internal readonly ref struct MutableItem(long sequence, ReadOnlySpan<byte> value, ReadOnlySpan<byte> signature) : ICompactValue<MutableItem>
{
    /// <summary>1,100: the longest value whose answer passes every path; the nodes know no limit but send no fragments.</summary>
    public const int MaxValueLength = 1100;

    /// <summary>The sequence number, 0 to 2^53 - 1.</summary>
    public long Sequence { get; } = sequence;

    /// <summary>The value.</summary>
    public ReadOnlySpan<byte> Value { get; } = value;

    /// <summary>The signature: 64 bytes.</summary>
    public ReadOnlySpan<byte> Signature { get; } = signature;

    /// <inheritdoc/>
    public static bool TryRead(ReadOnlySpan<byte> bytes, out MutableItem value)
    {
        CompactReader reader = new(bytes);
        return TryRead(ref reader, out value);
    }

    /// <inheritdoc/>
    public void Write(scoped ref CompactWriter writer)
    {
        writer.UInt(Sequence);
        writer.Buffer(Value);
        writer.Fixed(Signature);
    }

    /// <summary>Whether the owner of the public key signed it.</summary>
    public bool IsSigned(ReadOnlySpan<byte> publicKey)
    {
        if (Value.Length > RpcReader.MaxDatagramLength)
        {
            return false;
        }

        Span<byte> signable = stackalloc byte[HyperSignable.Length];
        HyperSignable.WriteMutable(signable, Sequence, Value);
        return Ed25519.Verify(Signature, signable, publicKey);
    }

    /// <summary>Reads an item that follows something else.</summary>
    internal static bool TryRead(scoped ref CompactReader reader, out MutableItem item)
    {
        item = default;
        if (!reader.TryReadUInt(out long sequence)
            || !reader.TryReadBuffer(out ReadOnlySpan<byte> value)
            || !reader.TryReadFixed(Ed25519.SignatureLength, out ReadOnlySpan<byte> signature))
        {
            return false;
        }

        item = new MutableItem(sequence, value, signature);
        return true;
    }
}
