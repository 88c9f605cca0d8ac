using System.Net;
using System.Net.Sockets;
using Kadstone.Crypto;
using Kadstone.Datagrams;
using Kadstone.Kademlia;
using Kadstone.Mainline.Core;
using Kadstone.Mainline.Core.Peers;
using Kadstone.Storage;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Kadstone.Mainline;

/// <summary>A node of the BitTorrent Mainline DHT.</summary>
/// <example>
/// <code>
/// await using MainlineDht dht = await MainlineDht.CreateAsync(new MainlineOptions { Bootstrap = MainlineOptions.PublicRouters });
/// await foreach (UdpEndpoint peer in dht.GetPeersAsync(infoHash)) Console.WriteLine(peer);
/// </code>
/// </example>
/// <remarks>BEP 5, 32, 33, 42, 43, 44, 45, 46 and 51. Safe for concurrent use; its members never block on the network but by <c>await</c>.</remarks>
public sealed partial class MainlineDht : IAsyncDisposable
{
    // With fewer contacts than a bucket holds, a saved state keeps those of before as well, and no more than a lookup starts with.
    private const int FewContacts = 8;
    private const int MaxContactsKept = 48;

    // Saved contacts that are dead hold up the end of a join; whoever has one that answers can be used.
    private static readonly TimeSpan s_joinPatience = TimeSpan.FromSeconds(3);

    private readonly MainlineOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly DatagramDriver<MainlineProtocol> _driver;
    private readonly IRecordStore _store;
    private readonly PeerWatch _watch;
    private readonly Troubles _troubles;
    private readonly ItemDesk _items;
    private readonly PeerJournal _journal;
    private readonly RouterResolver _routers;
    private readonly MainlineMetrics? _metrics;
    private readonly CancellationTokenSource _closing = new();
    private readonly Signal _joined = new();
    private readonly Lock _stateLock = new();
    private MainlineState? _lastState;
    private volatile IReadOnlyList<NodeContact> _lastContacts = [];
    private int _hosts;
    private Task? _disposal;

    private MainlineDht(
        MainlineOptions options,
        DatagramDriver<MainlineProtocol> driver,
        IRecordStore store,
        ILoggerFactory loggerFactory,
        TimeProvider time,
        System.Diagnostics.Metrics.IMeterFactory? meters)
    {
        _options = options;
        _driver = driver;
        _store = store;
        _time = time;
        _logger = loggerFactory.CreateLogger("Kadstone.Mainline");
        _watch = new PeerWatch(this, driver, time, _logger);
        _troubles = new Troubles(this, _logger);
        _items = new ItemDesk(driver, store, time, _troubles);
        _journal = new PeerJournal(driver, store, time, _troubles, _logger);
        _routers = new RouterResolver(driver, options.Bootstrap, time, _troubles);
        _metrics = meters is null ? null : new MainlineMetrics(meters, this);
    }

    /// <summary>Called for each socket. A node listens before anybody holds it, so a handler is called as it is added.</summary>
    public event EventHandler<IPEndPoint>? Listening
    {
        add
        {
            foreach (IPEndPoint endpoint in LocalEndpoints)
            {
                value?.Invoke(this, endpoint);
            }
        }

        // Nothing was kept.
        remove { }
    }

    /// <summary>Raised when something fails that no caller waits for: the store, a bootstrap host's name. The node goes on.</summary>
    /// <remarks>Called on a thread of the pool; a handler may close the node, and one that throws is logged.</remarks>
    public event EventHandler<MainlineError>? Error
    {
        add => _troubles.Happened += value;
        remove => _troubles.Happened -= value;
    }

    /// <summary>Where the node listens, one endpoint a socket.</summary>
    public IReadOnlyList<IPEndPoint> LocalEndpoints => _driver.LocalEndpoints;

    /// <summary>The UDP port of the first socket.</summary>
    public int Port => _driver.LocalEndpoints[0].Port;

    /// <summary>Our node id on the first socket. It changes when the network tells us an address that it does not fit (BEP 42).</summary>
    public Key160 Id => _driver.Run(0, static (protocol, _, _) => protocol.Locals[0].Id);

    /// <summary>Opens the sockets and starts the node. Joining goes on in the background: see <see cref="WaitForNetworkAsync"/>.</summary>
    /// <param name="options">How it is set up; null: all defaults.</param>
    /// <param name="state">What an earlier node saved: id, port, contacts. Options that name an id or a port win.</param>
    /// <param name="loggerFactory">Where it logs; null: nowhere.</param>
    /// <param name="timeProvider">Its clock; null: the system's.</param>
    /// <param name="meterFactory">Where it counts; null: nowhere.</param>
    /// <param name="cancellationToken">Gives up starting.</param>
    /// <exception cref="ArgumentException">An option is out of range.</exception>
    /// <exception cref="SocketException">A socket cannot be bound.</exception>
    public static async Task<MainlineDht> CreateAsync(
        MainlineOptions? options = null,
        MainlineState? state = null,
        ILoggerFactory? loggerFactory = null,
        TimeProvider? timeProvider = null,
        System.Diagnostics.Metrics.IMeterFactory? meterFactory = null,
        CancellationToken cancellationToken = default)
    {
        options ??= new MainlineOptions();
        TimeProvider time = timeProvider ?? TimeProvider.System;
        IRecordStore store = options.Store ?? new MemoryRecordStore(timeProvider: time);
        MainlineDht dht;
        try
        {
            dht = Create(options, state, store, loggerFactory ?? NullLoggerFactory.Instance, time, meterFactory);
        }
        catch
        {
            await store.DisposeAsync().ConfigureAwait(false);
            throw;
        }

        try
        {
            await dht.StartAsync(state, cancellationToken).ConfigureAwait(false);
            return dht;
        }
        catch
        {
            await dht.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>A node with a port, as <c>dht.node.create(port)</c>.</summary>
    public static Task<MainlineDht> CreateAsync(int port, CancellationToken cancellationToken = default) =>
        CreateAsync(new MainlineOptions { Port = port }, cancellationToken: cancellationToken);

    /// <summary>A node with an earlier node's id, port and contacts, as <c>dht.node.create(state)</c>.</summary>
    public static Task<MainlineDht> CreateAsync(MainlineState state, CancellationToken cancellationToken = default) =>
        CreateAsync(null, state, cancellationToken: cancellationToken);

    /// <summary>Waits until the first join is over, or 8 contacts have answered, or after 3 s one: the rest of the join goes on.</summary>
    /// <returns>How many contacts answered so far; 0 when nobody did, and also for the first node of a network.</returns>
    public async Task<int> WaitForNetworkAsync(CancellationToken cancellationToken = default)
    {
        using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _closing.Token);
        bool isPatienceOver = false;
        void EndPatience(object? state)
        {
            isPatienceOver = true;
            _joined.Set();
        }

        using ITimer patience = _time.CreateTimer(EndPatience, null, s_joinPatience, Timeout.InfiniteTimeSpan);
        while (true)
        {
            (bool hasJoined, int contacts) = _driver.Run(0, static (protocol, _, _) => (protocol.HasJoined, protocol.ContactCount));
            if (hasJoined || contacts >= FewContacts || (contacts > 0 && isPatienceOver))
            {
                _joined.Set();
                return contacts;
            }

            await _joined.WaitAsync(either.Token).ConfigureAwait(false);
        }
    }

    /// <summary>Id, port and contacts of this moment; after closing, those of the last moment. While hardly anybody answers, earlier contacts are kept.</summary>
    public MainlineState Save()
    {
        lock (_stateLock)
        {
            if (_lastState is not null)
            {
                return _lastState;
            }
        }

        return Snapshot();
    }

    /// <summary>Closes the node and waits for it, as <c>node.close()</c>; safe inside an event handler, and twice.</summary>
    public void Close() => DisposeAsync().AsTask().GetAwaiter().GetResult();

    /// <summary>Ends lookups, journals the peers, closes sockets and store. Safe inside an event handler, and twice.</summary>
    public ValueTask DisposeAsync()
    {
        _watch.NoteClosing();
        lock (_stateLock)
        {
            _disposal ??= DisposeOnceAsync();
            return new ValueTask(_disposal);
        }
    }

    private async Task DisposeOnceAsync()
    {
        // Off the caller's lock and thread: a handler may have called us.
        await Task.Yield();
        MainlineState state = Snapshot();
        lock (_stateLock)
        {
            _lastState = state;
        }

        _metrics?.Dispose();
        try
        {
            await _closing.CancelAsync().ConfigureAwait(false);
            await _routers.DisposeAsync().ConfigureAwait(false);
            await _watch.DisposeAsync().ConfigureAwait(false);
            await _items.DisposeAsync().ConfigureAwait(false);
            await _journal.DisposeAsync().ConfigureAwait(false);
        }
        finally
        {
            // Whatever a store of somebody else's making throws: sockets are closed.
            await _driver.DisposeAsync().ConfigureAwait(false);
            _driver.Run(static (protocol, _) => protocol.StopAll());
            await _store.DisposeAsync().ConfigureAwait(false);
            MainlineLog.Closed(_logger);
        }
    }

    private async Task StartAsync(MainlineState? state, CancellationToken cancellationToken)
    {
        _hosts = _options.Bootstrap.Count + (state?.Nodes.Count ?? 0);
        _lastContacts = state?.Nodes ?? [];
        _driver.Run((protocol, _) => protocol.JoinChanged = _joined.Set);
        _driver.Start();
        _watch.Start();
        _items.Start();
        await _journal.StartAsync(cancellationToken).ConfigureAwait(false);
        Task resolved = _routers.Start();

        // Who knows nodes from an earlier life need not wait for a resolver that may be as dead as the routers.
        if (state is null || state.Nodes.Count == 0)
        {
            await resolved.WaitAsync(cancellationToken).ConfigureAwait(false);
        }

        _driver.Run((protocol, now) =>
        {
            protocol.AddSaved(state?.Nodes ?? []);
            protocol.Join(now);
        });
        foreach (IPEndPoint endpoint in LocalEndpoints)
        {
            MainlineLog.Listening(_logger, endpoint);
        }
    }

    private static MainlineDht Create(
        MainlineOptions options,
        MainlineState? state,
        IRecordStore store,
        ILoggerFactory loggers,
        TimeProvider time,
        System.Diagnostics.Metrics.IMeterFactory? meters)
    {
        options.Validate();
        List<UdpSocket> sockets = OpenSockets(options, options.Port != 0 ? options.Port : state?.Port ?? 0);
        try
        {
            SecureRandom chance = new();
            UdpEndpoint[] bound = [.. sockets.Select(socket => UdpEndpoint.From(socket.LocalEndpoint))];
            MainlineProtocol protocol = new(SettingsOf(options), bound, ChooseIds(options, state, bound, chance), chance, new MonotonicClock(time).Now);
            DatagramDriver<MainlineProtocol> driver = new(protocol, sockets, time, loggers) { Budget = options.Budget };
            return new MainlineDht(options, driver, store, loggers, time, meters);
        }
        catch
        {
            sockets.ForEach(socket => socket.Dispose());
            throw;
        }
    }

    private MainlineState Snapshot()
    {
        MainlineState state = _driver.Run(Port, static (protocol, port, _) => new MainlineState(
            [.. protocol.Locals.Select(local => local.Id)],
            port,
            [.. protocol.Locals.SelectMany(local => local.Table.Entries).Where(entry => entry.Failures == 0).Select(entry => entry.Contact)]));
        if (state.Nodes.Count >= FewContacts && state.Nodes.Count * 2 >= _lastContacts.Count)
        {
            _lastContacts = state.Nodes;
            return state;
        }

        // Hardly anybody answers, or not half as many as before: we have just started, or our network is away; everybody dead is less
        // likely. Without the earlier contacts the next run would stand alone if the routers are gone as well.
        return state with { Nodes = [.. state.Nodes.Union(_lastContacts).Take(MaxContactsKept)] };
    }

    private static List<UdpSocket> OpenSockets(MainlineOptions options, int port)
    {
        if (options.Socket is not null)
        {
            return [UdpSocket.Wrap(options.Socket, leaveOpen: true)];
        }

        List<UdpSocket> sockets = [];
        try
        {
            foreach (IPAddress address in options.Addresses)
            {
                sockets.Add(UdpSocket.Open(new IPEndPoint(address, port)));
            }

            return sockets;
        }
        catch
        {
            sockets.ForEach(socket => socket.Dispose());
            throw;
        }
    }

    internal static Key160[] ChooseIds(MainlineOptions options, MainlineState? state, UdpEndpoint[] sockets, Random chance)
    {
        Key160[] ids = new Key160[sockets.Length];
        for (int i = 0; i < ids.Length; i++)
        {
            ids[i] = i == 0 && options.Id is Key160 chosen ? chosen
                : i < (state?.Ids.Count ?? 0) ? state!.Ids[i]
                : FreshId(sockets[i], chance);
        }

        return ids;
    }

    // Whoever binds one public address knows it before any voter does. An id that does not fit it would be given up within seconds,
    // and stay for a quarter of an hour in the tables of those who met it.
    private static Key160 FreshId(UdpEndpoint bound, Random chance) =>
        AddressScope.Public.Allows(bound) ? SecureNodeId.Create(bound, chance) : Keyspace.Random<Key160>(chance);

    private static CoreSettings SettingsOf(MainlineOptions options)
    {
        PeerTableOptions peers = new() { MaxKeys = options.MaxInfoHashes };
        return new CoreSettings
        {
            Scope = options.Scope,
            Diversity = options.Diversity,
            Limits = options.Limits,
            Serving = options.Serving ?? (options.Scope == AddressScope.Private ? ServingMode.Always : ServingMode.Adaptive),
            Peers = options.Diversity ? peers : peers.WithoutDiversity(),
            AnnounceInterval = options.AnnounceInterval,
            RepublishInterval = options.RepublishInterval,
            SecuresId = options.Id is null,
        };
    }
}
