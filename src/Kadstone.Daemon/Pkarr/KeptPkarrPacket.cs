namespace Kadstone.Daemon.Pkarr;

/// <summary>A packet that a relay keeps in the DHT, for people and dashboards.</summary>
/// <param name="Key">Its key, 52 letters of z-base-32.</param>
/// <param name="Timestamp">Its version: microseconds since 1970 by its author's clock.</param>
/// <param name="Holders">How many nodes held it after the last round.</param>
/// <param name="PublishedAt">When that was.</param>
/// <param name="DueAt">When the next round is.</param>
public sealed record KeptPkarrPacket(string Key, long Timestamp, int Holders, DateTimeOffset PublishedAt, DateTimeOffset DueAt);
