namespace Kadstone.Daemon.V1.Answers;

/// <summary>How good a verdict is; the worst of the parts is that of the whole.</summary>
internal static class Level
{
    public const string Ok = "ok";
    public const string Warn = "warn";
    public const string Fail = "fail";

    public static int Rank(string level) => level switch { Fail => 2, Warn => 1, _ => 0 };
}

/// <param name="Level">ok, warn or fail.</param>
/// <param name="Text">One sentence.</param>
/// <param name="Next">The next thing to do; null: nothing.</param>
internal sealed record VerdictAnswer(string Level, string Text, string? Next);

internal sealed record StatusAnswer(
    string Version,
    DateTimeOffset StartedAt,
    double UptimeSeconds,
    string Profile,
    VerdictAnswer Verdict,
    IReadOnlyList<NetworkAnswer> Networks,
    StoreAnswer Store,
    DevnetCounts? Devnet);

internal sealed record NetworkAnswer(
    string Name,
    string Level,
    string Verdict,
    string? Next,
    string? Id,
    string Keyspace,
    IReadOnlyList<string> Addresses,
    int Contacts,
    double? EstimatedNodes,
    double? EstimatedDeviation,
    string Mode,
    bool? Reachable,
    bool IsReady,
    StoredCounts Stored,
    TrafficCounts Traffic,
    TrafficRates Rates,
    BudgetCounts Budget,
    LookupCounts Lookups);

internal sealed record StoredCounts(long Values, long Peers);

/// <summary>Since the start: packets, in IPFS requests and answers; and bytes.</summary>
internal sealed record TrafficCounts(long Received, long Sent, long ReceivedBytes, long SentBytes, DroppedCounts Dropped);

/// <summary>The same a second, of this network alone.</summary>
internal sealed record TrafficRates(double Received, double Sent, double ReceivedBytes, double SentBytes)
{
    public static TrafficRates None { get; } = new(0, 0, 0, 0);
}

internal sealed record DroppedCounts(long Malformed, long Limited, long Unmatched);

/// <summary>The packet budget, which all networks of UDP share.</summary>
internal sealed record BudgetCounts(int? PacketsPerSecond, double Used, long Refused);

internal sealed record LookupCounts(int Running, long Done);

internal sealed record StoreAnswer(string Kind, string Name, string State, string? Error, long Records);

internal sealed record DevnetCounts(IReadOnlyDictionary<string, int> Nodes);

/// <param name="Status">ok, or why not in one sentence.</param>
internal sealed record HealthAnswer(string Status);

internal sealed record ErrorAnswer(string Error);
