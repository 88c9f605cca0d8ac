namespace Kadstone.Daemon.V1.Answers;

internal sealed record DevnetAnswer(IReadOnlyList<DevnetNodeAnswer> Nodes);

internal sealed record DevnetNodeAnswer(string Network, int Number, string? Id, string Address, bool IsRunning);

/// <summary>The body of a POST of devnet nodes.</summary>
internal sealed record DevnetRequest(string? Network, int Count = 1);
