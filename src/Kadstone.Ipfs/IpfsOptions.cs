namespace Kadstone.Ipfs;

/// <summary>How an IPFS node is set up. Every default is a working one.</summary>
public sealed record IpfsOptions
{
    /// <summary>A peer of the public network: known to every client since 2015, and the one that needs neither a TXT record nor QUIC.</summary>
    public static IReadOnlyList<Multiaddr> PublicBootstrap { get; } =
        [Multiaddr.Parse("/ip4/104.131.131.82/tcp/4001/p2p/QmaCpDMGvV2BGHeYERUEnRQAwe3N8SzbUtfsmvsqQLuvuJ")];

    /// <summary>The host: identity, where it listens, its limits. Default: port 4001. Its policy is set from <see cref="Scope"/> and <see cref="Policy"/>.</summary>
    public Libp2pOptions Host { get; init; } = new();

    /// <summary>Which DHT the node is part of. Default <see cref="KadScope.Both"/>.</summary>
    public KadScope Scope { get; init; } = KadScope.Both;

    /// <summary>Which addresses enter the table, answers and dials. Default null: public ones in the worldwide DHT, private ones in that of a site.</summary>
    public AddressPolicy? Policy { get; init; }

    /// <summary>Whether the node serves others. Default <see cref="KadMode.Auto"/>.</summary>
    public KadMode Mode { get; init; } = KadMode.Auto;

    /// <summary>What the protocol ids begin with. Default <c>/ipfs</c>, the public network; another makes a network of one's own.</summary>
    public string ProtocolPrefix { get; init; } = "/ipfs";

    /// <summary>Whom to meet first, each with its peer at the end. Of a <c>/dnsaddr</c> the DNS is asked for the addresses. Default: nobody.</summary>
    public IReadOnlyList<Multiaddr> Bootstrap { get; init; } = [];

    /// <summary>Which DNS servers are asked for what stands behind a <c>/dnsaddr</c>. Default empty: those of the system.</summary>
    public IReadOnlyList<System.Net.IPEndPoint> NameServers { get; init; } = [];

    /// <summary>Validators besides <c>pk</c> and <c>ipns</c>, for namespaces of one's own. Default none; the public network knows no others.</summary>
    public IReadOnlyList<IRecordValidator> Validators { get; init; } = [];

    /// <summary>How long an operation may take unless its own options say otherwise. Default 1 min.</summary>
    public TimeSpan OperationTimeout { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>How long one request to one peer may take, dial included. Default 10 s.</summary>
    public TimeSpan RequestTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How many requests a second one peer may send, and ten times as many at once; beyond, its streams are reset. Default null: 200 in the worldwide DHT, any number elsewhere.</summary>
    public int? RequestsPerPeer { get; init; }

    /// <summary>How often what we provide is told anew. Default 22 h: others forget after 48.</summary>
    public TimeSpan ProvideInterval { get; init; } = TimeSpan.FromHours(22);

    /// <summary>How often records that are kept are put anew. Default 4 h.</summary>
    public TimeSpan RecordInterval { get; init; } = TimeSpan.FromHours(4);

    /// <summary>How long a name that is told again is valid from then on, where the node holds its key; one that ends later keeps its end. Default 48 h; up to 10 years.</summary>
    public TimeSpan NameLifetime { get; init; } = TimeSpan.FromHours(48);

    /// <summary>How often the table is refreshed. Default 10 min. Who has just joined looks for itself sooner: after 1, 2, 4 and 8 min.</summary>
    public TimeSpan RefreshInterval { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>Whether provides are optimistic unless their own options say otherwise. Default false.</summary>
    public bool OptimisticProvide { get; init; }

    /// <summary>What content links to, for a recursive provide. Default null: there is none, and a recursive provide is refused.</summary>
    public Func<Cid, IAsyncEnumerable<Cid>>? Links { get; init; }

    /// <summary>Whether the node holds content that it is to provide; false makes the provide throw <see cref="ContentNotLocalException"/>. Default null: not asked.</summary>
    public Func<Cid, CancellationToken, ValueTask<bool>>? HasContent { get; init; }

    /// <summary>What the host may dial: all that one of the DHTs takes.</summary>
    internal AddressPolicy HostPolicy => Policy ?? Scope switch
    {
        KadScope.Wan => AddressPolicy.Public,
        KadScope.Lan => AddressPolicy.Lan,
        _ => AddressPolicy.Any,
    };

    internal void Validate()
    {
        Require(Scope is KadScope.Wan or KadScope.Lan or KadScope.Both, nameof(Scope), "it is Wan, Lan or Both");
        Require(Enum.IsDefined(Mode), nameof(Mode), "it is Auto, Client or Server");
        Require(ProtocolPrefix is ['/', not '/', ..] && ProtocolPrefix.Length <= 128 && !ProtocolPrefix.EndsWith('/') && !ProtocolPrefix.Contains('\n', StringComparison.Ordinal),
            nameof(ProtocolPrefix), "it begins with a slash, does not end with one, and has at most 128 characters");
        Require(OperationTimeout > TimeSpan.Zero, nameof(OperationTimeout), "it must be above zero");
        Require(RequestTimeout > TimeSpan.Zero, nameof(RequestTimeout), "it must be above zero");
        Require(RequestsPerPeer is null or > 0 and <= 1_000_000, nameof(RequestsPerPeer), "it is above zero and at most a million, or null");
        Require(ProvideInterval > TimeSpan.Zero && ProvideInterval < TimeSpan.FromHours(48), nameof(ProvideInterval), "it must be above zero and below 48 h");
        Require(RecordInterval > TimeSpan.Zero, nameof(RecordInterval), "it must be above zero");
        Require(NameLifetime > TimeSpan.Zero && NameLifetime <= TimeSpan.FromDays(3653), nameof(NameLifetime), "it must be above zero and at most 10 years");
        Require(RefreshInterval > TimeSpan.Zero, nameof(RefreshInterval), "it must be above zero");
        Require(Validators.All(validator => validator.Namespace is { Length: > 0 } name && !name.Contains('/', StringComparison.Ordinal)), nameof(Validators), "a namespace has a name without slashes");
        Require(Validators.Select(validator => validator.Namespace).Concat(["pk", "ipns"]).Distinct(StringComparer.Ordinal).Count() == Validators.Count + 2,
            nameof(Validators), "a namespace has one validator, and pk and ipns have theirs");
        Require(Bootstrap.All(address => address.Peer is not null), nameof(Bootstrap), "each address ends with its peer, /p2p/…");
    }

    private static void Require(bool holds, string option, string allowed)
    {
        if (!holds)
        {
            throw new ArgumentException($"IpfsOptions.{option} is out of range: {allowed}.", option);
        }
    }
}
