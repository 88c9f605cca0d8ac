namespace Kadstone.Datagrams;

/// <summary>How much a node does for whom. Rates are datagrams a second, bursts are datagrams.</summary>
/// <remarks>
/// A source (address and port) is proved once it answered one of our requests or sent a valid token. Proved sources are held to rates;
/// the others to bytes as well, so that a spoofed source cannot make this node send its victim more than the spoofer sends.
/// Limits count by source, by host, by prefix (/24 or /64) and in total; unproved traffic has budgets of its own and cannot use up those of the proved.
/// </remarks>
public sealed record RateLimits
{
    /// <summary>No limits at all: for load tests and simulations that are not about limits. Costs nothing.</summary>
    public static RateLimits None { get; } = new() { IsOn = false };

    // Whoever is proved answered one ping: that is no reason to have the node for itself.
    internal const float SourcePartOfTotal = 0.25f;
    internal const float BurstPartOfTotal = 0.5f;

    /// <summary>Whether anything is limited. Default true.</summary>
    public bool IsOn { get; init; } = true;

    /// <summary>How long a proof lasts. Default 10 minutes.</summary>
    public TimeSpan ProofLifetime { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>Datagrams a <see cref="Window"/> that an unproved source gets whatever it sent, our proving ping included. Default 10; at most 255.</summary>
    public int FreeAnswers { get; init; } = 10;

    /// <summary>The same for all sources of a host together. Default 512: fifty nodes behind one NAT with all of theirs.</summary>
    public int FreeAnswersPerHost { get; init; } = 512;

    /// <summary>The same for all sources of a prefix together. Default 4,096: 256 hosts with all of theirs, and some.</summary>
    public int FreeAnswersPerPrefix { get; init; } = 4096;

    /// <summary>The most bytes of one answer to an unproved source. Default 1,400.</summary>
    public int FreeAnswerBytes { get; init; } = 1400;

    /// <summary>What the free answers are counted over. Default 1 minute; also the pause between two proving pings.</summary>
    public TimeSpan Window { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>Bytes that an unproved source's credit must hold before it is pinged. Default 80.</summary>
    public int ProofBytes { get; init; } = 80;

    /// <summary>Queries a second of one source. Default 100; at most a quarter of <see cref="TotalRate"/> counts.</summary>
    public int SourceRate { get; init; } = 100;

    /// <summary>Burst of one source. Default 500; at most half of <see cref="TotalRate"/> counts.</summary>
    public int SourceBurst { get; init; } = 500;

    /// <summary>Queries a second of all proved sources of one host. Default 2,000.</summary>
    public int HostRate { get; init; } = 2000;

    /// <summary>Burst of all proved sources of one host. Default 10,000.</summary>
    public int HostBurst { get; init; } = 10_000;

    /// <summary>Queries a second of all proved sources of one prefix. Default 5,000.</summary>
    public int PrefixRate { get; init; } = 5000;

    /// <summary>Burst of all proved sources of one prefix. Default 20,000.</summary>
    public int PrefixBurst { get; init; } = 20_000;

    /// <summary>Queries a second of everybody; the burst is one second's worth. Default 25,000.</summary>
    public int TotalRate { get; init; } = 25_000;

    /// <summary>The part of a host's, a prefix's and the total budget that unproved sources may use. Default 0.4.</summary>
    /// <remarks>Of that part of the total one source takes an eighth in the long run, one host a quarter, one prefix a half; of a burst none more than half of what is left.</remarks>
    public double UnprovedShare { get; init; } = 0.4;

    /// <summary>The most sources remembered (44 bytes each). Default 65,536. Under pressure the oldest unproved goes first.</summary>
    public int MaxSources { get; init; } = 65_536;

    /// <summary>The most hosts remembered (28 bytes each). Default 65,536.</summary>
    public int MaxHosts { get; init; } = 65_536;

    /// <summary>The most prefixes remembered (28 bytes each). Default 32,768.</summary>
    public int MaxPrefixes { get; init; } = 32_768;
}

/// <summary>Why the limiter refused a datagram.</summary>
public enum Refusal
{
    /// <summary>It did not.</summary>
    None,

    /// <summary>The source is over its rate, or not proved and over its part of what strangers have.</summary>
    Source,

    /// <summary>The source is not proved and has used up its free answers and its credit in bytes.</summary>
    Credit,

    /// <summary>The host is over its rate, or over its part of what strangers have.</summary>
    Host,

    /// <summary>The prefix is over its rate, or over its part of what strangers have.</summary>
    Prefix,

    /// <summary>The node is over its rate.</summary>
    Total,
}
