using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace Kadstone.Crypto;

/// <summary>A <see cref="Random"/> whose every number comes from the system's secure generator: the chance that a node in production is handed.</summary>
/// <remarks>
/// Tests and simulations hand in a seeded <see cref="Random"/> instead. Bytes are fetched 512 at a time and erased when they are
/// used. Unlike <see cref="Random"/>, safe for concurrent use: two threads never see the same bytes.
/// </remarks>
public sealed class SecureRandom : Random
{
    private readonly Lock _lock = new();
    private readonly byte[] _buffer = new byte[512];
    private int _used = 512;

    /// <inheritdoc/>
    public override int Next()
    {
        int value;
        do
        {
            value = (int)(NextUInt64() >> 33);
        }
        while (value == int.MaxValue);

        return value;
    }

    /// <inheritdoc/>
    public override int Next(int maxValue)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(maxValue);
        return (int)Below((ulong)maxValue);
    }

    /// <inheritdoc/>
    public override int Next(int minValue, int maxValue)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(minValue, maxValue);
        return (int)(minValue + (long)Below((ulong)((long)maxValue - minValue)));
    }

    /// <inheritdoc/>
    public override long NextInt64()
    {
        long value;
        do
        {
            value = (long)(NextUInt64() >> 1);
        }
        while (value == long.MaxValue);

        return value;
    }

    /// <inheritdoc/>
    public override long NextInt64(long maxValue)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(maxValue);
        return (long)Below((ulong)maxValue);
    }

    /// <inheritdoc/>
    public override long NextInt64(long minValue, long maxValue)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(minValue, maxValue);
        return unchecked(minValue + (long)Below((ulong)maxValue - (ulong)minValue));
    }

    /// <inheritdoc/>
    public override double NextDouble() => (NextUInt64() >> 11) * (1.0 / (1UL << 53));

    /// <inheritdoc/>
    public override float NextSingle() => (NextUInt64() >> 40) * (1.0f / (1U << 24));

    /// <inheritdoc/>
    public override void NextBytes(byte[] buffer)
    {
        ArgumentNullException.ThrowIfNull(buffer);
        NextBytes(buffer.AsSpan());
    }

    /// <inheritdoc/>
    public override void NextBytes(Span<byte> buffer)
    {
        if (buffer.Length > _buffer.Length / 4)
        {
            RandomNumberGenerator.Fill(buffer);
            return;
        }

        lock (_lock)
        {
            if (_buffer.Length - _used < buffer.Length)
            {
                RandomNumberGenerator.Fill(_buffer);
                _used = 0;
            }

            Span<byte> fresh = _buffer.AsSpan(_used, buffer.Length);
            fresh.CopyTo(buffer);
            fresh.Clear();
            _used += buffer.Length;
        }
    }

    /// <inheritdoc/>
    protected override double Sample() => NextDouble();

    private ulong NextUInt64()
    {
        ulong value = 0;
        NextBytes(MemoryMarshal.AsBytes(new Span<ulong>(ref value)));
        return value;
    }

    // Lemire, "Fast Random Integer Generation in an Interval" (2019): the high half of a product, minus the few draws that would favour some results.
    private ulong Below(ulong bound)
    {
        if (bound <= 1)
        {
            return 0;
        }

        ulong high = Math.BigMul(NextUInt64(), bound, out ulong low);
        if (low < bound)
        {
            ulong unfair = (0UL - bound) % bound;
            while (low < unfair)
            {
                high = Math.BigMul(NextUInt64(), bound, out low);
            }
        }

        return high;
    }
}
