using Kadstone.Datagrams;
using Kadstone.Kademlia;

namespace Kadstone.Mainline;

/// <summary>What an announcement came to.</summary>
/// <param name="Lookup">Of the questions.</param>
/// <param name="Commit">Of the writes to the nearest nodes.</param>
public readonly record struct AnnounceResult(LookupOutcome Lookup, CommitOutcome Commit);

/// <summary>What a scrape estimates (BEP 33).</summary>
/// <param name="Seeds">About how many peers have it all.</param>
/// <param name="Downloaders">About how many do not.</param>
/// <param name="Nodes">How many nodes sent filters; 0: the estimate says nothing.</param>
/// <param name="Lookup">Of the questions.</param>
public readonly record struct ScrapeResult(double Seeds, double Downloaders, int Nodes, LookupOutcome Lookup);

/// <summary>What a ping brought.</summary>
/// <param name="Node">Who answered.</param>
/// <param name="RoundTrip">How long it took.</param>
/// <param name="SeenAs">Our address as the node sees it (BEP 42); null when it does not say.</param>
/// <param name="Version">The client version, arbitrary bytes; often empty.</param>
public sealed record PingResult(NodeContact Node, TimeSpan RoundTrip, UdpEndpoint? SeenAs, ReadOnlyMemory<byte> Version);

/// <summary>What a search for nodes brought.</summary>
/// <param name="Closest">The nearest nodes that answered, nearest first.</param>
/// <param name="Lookup">Of the questions.</param>
/// <param name="Traces">How it went, one of each address family.</param>
public sealed record FindNodeResult(IReadOnlyList<NodeContact> Closest, LookupOutcome Lookup, IReadOnlyList<LookupTrace> Traces);

/// <summary>What one node stores, or rather a sample of it (BEP 51).</summary>
/// <param name="InfoHashes">At most some 20.</param>
/// <param name="Total">How many it says it stores.</param>
/// <param name="Interval">How long to wait before asking it again.</param>
/// <param name="Closer">Nodes near the target.</param>
public sealed record SampleResult(IReadOnlyList<Key160> InfoHashes, long Total, TimeSpan Interval, IReadOnlyList<NodeContact> Closer);

/// <summary>An item that was found (BEP 44).</summary>
/// <param name="Value">The value.</param>
/// <param name="IsMutable">Whether it is signed and versioned.</param>
/// <param name="Sequence">The version; 0 for an immutable item.</param>
/// <param name="PublicKey">The key that signed it; empty for an immutable item.</param>
/// <param name="Signature">The signature; empty for an immutable item.</param>
/// <param name="Copies">How many nodes returned just this version.</param>
/// <param name="Forged">How many answers were thrown away for a wrong hash or signature.</param>
/// <param name="Lookup">Of the questions.</param>
public sealed record FoundItem(
    ItemValue Value,
    bool IsMutable,
    long Sequence,
    ReadOnlyMemory<byte> PublicKey,
    ReadOnlyMemory<byte> Signature,
    int Copies,
    int Forged,
    LookupOutcome Lookup);

/// <summary>What a put came to.</summary>
/// <param name="Target">Where the item is.</param>
/// <param name="Sequence">Its version; 0 for an immutable item.</param>
/// <param name="Lookup">Of the questions.</param>
/// <param name="Commit">Of the writes to the nearest nodes.</param>
public readonly record struct PutItemResult(Key160 Target, long Sequence, LookupOutcome Lookup, CommitOutcome Commit);

/// <summary>A node at one moment, for people and dashboards.</summary>
/// <param name="Ids">Our node id on each socket.</param>
/// <param name="IsServing">Whether we answer queries.</param>
/// <param name="IsReachable">Whether a query from a stranger has proven that others reach us.</param>
/// <param name="ExternalAddress">Our address by the votes of others; null before they agree.</param>
/// <param name="Contacts">Entries of all routing tables.</param>
/// <param name="StoredInfoHashes">Infohashes of which we store peers.</param>
/// <param name="StoredPeers">Peers that we store.</param>
/// <param name="ActiveLookups">Lookups that callers and our advertisements wait for now.</param>
/// <param name="UpkeepLookups">Lookups of the node's own: joining, and refreshing its table.</param>
/// <param name="OpenRequests">Questions that wait for an answer.</param>
/// <param name="Advertisements">What we publish again and again.</param>
/// <param name="Received">Datagrams in.</param>
/// <param name="Sent">Datagrams out.</param>
/// <param name="Queries">Well-formed queries in.</param>
/// <param name="Malformed">Datagrams dropped as malformed.</param>
/// <param name="RateLimited">Queries dropped by a limit.</param>
/// <param name="Unmatched">Answers that fit no question of ours.</param>
/// <param name="NetworkSize">About how many nodes the network has.</param>
public sealed record MainlineStatus(
    IReadOnlyList<Key160> Ids,
    bool IsServing,
    bool IsReachable,
    UdpEndpoint? ExternalAddress,
    int Contacts,
    int StoredInfoHashes,
    int StoredPeers,
    int ActiveLookups,
    int UpkeepLookups,
    int OpenRequests,
    int Advertisements,
    long Received,
    long Sent,
    long Queries,
    long Malformed,
    long RateLimited,
    long Unmatched,
    NetworkSize NetworkSize)
{
    /// <summary>Bytes of the datagrams in.</summary>
    public long BytesReceived { get; init; }

    /// <summary>Bytes of the datagrams out.</summary>
    public long BytesSent { get; init; }
}
