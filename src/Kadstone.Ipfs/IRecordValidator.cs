namespace Kadstone.Ipfs;

/// <summary>Says which values of a namespace are right, and which of several is the best. Pure: called under a lock, and often.</summary>
/// <remarks>Strangers choose both key and value: nothing may throw, whatever the bytes are.</remarks>
public interface IRecordValidator
{
    /// <summary>The namespace, without slashes: <c>ipns</c> for keys that begin with <c>/ipns/</c>.</summary>
    string Namespace { get; }

    /// <summary>Whether a value may stand under a key.</summary>
    /// <param name="key">The whole record key, namespace included.</param>
    /// <param name="value">The value.</param>
    /// <param name="now">The time, for values that expire.</param>
    bool IsValid(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value, DateTimeOffset now);

    /// <summary>The index of the best of several valid values; of equally good ones any, but always the same whatever their order.</summary>
    /// <param name="key">The whole record key.</param>
    /// <param name="values">One at least.</param>
    int SelectBest(ReadOnlySpan<byte> key, IReadOnlyList<ReadOnlyMemory<byte>> values);
}
