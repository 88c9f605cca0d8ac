namespace Kadstone.Libp2p.Tests;

/// <summary>Bent messages of libp2p's protocols.</summary>
internal sealed class HostileBytes(byte[][] corpus, int seed) : BentBytes(corpus, seed, longest: 8 * 1024)
{
    // An object costs a few dozen bytes more than what it holds; what is announced and not sent costs nothing.
    private const int Rest = 64 * 1024;

    // Small lengths, field tags, the marks of longer numbers.
    protected override ReadOnlySpan<byte> Alphabet => [0, 1, 2, 4, 6, 8, 10, 12, 0x12, 0x1A, 0x20, 0x22, 0x7F, 0x80, 0xA5, 0xFF];

    internal delegate bool Codec(ReadOnlySpan<byte> message);

    /// <summary>What may be allocated for so many bytes that came: twice as many, and a fixed rest.</summary>
    public static long MostFor(int length) => (2 * length) + Rest;

    /// <summary>Feeds bent messages to a codec, which must not throw, hang, or allocate more than <see cref="MostFor"/>.</summary>
    public static void Feed(int seed, IEnumerable<byte[]> corpus, Codec codec, int? count = null)
    {
        HostileBytes messages = new([.. corpus], seed);
        int total = count ?? Count;
        int read = 0;
        HostileFeed.Run(seed, total, messages.Next, message => read += codec(message) ? 1 : 0, MostFor);
        read.ShouldBePositive("some of the bent ones are read, or the corpus is wrong");
        read.ShouldBeLessThan(total);
    }
}
