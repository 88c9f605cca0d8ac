namespace Kadstone.Libp2p.Core;

/// <summary>What one connection may cost.</summary>
internal sealed record YamuxLimits
{
    /// <summary>262,144: the window of each stream and direction at its beginning, as the protocol has it.</summary>
    public const int InitialWindow = 256 * 1024;

    /// <summary>Streams that the other side has open at once; others are reset.</summary>
    public int InboundStreams { get; init; } = 256;

    /// <summary>Streams that we have open at once.</summary>
    public int OutboundStreams { get; init; } = 1000;

    /// <summary>Streams of ours that are not acknowledged yet.</summary>
    public int UnacknowledgedStreams { get; init; } = 256;

    /// <summary>Bytes that came and that nobody has read, over all streams: the stream that goes beyond is reset.</summary>
    public int UnreadBytes { get; init; } = 8 * 1024 * 1024;

    /// <summary>Bytes of data that wait to be sent, over all streams: whoever writes more waits.</summary>
    public int UnsentData { get; init; } = 256 * 1024;

    /// <summary>Bytes that wait to be sent, our answers to frames included: who goes on asking and does not read is left.</summary>
    public int UnsentBytes { get; init; } = 512 * 1024;

    /// <summary>Streams opened and resets: this many at once, and a fifth of it a second.</summary>
    public int StreamBurst { get; init; } = 1000;

    /// <summary>Pings and other frames of the session: this many at once, and two a second.</summary>
    public int PingBurst { get; init; } = 64;

    /// <summary>After this time without a ping of ours, the next. Default 30 s, as others.</summary>
    public TimeSpan PingInterval { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How long its answer may take. Default 20 s.</summary>
    public TimeSpan PingPatience { get; init; } = TimeSpan.FromSeconds(20);
}
