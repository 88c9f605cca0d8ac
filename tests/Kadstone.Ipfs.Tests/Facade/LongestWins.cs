using System.Text;

namespace Kadstone.Ipfs.Tests.Facade;

/// <summary>The namespace <c>test</c>: all but <c>bad…</c> is valid, the longest value wins.</summary>
internal sealed class LongestWins : IRecordValidator
{
    public string Namespace => "test";

    public bool IsValid(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value, DateTimeOffset now) => !Encoding.UTF8.GetString(value).StartsWith("bad", StringComparison.Ordinal);

    public int SelectBest(ReadOnlySpan<byte> key, IReadOnlyList<ReadOnlyMemory<byte>> values) =>
        Enumerable.Range(0, values.Count).MaxBy(i => (values[i].Length, Convert.ToHexString(values[i].Span)));
}
