using System.Net;
using System.Net.Sockets;
using Kadstone.Crypto;
using Kadstone.Datagrams;
using Kadstone.Hyperswarm.Core.Gen1;
using Kadstone.Kademlia;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Kadstone.Hyperswarm;

/// <summary>A node of dht-rpc 1 to 3: commands by name over a DHT, on the wire of the first generation.</summary>
/// <example>
/// <code>
/// await using Gen1RpcNode node = Gen1RpcNode.Create(new RpcOptions { Bootstrap = ["localhost:10001"] });
/// node.OnQuery(new RpcCommand("lookup", 0), (request, _) => ValueTask.FromResult(new RpcReply(Find(request.Target))));
/// await foreach (RpcAnswer answer in node.QueryAsync(target, new RpcCommand("lookup", 0))) Console.WriteLine(answer.From);
/// </code>
/// </example>
/// <remarks>
/// Of a command its name counts alone. The wire has no errors: what a handler throws or refuses is not answered. Safe for concurrent use; its
/// members never block on the network but by <c>await</c>.
/// </remarks>
public sealed partial class Gen1RpcNode : IRpcNode
{
    private readonly RpcOptions _options;
    private readonly HostPort[] _bootstrap;
    private readonly bool _servesPeers;
    private readonly Action<HyperTraffic>? _heard;
    private readonly Key256 _id;
    private readonly TimeProvider _time;
    private readonly ILoggerFactory _loggers;
    private readonly ILogger _logger;
    private readonly Responder<Gen1Protocol> _responder;
    private readonly CancellationTokenSource _closing = new();
    private readonly TaskCompletionSource _joined = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Lock _gate = new();
    private DatagramDriver<Gen1Protocol>? _driver;
    private Resolver<Gen1Protocol>? _resolver;
    private Task? _disposal;

    private Gen1RpcNode(RpcOptions options, int defaultPort, bool servesPeers, Action<HyperTraffic>? heard, ILoggerFactory? loggers, TimeProvider? time)
    {
        options.Validate();
        _options = options;
        _bootstrap = [.. options.Bootstrap.Select(host => HostPort.Parse(host, defaultPort))];
        _servesPeers = servesPeers;
        _heard = heard;
        _id = options.Id ?? Keyspace.Random<Key256>(new SecureRandom());
        _time = time ?? TimeProvider.System;
        _loggers = loggers ?? NullLoggerFactory.Instance;
        _logger = _loggers.CreateLogger("Kadstone.Hyperswarm");
        _responder = new Responder<Gen1Protocol>(_logger);
    }

    /// <inheritdoc/>
    public IPEndPoint LocalEndpoint => _driver?.LocalEndpoints[0] ?? throw new InvalidOperationException("The node does not listen yet.");

    /// <inheritdoc/>
    public Key256? Id => _options.Ephemeral == true ? null : _id;

    /// <inheritdoc/>
    public Task Ready
    {
        get
        {
            Task listening = ListenAsync();
            return listening.IsCompletedSuccessfully ? _joined.Task : listening;
        }
    }

    internal TimeProvider Time => _time;

    internal ILogger Logger => _logger;

    /// <summary>Makes a node. It listens when it is told to, or first used.</summary>
    /// <param name="options">How it is set up; null: all defaults. A bootstrap host without a port has 3282.</param>
    /// <param name="loggerFactory">Where it logs; null: nowhere.</param>
    /// <param name="timeProvider">Its clock; null: the system's.</param>
    /// <exception cref="ArgumentException">An option is out of range.</exception>
    public static Gen1RpcNode Create(RpcOptions? options = null, ILoggerFactory? loggerFactory = null, TimeProvider? timeProvider = null) =>
        new(options ?? new RpcOptions(), HostPort.Gen1RpcPort, servesPeers: false, heard: null, loggerFactory, timeProvider);

    /// <summary>Makes a node through which others join, and that keeps nothing for anybody: it is ephemeral, and knows who is there.</summary>
    /// <param name="port">Its port; hyperdht takes 49737 where none is named, dht-rpc 3282.</param>
    /// <param name="options">The rest; null: all defaults. Its port, id and whether it is ephemeral do not count.</param>
    /// <param name="loggerFactory">Where it logs; null: nowhere.</param>
    /// <param name="timeProvider">Its clock; null: the system's.</param>
    /// <exception cref="ArgumentException">An option is out of range.</exception>
    public static Gen1RpcNode CreateBootstrapper(int port, RpcOptions? options = null, ILoggerFactory? loggerFactory = null, TimeProvider? timeProvider = null) =>
        Create((options ?? new RpcOptions()) with { Port = port, Ephemeral = true, Id = null }, loggerFactory, timeProvider);

    internal static Gen1RpcNode CreateFor(RpcOptions options, Action<HyperTraffic> heard, ILoggerFactory? loggers, TimeProvider? time) =>
        new(options, HostPort.DefaultPort, servesPeers: true, heard, loggers, time);

    /// <inheritdoc/>
    public Task ListenAsync(int? port = null, CancellationToken cancellationToken = default)
    {
        try
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (port is < 0 or > 65_535)
            {
                throw new ArgumentOutOfRangeException(nameof(port), "A UDP port is 0 to 65535.");
            }

            int bound = Started(port).LocalEndpoints[0].Port;
            return port is null or 0 || port == bound
                ? Task.CompletedTask
                : throw new InvalidOperationException($"The node listens on port {bound} already.");
        }
        catch (Exception exception)
        {
            return Task.FromException(exception);
        }
    }

    /// <inheritdoc/>
    public async Task BootstrapAsync(CancellationToken cancellationToken = default)
    {
        DatagramDriver<Gen1Protocol> driver = Started();
        using CancellationTokenSource any = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _closing.Token);
        await Ready.WaitAsync(any.Token).ConfigureAwait(false);
        Signal changed = new();
        Gen1Walk walk = driver.Run(changed, static (protocol, signal, now) => protocol.Rejoin(signal.Set, now));
        while (!driver.Run(walk, static (_, running, _) => running.IsFinished))
        {
            await changed.WaitAsync(any.Token).ConfigureAwait(false);
        }
    }

    /// <inheritdoc/>
    public void OnQuery(RpcCommand command, Func<RpcRequest, CancellationToken, ValueTask<RpcReply>> handler) => Serve(command, handler, commits: false);

    /// <inheritdoc/>
    public void OnClosest(RpcCommand command, Func<RpcRequest, CancellationToken, ValueTask<RpcReply>> handler) => Serve(command, handler, commits: true);

    /// <summary>Waits until the first join is over.</summary>
    /// <returns>How many contacts answered so far; 0 when nobody did, and also for the first node of a network.</returns>
    public async Task<int> WaitForNetworkAsync(CancellationToken cancellationToken = default)
    {
        await Ready.WaitAsync(cancellationToken).ConfigureAwait(false);
        return Started().Run(0, static (protocol, _, _) => protocol.Table.Count);
    }

    /// <summary>The entries of the routing table.</summary>
    public IReadOnlyList<TableEntry<RpcContact>> Contacts() => _driver?.Run(0, static (protocol, _, _) => protocol.Table.Entries.Select(
        entry => new TableEntry<RpcContact>(Public(entry.Contact), entry.Bucket, entry.LastSeen, entry.Failures, entry.Added)).ToArray()) ?? [];

    /// <summary>Ends queries and closes the socket, unless it is the caller's. May be called twice.</summary>
    public ValueTask DisposeAsync()
    {
        lock (_gate)
        {
            _disposal ??= DisposeOnceAsync(_driver, _resolver);
            return new ValueTask(_disposal);
        }
    }

    /// <summary>The driver, which starts when it is first asked for.</summary>
    /// <exception cref="SocketException">The port is in use, or cannot be bound.</exception>
    internal DatagramDriver<Gen1Protocol> Started(int? port = null)
    {
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_disposal is not null, this);
            if (_driver is not null)
            {
                return _driver;
            }

            UdpSocket socket = _options.Socket is Socket given
                ? UdpSocket.Wrap(given, leaveOpen: !_options.OwnsSocket)
                : UdpSocket.Open(new IPEndPoint(_options.Host, port ?? _options.Port));
            Gen1Settings settings = new()
            {
                Scope = _options.Scope,
                Diversity = _options.Diversity,
                Limits = _options.Limits,
                Id = _id,
                IsEphemeral = _options.Ephemeral == true,
                ServesPeers = _servesPeers,
            };
            Gen1Protocol protocol = new(settings, UdpEndpoint.From(socket.LocalEndpoint), new SecureRandom(), new MonotonicClock(_time).Now)
            {
                Heard = _heard,
            };
            protocol.JoinChanged = () => NoteJoined(protocol);
            DatagramDriver<Gen1Protocol> driver = new(protocol, [socket], _time, _loggers) { Budget = _options.Budget };
            _responder.Start(driver);
            driver.Start();
            _resolver = new Resolver<Gen1Protocol>(driver, _bootstrap, _time, _logger);
            _resolver.Start();
            RpcLog.Listening(_logger, driver.LocalEndpoints[0]);
            _driver = driver;
            return driver;
        }
    }

    private static RpcContact Public(Gen1Contact contact) => new(contact.Id, contact.Endpoint);

    private void NoteJoined(Gen1Protocol protocol)
    {
        if (protocol.HasJoined)
        {
            _joined.TrySetResult();
        }
    }

    private void Serve(RpcCommand command, Func<RpcRequest, CancellationToken, ValueTask<RpcReply>> handler, bool commits)
    {
        ArgumentNullException.ThrowIfNull(handler);
        RequireName(command);
        _responder.Serve(command with { Number = 0 }, handler, commits);
    }

    private async Task DisposeOnceAsync(DatagramDriver<Gen1Protocol>? driver, Resolver<Gen1Protocol>? resolver)
    {
        // Off the caller's lock and thread: a handler may have called us.
        await Task.Yield();
        await _closing.CancelAsync().ConfigureAwait(false);
        _joined.TrySetCanceled(_closing.Token);
        if (driver is null || resolver is null)
        {
            return;
        }

        await resolver.DisposeAsync().ConfigureAwait(false);
        await driver.DisposeAsync().ConfigureAwait(false);
        driver.Run(static (protocol, _) => protocol.StopAll());
        await _responder.DisposeAsync().ConfigureAwait(false);
        RpcLog.Closed(_logger);
    }
}
