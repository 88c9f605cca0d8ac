namespace Kadstone.Mainline.Core.Peers;

/// <summary>The bounds of a <see cref="PeerTable"/>.</summary>
/// <remarks>
/// With the defaults a full table takes 60 to 140 MB, the most when it holds a million infohashes and IPv6 peers only.
/// For comparison: libtorrent keeps 2,000 keys of 500 peers, jech/dht 16,384 of 2,048, mldht 6,000 peers a key.
/// </remarks>
internal sealed record PeerTableOptions
{
    /// <summary>How many infohashes are kept. Default 1,000,000 (64 MB with one IPv4 peer each); at least 1.</summary>
    public int MaxKeys { get; init; } = 1_000_000;

    /// <summary>How many peers are kept under all infohashes together. Default 2,000,000; at least 1.</summary>
    public int MaxPeers { get; init; } = 2_000_000;

    /// <summary>How many peers of one IP version are kept under one infohash. Default 2,000: twenty full answers; 1 to 65,535.</summary>
    public int MaxPeersPerKey { get; init; } = 2_000;

    /// <summary>How many ports of one address are kept under one infohash. Default 4: clients behind one NAT; null for no limit.</summary>
    public int? MaxPerHostAndKey { get; init; } = 4;

    /// <summary>
    /// How many peers of one /24 (IPv4) or /64 (IPv6) are kept under one infohash. Default 16, so that one subnet never holds more
    /// than 1 % of a full list, while an access provider's customers still fit; null for no limit.
    /// </summary>
    public int? MaxPerPrefixAndKey { get; init; } = 16;

    /// <summary>
    /// How many peers one address (IPv6: one /64) may have under all infohashes together. Default 1,000; null for no limit.
    /// An honest host announces to the eight closest of millions of nodes, so even a large seedbox leaves a handful here.
    /// </summary>
    /// <remarks>Counted by a sketch that may overstate, never understate: about one honest host in ten thousand is refused while a thousand others are at the limit.</remarks>
    public int? MaxPerHost { get; init; } = 1_000;

    /// <summary>How long a peer is kept after its last announce. Default 45 min, as libtorrent; 1 s to 9 h, counted in whole seconds.</summary>
    public TimeSpan PeerLifetime { get; init; } = TimeSpan.FromMinutes(45);

    /// <summary>
    /// How long the same infohashes are given as samples. Default 30 min, shorter than the peers live, so that what is sampled can
    /// still be asked for; 0 to 6 h (BEP 51).
    /// </summary>
    public TimeSpan SampleInterval { get; init; } = TimeSpan.FromMinutes(30);

    /// <summary>The same options without the limits that count hosts or prefixes, for networks of many nodes on one address.</summary>
    public PeerTableOptions WithoutDiversity() => this with { MaxPerHostAndKey = null, MaxPerPrefixAndKey = null, MaxPerHost = null };

    /// <summary>Checks the ranges.</summary>
    /// <exception cref="ArgumentOutOfRangeException">A value is out of its documented range.</exception>
    public void Validate()
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(MaxKeys, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(MaxPeers, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(MaxPeersPerKey, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(MaxPeersPerKey, ushort.MaxValue);
        ArgumentOutOfRangeException.ThrowIfLessThan(MaxPerHostAndKey ?? 1, 1, nameof(MaxPerHostAndKey));
        ArgumentOutOfRangeException.ThrowIfLessThan(MaxPerPrefixAndKey ?? 1, 1, nameof(MaxPerPrefixAndKey));
        ArgumentOutOfRangeException.ThrowIfLessThan(MaxPerHost ?? 1, 1, nameof(MaxPerHost));
        ArgumentOutOfRangeException.ThrowIfLessThan(PeerLifetime, TimeSpan.FromSeconds(1));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(PeerLifetime, TimeSpan.FromHours(9));
        ArgumentOutOfRangeException.ThrowIfLessThan(SampleInterval, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(SampleInterval, TimeSpan.FromHours(6));
    }
}
