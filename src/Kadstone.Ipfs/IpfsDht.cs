using System.Diagnostics.Metrics;
using Kadstone.Crypto;
using Kadstone.Ipfs.Core;
using Kadstone.Kademlia;
using Kadstone.Storage;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Kadstone.Ipfs;

/// <summary>A node of the IPFS DHT: it finds peers, providers and values, provides, publishes names, and serves others.</summary>
/// <example>
/// <code>
/// await using IpfsDht dht = await IpfsDht.CreateAsync(new IpfsOptions { Bootstrap = [known] });
/// await foreach (PeerInfo provider in dht.FindProvidersAsync(cid)) { … }
/// </code>
/// </example>
/// <remarks>
/// <para>Safe for concurrent use. Every verb has two forms: one that returns its result, and one ending in <c>EventsAsync</c> that
/// streams what happens meanwhile. A stream does its work while it is enumerated; leaving it cancels the work.</para>
/// <para>All verbs throw <see cref="NodeOfflineException"/> once the node is closed, and <see cref="DhtTimeoutException"/> when their time is over.</para>
/// </remarks>
public sealed partial class IpfsDht : IAsyncDisposable
{
    private readonly IpfsOptions _options;
    private readonly TimeProvider _time;
    private readonly IRecordStore _store;
    private readonly bool _ownsStore;
    private readonly ILogger _logger;
    private readonly RecordRules _rules;
    private readonly RecordDesk _desk;
    private readonly NameRenewal _renewal;
    private readonly Keeper _keeper;
    private readonly DnsAddrResolver _names;
    private readonly KadNode[] _nodes;
    private readonly CancellationTokenSource _closing = new();
    private readonly Lock _lock = new();
    private readonly IpfsMetrics? _metrics;
    private readonly Task _joining;
    private readonly Task _rejoining;
    private readonly Task _upkeep;
    private readonly Task _retelling;
    private Task? _disposal;

    private IpfsDht(IpfsOptions options, PrivateKey identity, Libp2pHost host, IRecordStore? store, ILogger logger, TimeProvider time, IMeterFactory? meters)
    {
        _options = options;
        _time = time;
        Host = host;
        _ownsStore = store is null;
        _store = store ?? new MemoryRecordStore(timeProvider: time);
        _logger = logger;
        _rules = new RecordRules(options.Validators);
        _desk = new RecordDesk(_store, _rules, time);
        _names = new DnsAddrResolver(options.NameServers, time);
        _nodes = [.. CreateNodes()];
        _renewal = new NameRenewal(identity, options.NameLifetime, logger);
        _keeper = new Keeper(_store, options, time, logger, _renewal, TellRegionAsync, PutAgainAsync);
        _metrics = meters is null ? null : new IpfsMetrics(meters, this);
        host.Identified += OnIdentified;
        host.Disconnected += OnDisconnected;
        _joining = Task.Run(JoinAsync);
        _rejoining = Task.Run(KeepJoinedAsync);
        _upkeep = Task.Run(KeepUpAsync);
        _retelling = Task.Run(RetellAsync);
    }

    /// <summary>The host under the node: its connections, and what else shall be served on it.</summary>
    public Libp2pHost Host { get; }

    /// <summary>Who we are.</summary>
    public PeerId LocalPeer => Host.LocalPeer;

    /// <summary>Where we are, without the peer at the end.</summary>
    public IReadOnlyList<Multiaddr> Addresses => Host.OwnAddresses;

    /// <summary>Ends when the first peers are met and the table is filled from them; at once when there is nobody to meet. Never fails.</summary>
    public Task Ready => _joining;

    /// <summary>Binds the listeners and starts the node, which meets its first peers in the background.</summary>
    /// <param name="options">How it is set up; null: all defaults.</param>
    /// <param name="store">Where values and what is provided are kept; null: in memory. A store that is given is not disposed.</param>
    /// <param name="loggerFactory">Where it logs; null: nowhere.</param>
    /// <param name="timeProvider">Its clock; null: the system's.</param>
    /// <param name="meterFactory">Where the instruments of the node and of its host are made; null: nowhere.</param>
    /// <param name="cancellationToken">Gives up starting.</param>
    /// <exception cref="ArgumentException">An option is out of range.</exception>
    /// <exception cref="System.Net.Sockets.SocketException">A listener cannot be bound.</exception>
    public static async Task<IpfsDht> CreateAsync(
        IpfsOptions? options = null,
        IRecordStore? store = null,
        ILoggerFactory? loggerFactory = null,
        TimeProvider? timeProvider = null,
        IMeterFactory? meterFactory = null,
        CancellationToken cancellationToken = default)
    {
        options ??= new IpfsOptions();
        options.Validate();
        loggerFactory ??= NullLoggerFactory.Instance;
        PrivateKey identity = options.Host.Identity ?? PrivateKey.Generate(new SecureRandom());
        Libp2pOptions hostOptions = options.Host with { Identity = identity, Policy = options.HostPolicy };
        Libp2pHost host = await Libp2pHost.CreateAsync(hostOptions, loggerFactory, timeProvider, meterFactory, cancellationToken).ConfigureAwait(false);
        return new IpfsDht(options, identity, host, store, loggerFactory.CreateLogger("Kadstone.Ipfs"), timeProvider ?? TimeProvider.System, meterFactory);
    }

    /// <summary>Meets a peer: it enters the table if it serves the DHT.</summary>
    /// <exception cref="PeerUnreachableException">No address leads to the peer.</exception>
    public async Task ConnectAsync(PeerInfo peer, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(peer);
        ThrowIfClosed();
        await Host.ConnectAsync(peer, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Meets whoever listens at an address. Of a <c>/dnsaddr</c> the DNS is asked first.</summary>
    /// <returns>Who that is.</returns>
    /// <exception cref="PeerUnreachableException">The address leads to nobody, or to another peer than it names.</exception>
    public async Task<PeerId> ConnectAsync(Multiaddr address, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(address);
        ThrowIfClosed();
        if (!DnsAddrResolver.IsNamed(address))
        {
            return await Host.ConnectAsync(address, cancellationToken).ConfigureAwait(false);
        }

        IReadOnlyList<Multiaddr> found = await _names.ResolveAsync(address, cancellationToken).ConfigureAwait(false);
        PeerId peer = address.Peer ?? found.Select(each => each.Peer).FirstOrDefault(each => each is not null) ?? throw new PeerUnreachableException($"{address} leads to nobody.");
        PeerInfo info = new(peer, [.. found.Where(each => each.Peer is null || each.Peer == peer).Select(each => each.WithoutPeer())]);
        if (_options.Bootstrap.Contains(address))
        {
            Array.ForEach(_nodes, node => node.AddBootstrap(info));
        }

        await Host.ConnectAsync(info, cancellationToken).ConfigureAwait(false);
        return peer;
    }

    /// <summary>Whether others are served, in any of the DHTs.</summary>
    public bool IsServer => _nodes.Any(node => node.IsServer);

    /// <summary>The counts, of each DHT that the node is part of.</summary>
    public IReadOnlyList<IpfsStatus> Status() => [.. _nodes.Select(node => node.Status())];

    /// <summary>The entries of the routing tables.</summary>
    public IReadOnlyList<PeerInfo> Contacts() => [.. _nodes.SelectMany(node => node.Contacts()).DistinctBy(contact => contact.Id)];

    /// <summary>The routing table of each DHT, in the order of <see cref="Status"/>.</summary>
    public IReadOnlyList<TableView<Key256, KadContact>> Tables() => [.. _nodes.Select(node => node.Table())];

    /// <summary>Who hears of every lookup of this node, its own upkeep included. Null, the default: nobody, at no cost.</summary>
    public ILookupObserver<KadContact>? LookupObserver
    {
        get => _nodes[0].LookupObserver;
        set => Array.ForEach(_nodes, node => node.LookupObserver = value);
    }

    internal RecordDesk Desk => _desk;

    internal Keeper Keeper => _keeper;

    /// <summary>Serves others from now on, or no more, in every DHT.</summary>
    internal void Serve(bool isServed) => Array.ForEach(_nodes, node => node.Serve(isServed));

    /// <summary>Ends when each table has so many entries.</summary>
    internal Task HasContactsAsync(int count) => Task.WhenAll(_nodes.Select(node => node.HasContactsAsync(count)));

    /// <summary>Stops queries and upkeep, then closes the host. May be called twice.</summary>
    public ValueTask DisposeAsync()
    {
        lock (_lock)
        {
            _disposal ??= DisposeOnceAsync();
            return new ValueTask(_disposal);
        }
    }
}
