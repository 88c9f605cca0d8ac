using Kadstone.Ipfs;

namespace Kadstone.Interop.Tests.Harness;

/// <summary>The namespace <c>test</c> of kad-network.mjs: all is valid, the greatest bytes win.</summary>
internal sealed class GreatestWins : IRecordValidator
{
    public string Namespace => "test";

    public bool IsValid(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value, DateTimeOffset now) => true;

    public int SelectBest(ReadOnlySpan<byte> key, IReadOnlyList<ReadOnlyMemory<byte>> values)
    {
        int best = 0;
        for (int i = 1; i < values.Count; i++)
        {
            best = values[i].Span.SequenceCompareTo(values[best].Span) > 0 ? i : best;
        }

        return best;
    }
}
