namespace Kadstone.Daemon.V1.Lookups;

/// <summary>A contact in words.</summary>
/// <param name="Id">As users write it.</param>
/// <param name="Point">Where it stands in the keyspace.</param>
/// <param name="Address">Where it is; empty: nobody said.</param>
internal readonly record struct ContactText(string Id, byte[] Point, string Address);
