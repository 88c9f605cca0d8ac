namespace Kadstone.Mainline.Core.Peers;

/// <summary>What became of an announced peer.</summary>
internal enum PeerAdmission : byte
{
    /// <summary>The peer is new under this infohash.</summary>
    Added,

    /// <summary>The peer was known; its life begins anew.</summary>
    Refreshed,

    /// <summary>Nobody can be reached at port 0.</summary>
    RefusedPort,

    /// <summary>The address has <see cref="PeerTableOptions.MaxPerHostAndKey"/> other ports under this infohash.</summary>
    RefusedHostLimit,

    /// <summary>The /24 or /64 has <see cref="PeerTableOptions.MaxPerPrefixAndKey"/> peers under this infohash.</summary>
    RefusedPrefixLimit,

    /// <summary>The address (IPv6: the /64) has <see cref="PeerTableOptions.MaxPerHost"/> peers under all infohashes together.</summary>
    RefusedHostTotal,

    /// <summary>The infohash has <see cref="PeerTableOptions.MaxPeersPerKey"/> peers of this IP version.</summary>
    RefusedKeyFull,

    /// <summary>The table is full, and nothing in it is both newer and farther from our node id.</summary>
    RefusedTableFull,
}
