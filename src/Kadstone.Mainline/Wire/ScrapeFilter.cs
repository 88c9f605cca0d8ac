using System.Numerics;
using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace Kadstone.Mainline;

/// <summary>A Bloom filter of IP addresses that estimates how many were added: the <c>BFsd</c> and <c>BFpe</c> of a scrape.</summary>
/// <remarks>BEP 33: 2,048 bits, two hash functions, both from SHA-1 of the 4 or 16 bytes of an address. Meaningful up to about 6,000 addresses.</remarks>
public readonly ref struct ScrapeFilter
{
    private readonly Span<byte> _bits;

    /// <summary>A filter over bytes of the caller, which keep its state; all zero is the empty filter.</summary>
    /// <exception cref="ArgumentException">There are not exactly <see cref="Length"/> bytes.</exception>
    public ScrapeFilter(Span<byte> bits)
    {
        if (bits.Length != Length)
        {
            throw new ArgumentException("A scrape filter has 256 bytes.", nameof(bits));
        }

        _bits = bits;
    }

    /// <summary>256: the bytes of a filter.</summary>
    public static int Length => 256;

    /// <summary>The filter as it travels.</summary>
    public ReadOnlySpan<byte> Bits => _bits;

    /// <summary>Adds an IP address of 4 or 16 bytes, most significant first.</summary>
    public void Add(ReadOnlySpan<byte> address)
    {
        Span<byte> hash = stackalloc byte[SHA1.HashSizeInBytes];
#pragma warning disable CA5350 // BEP 33 prescribes SHA-1; nothing is kept safe by it.
        SHA1.HashData(address, hash);
#pragma warning restore CA5350
        Set(hash[0] | hash[1] << 8);
        Set(hash[2] | hash[3] << 8);
    }

    /// <summary>Empties the filter.</summary>
    public void Clear() => _bits.Clear();

    /// <summary>Adds all that another filter holds.</summary>
    /// <returns>False, and nothing is added, when <paramref name="other"/> does not have <see cref="Length"/> bytes.</returns>
    public bool UnionWith(ReadOnlySpan<byte> other)
    {
        if (other.Length != Length)
        {
            return false;
        }

        for (int i = 0; i < Length; i++)
        {
            _bits[i] |= other[i];
        }

        return true;
    }

    /// <summary>About how many different addresses were added.</summary>
    public double Estimate() => Estimate(_bits);

    /// <summary>About how many different addresses were added to a filter; 0.5 for an empty one, 7,806 for one with a single zero bit or none.</summary>
    /// <exception cref="ArgumentException">There are not exactly <see cref="Length"/> bytes.</exception>
    public static double Estimate(ReadOnlySpan<byte> bits)
    {
        if (bits.Length != Length)
        {
            throw new ArgumentException("A scrape filter has 256 bytes.", nameof(bits));
        }

        int zeros = 8 * Length;
        foreach (ulong word in MemoryMarshal.Cast<byte, ulong>(bits))
        {
            zeros -= BitOperations.PopCount(word);
        }

        // BEP 33: c = min(m - 1, zero bits), n = ln(c / m) / (2 ln(1 - 1 / m)). A filter of all ones would give ln(0).
        double bitCount = 8 * Length;
        double zeroBits = Math.Clamp(zeros, 1, bitCount - 1);
        return Math.Log(zeroBits / bitCount) / (2 * Math.Log(1 - (1 / bitCount)));
    }

    private void Set(int hash)
    {
        int bit = hash % (8 * Length);
        _bits[bit >> 3] |= (byte)(1 << (bit & 7));
    }
}
