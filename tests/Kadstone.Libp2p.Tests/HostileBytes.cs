namespace Kadstone.Libp2p.Tests;

/// <summary>Bent messages of libp2p's protocols.</summary>
internal sealed class HostileBytes(byte[][] corpus, int seed) : BentBytes(corpus, seed, longest: 8 * 1024)
{
    // Small lengths, field tags, the marks of longer numbers.
    protected override ReadOnlySpan<byte> Alphabet => [0, 1, 2, 4, 6, 8, 10, 12, 0x12, 0x1A, 0x20, 0x22, 0x7F, 0x80, 0xA5, 0xFF];
}
