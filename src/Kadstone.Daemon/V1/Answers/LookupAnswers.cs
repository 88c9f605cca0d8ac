namespace Kadstone.Daemon.V1.Answers;

internal record LookupSummary(
    string Id,
    string Network,
    string Kind,
    string Target,
    string Keyspace,
    string State,
    DateTimeOffset StartedAt,
    double Milliseconds,
    int Requests,
    int Answers,
    int Hops,
    int Found,
    int Stores,
    int Stored,
    string? Reason);

internal sealed record LookupsAnswer(IReadOnlyList<LookupSummary> Lookups);

internal sealed record LookupAnswer(
    string Id,
    string Network,
    string Kind,
    string Target,
    string Keyspace,
    string State,
    DateTimeOffset StartedAt,
    double Milliseconds,
    int Requests,
    int Answers,
    int Hops,
    int Found,
    int Stores,
    int Stored,
    string? Reason,
    IReadOnlyList<StepAnswer> Steps,
    IReadOnlyList<ContactAnswer> Closest)
    : LookupSummary(Id, Network, Kind, Target, Keyspace, State, StartedAt, Milliseconds, Requests, Answers, Hops, Found, Stores, Stored, Reason);

internal sealed record StepAnswer(double AtMs, string Kind, ContactAnswer Contact, int Hop, double? RttMs, int DistanceBits, int Closer, int Values, int? Code = null);

internal sealed record ContactAnswer(string Id, string Keyspace, string Address);
