namespace Kadstone.Ipfs.Core;

/// <summary>The validators of a node, by namespace. A key of an unknown namespace has no valid value.</summary>
internal sealed class RecordRules(IEnumerable<IRecordValidator> own)
{
    private readonly Dictionary<string, IRecordValidator> _validators =
        own.Concat([new PublicKeyValidator(), new IpnsValidator()]).ToDictionary(validator => validator.Namespace, StringComparer.Ordinal);

    public bool Knows(ReadOnlySpan<byte> key) => _validators.ContainsKey(RecordKey.NamespaceOf(key));

    public bool IsValid(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value, DateTimeOffset now) =>
        _validators.TryGetValue(RecordKey.NamespaceOf(key), out IRecordValidator? validator) && validator.IsValid(key, value, now);

    /// <summary>Whether one valid value is better than another valid one.</summary>
    public bool IsBetter(ReadOnlySpan<byte> key, ReadOnlyMemory<byte> value, ReadOnlyMemory<byte> than) =>
        !value.Span.SequenceEqual(than.Span) && _validators.TryGetValue(RecordKey.NamespaceOf(key), out IRecordValidator? validator)
        && validator.SelectBest(key, [than, value]) == 1;

    /// <summary>How many values are enough to choose the best of, if the caller does not say: all public keys of a peer are the same.</summary>
    public static int QuorumOf(ReadOnlySpan<byte> key) => RecordKey.NamespaceOf(key) == "pk" ? 1 : 16;
}
