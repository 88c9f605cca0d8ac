namespace Kadstone.Ipfs.Core;

/// <summary>Bytes as the key of a dictionary: equal when the bytes are.</summary>
internal readonly struct ContentKey(ReadOnlyMemory<byte> bytes) : IEquatable<ContentKey>
{
    public ReadOnlyMemory<byte> Bytes { get; } = bytes;

    public ContentKey Copy() => new(Bytes.ToArray());

    public bool Equals(ContentKey other) => Bytes.Span.SequenceEqual(other.Bytes.Span);

    public override bool Equals(object? obj) => obj is ContentKey other && Equals(other);

    public override int GetHashCode()
    {
        HashCode hash = default;
        hash.AddBytes(Bytes.Span);
        return hash.ToHashCode();
    }
}
