namespace Kadstone.Daemon;

/// <summary>A node of a test network.</summary>
/// <param name="Network">mainline, hyperswarm or ipfs.</param>
/// <param name="Number">Its number in its network, from 1.</param>
/// <param name="Id">Its id; null while it has none.</param>
/// <param name="Address">Where it listens.</param>
/// <param name="IsRunning">Whether it runs.</param>
public sealed record DevnetNode(string Network, int Number, string? Id, string Address, bool IsRunning);
