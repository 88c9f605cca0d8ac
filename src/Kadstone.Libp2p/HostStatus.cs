namespace Kadstone.Libp2p;

/// <summary>The counts of a host.</summary>
/// <param name="Connections">Connections now, those not through their handshake included.</param>
/// <param name="HalfOpen">Connections of others that are not through their handshake.</param>
/// <param name="Streams">Streams now.</param>
/// <param name="Refused">Connections of others that were one too many, so far.</param>
/// <param name="Ended">Connections that ended, so far, by reason.</param>
public sealed record HostStatus(int Connections, int HalfOpen, int Streams, long Refused, IReadOnlyDictionary<string, long> Ended)
{
    /// <summary>Bytes that came on all connections, so far.</summary>
    public long BytesReceived { get; init; }

    /// <summary>Bytes that left on all connections, so far.</summary>
    public long BytesSent { get; init; }
}
