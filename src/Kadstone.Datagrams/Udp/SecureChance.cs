using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace Kadstone.Datagrams;

/// <summary>The operating system's random numbers as a <see cref="Random"/>, for cores that are handed their chance. Not for several threads at once.</summary>
/// <remarks>Fetches 512 bytes at a time: a transaction costs nanoseconds instead of a system call.</remarks>
public sealed class SecureChance : Random
{
    private readonly byte[] _pool = new byte[512];
    private int _used = 512;

    /// <inheritdoc/>
    public override void NextBytes(Span<byte> buffer)
    {
        if (buffer.Length > _pool.Length)
        {
            RandomNumberGenerator.Fill(buffer);
            return;
        }

        if (buffer.Length > _pool.Length - _used)
        {
            RandomNumberGenerator.Fill(_pool);
            _used = 0;
        }

        Span<byte> taken = _pool.AsSpan(_used, buffer.Length);
        taken.CopyTo(buffer);
        taken.Clear();
        _used += buffer.Length;
    }

    /// <inheritdoc/>
    public override void NextBytes(byte[] buffer) => NextBytes(buffer.AsSpan());

    /// <inheritdoc/>
    public override int Next() => (int)NextInt64(int.MaxValue);

    /// <inheritdoc/>
    public override int Next(int maxValue) => (int)NextInt64(maxValue);

    /// <inheritdoc/>
    public override int Next(int minValue, int maxValue) => (int)NextInt64(minValue, maxValue);

    /// <inheritdoc/>
    public override long NextInt64() => NextInt64(long.MaxValue);

    /// <inheritdoc/>
    public override long NextInt64(long maxValue) => NextInt64(0, maxValue);

    /// <inheritdoc/>
    public override long NextInt64(long minValue, long maxValue)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(minValue, maxValue);

        // The bias of a 64-bit product is below 2^-64 times the range: nobody can measure it.
        ulong range = unchecked((ulong)maxValue - (ulong)minValue);
        return unchecked(minValue + (long)Math.BigMul(Draw(), range, out _));
    }

    /// <inheritdoc/>
    public override double NextDouble() => (Draw() >> 11) * (1.0 / (1UL << 53));

    /// <inheritdoc/>
    public override float NextSingle() => (Draw() >> 40) * (1.0f / (1 << 24));

    /// <inheritdoc/>
    protected override double Sample() => NextDouble();

    private ulong Draw()
    {
        ulong drawn = 0;
        NextBytes(MemoryMarshal.AsBytes(new Span<ulong>(ref drawn)));
        return drawn;
    }
}
