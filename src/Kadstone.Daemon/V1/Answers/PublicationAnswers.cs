namespace Kadstone.Daemon.V1.Answers;

/// <summary>The body of a POST of an announcement.</summary>
internal sealed record AnnouncementRequest(string? Key, int? Port, bool Keep = false);

internal sealed record AnnouncementAnswer(
    string? Id, string Network, string Key, int? Port, int Acknowledged, int Asked, int Refused, int Silent, DateTimeOffset At, DateTimeOffset? Next);

internal sealed record PublicationsAnswer(IReadOnlyList<PublicationAnswer> Publications);

internal sealed record PublicationAnswer(
    string Id,
    string Network,
    string Kind,
    string Key,
    DateTimeOffset StartedAt,
    DateTimeOffset? LastAt,
    int Acknowledged,
    int Asked,
    DateTimeOffset? NextAt,
    CheckAnswer? Check);

internal sealed record CheckAnswer(DateTimeOffset At, bool Ok, string Text);
