using System.Net;
using System.Net.Sockets;
using Kadstone.Crypto;
using Kadstone.Datagrams;
using Kadstone.Hyperswarm.Core;
using Kadstone.Kademlia;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Kadstone.Hyperswarm;

/// <summary>A node of dht-rpc 6: commands over a DHT, on the wire of today's Hyperswarm.</summary>
/// <example>
/// <code>
/// await using RpcNode node = RpcNode.Create(new RpcOptions { Bootstrap = RpcOptions.PublicBootstrap });
/// node.OnQuery(new RpcCommand("echo", 16), (request, _) => ValueTask.FromResult(new RpcReply(request.Value)));
/// await foreach (RpcAnswer answer in node.QueryAsync(target, new RpcCommand("echo", 16), value)) Console.WriteLine(answer.From);
/// </code>
/// </example>
/// <remarks>Safe for concurrent use; its members never block on the network but by <c>await</c>.</remarks>
public sealed partial class RpcNode : IRpcNode
{
    private readonly RpcOptions _options;
    private readonly RpcState? _saved;
    private readonly TimeProvider _time;
    private readonly ILoggerFactory _loggers;
    private readonly ILogger _logger;
    private readonly Responder<RpcProtocol> _responder;
    private readonly CancellationTokenSource _closing = new();
    private readonly TaskCompletionSource _joined = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private readonly Signal _identity = new();

    // Guards the start and the end. Held while sockets are bound, never while anything is awaited.
    private readonly Lock _life = new();
    private DatagramDriver<RpcProtocol>? _driver;
    private Resolver<RpcProtocol>? _resolver;
    private Task _telling = Task.CompletedTask;
    private Task? _disposal;

    private RpcNode(RpcOptions options, TimeProvider time, ILoggerFactory loggers)
    {
        _options = options;
        _time = time;
        _loggers = loggers;
        _logger = loggers.CreateLogger("Kadstone.Hyperswarm");
        _responder = new Responder<RpcProtocol>(_logger);
        if (options.SavedState is not null && !RpcState.TryParse(options.SavedState, out _saved, out string? error))
        {
            RpcLog.BadState(_logger, error);
        }
    }

    /// <summary>Where the server socket listens: the address that others know us by while we are persistent.</summary>
    /// <exception cref="InvalidOperationException">The node does not listen yet.</exception>
    public IPEndPoint LocalEndpoint => Listening().LocalEndpoints[RpcProtocol.ServerSocket];

    /// <summary>Where a node asks from while it is not known to be reachable.</summary>
    /// <exception cref="InvalidOperationException">The node does not listen yet.</exception>
    public IPEndPoint ClientEndpoint => Listening().LocalEndpoints[^1];

    /// <summary>Our node id; null while we are ephemeral, and before the node listens.</summary>
    public Key256? Id => _driver?.Run<int, Key256?>(0, static (protocol, _, _) => protocol.IsPersistent ? protocol.Id : null);

    /// <summary>Called once, before the first datagram: who serves commands inside the core joins in here.</summary>
    internal Action<DatagramDriver<RpcProtocol>>? Opening { get; init; }

    /// <inheritdoc/>
    public Task Ready => WaitForNetworkAsync();

    /// <summary>A node that does not listen yet: it does when it is told to, or first used.</summary>
    /// <param name="options">How it is set up; null: all defaults.</param>
    /// <param name="loggerFactory">Where it logs; null: nowhere.</param>
    /// <param name="timeProvider">Its clock; null: the system's.</param>
    /// <exception cref="ArgumentException">An option is out of range.</exception>
    public static RpcNode Create(RpcOptions? options = null, ILoggerFactory? loggerFactory = null, TimeProvider? timeProvider = null) =>
        Create(options ?? new RpcOptions(), loggerFactory ?? NullLoggerFactory.Instance, timeProvider ?? TimeProvider.System, null);

    internal static RpcNode Create(RpcOptions options, ILoggerFactory loggers, TimeProvider time, Action<DatagramDriver<RpcProtocol>>? opening)
    {
        options.Validate();
        return new RpcNode(options, time, loggers) { Opening = opening };
    }

    /// <summary>A node that listens at the port of its options. Joining goes on in the background: see <see cref="Ready"/>.</summary>
    /// <param name="options">How it is set up; null: all defaults.</param>
    /// <param name="loggerFactory">Where it logs; null: nowhere.</param>
    /// <param name="timeProvider">Its clock; null: the system's.</param>
    /// <param name="cancellationToken">Gives up starting.</param>
    /// <exception cref="ArgumentException">An option is out of range.</exception>
    /// <exception cref="SocketException">A socket cannot be bound.</exception>
    public static async Task<RpcNode> CreateAsync(
        RpcOptions? options = null,
        ILoggerFactory? loggerFactory = null,
        TimeProvider? timeProvider = null,
        CancellationToken cancellationToken = default)
    {
        RpcNode node = Create(options, loggerFactory, timeProvider);
        try
        {
            await node.ListenAsync(null, cancellationToken).ConfigureAwait(false);
            return node;
        }
        catch
        {
            await node.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

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

            int bound = Started(port).LocalEndpoints[RpcProtocol.ServerSocket].Port;
            return port is null or 0 || port == bound
                ? Task.CompletedTask
                : throw new InvalidOperationException($"The node listens on port {bound} already.");
        }
        catch (Exception exception)
        {
            return Task.FromException(exception);
        }
    }

    /// <summary>Waits until the first join is over.</summary>
    /// <returns>How many contacts answered so far; 0 when nobody did, and also for the first node of a network.</returns>
    public async Task<int> WaitForNetworkAsync(CancellationToken cancellationToken = default)
    {
        DatagramDriver<RpcProtocol> driver = Started();
        using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _closing.Token);
        await _joined.Task.WaitAsync(either.Token).ConfigureAwait(false);
        return driver.Run(0, static (protocol, _, _) => protocol.Table.Count);
    }

    /// <summary>The entries of the routing table.</summary>
    public IReadOnlyList<TableEntry<RpcContact>> Contacts() => _driver?.Run(0, static (protocol, _, _) => protocol.Table.Entries.ToArray()) ?? [];

    /// <summary>The routing table; null before the node listens.</summary>
    public TableView<Key256, RpcContact>? Table() => _driver?.Run(0, static (protocol, _, now) => protocol.Table.View(now));

    /// <summary>How the node stands now; after its end, how it stood.</summary>
    public RpcStatus Status()
    {
        if (_driver is not { } driver)
        {
            return new RpcStatus(false, null, null, 0, RpcHealth.Idle, 0, 0, 0, 0, new Dictionary<string, long>());
        }

        DriverCounters counters = driver.Counters;
        return driver.Run(0, static (protocol, _, _) => Describe(protocol)) with { BytesReceived = counters.BytesIn, BytesSent = counters.BytesOut };
    }

    /// <summary>Port and contacts of this moment; after the end, those of the last moment. While hardly anybody answers, earlier contacts are kept.</summary>
    public RpcState Save()
    {
        const int FewContacts = 8;
        return _driver is not { } driver
            ? _saved ?? new RpcState(_options.Port, [])
            : driver.Run(driver.LocalEndpoints[RpcProtocol.ServerSocket].Port, static (protocol, port, _) =>
            {
                UdpEndpoint[] sound = [.. protocol.Table.Entries.Where(entry => entry.Failures == 0).Select(entry => entry.Contact.Endpoint)];
                return new RpcState(port, sound.Length >= FewContacts ? sound : [.. sound.Union(protocol.Lost.Select(contact => contact.Endpoint))]);
            });
    }

    /// <inheritdoc/>
    public void OnQuery(RpcCommand command, Func<RpcRequest, CancellationToken, ValueTask<RpcReply>> handler) => Serve(command, handler, commits: false);

    /// <inheritdoc/>
    /// <remarks>On this wire a token that is not ours or too old is refused with error 2 and a fresh token: no handler sees the request.</remarks>
    public void OnClosest(RpcCommand command, Func<RpcRequest, CancellationToken, ValueTask<RpcReply>> handler) => Serve(command, handler, commits: true);

    /// <summary>Ends queries, with <see cref="OperationCanceledException"/>, and closes the sockets. May be called twice; a handler may call it, but not wait for it.</summary>
    public ValueTask DisposeAsync()
    {
        lock (_life)
        {
            _disposal ??= DisposeOnceAsync();
            return new ValueTask(_disposal);
        }
    }

    private static RpcStatus Describe(RpcProtocol protocol) => new(
        protocol.IsPersistent,
        protocol.IsPersistent ? protocol.Id : null,
        protocol.External,
        protocol.Table.Count,
        protocol.Health,
        protocol.Counters.Received,
        protocol.Counters.Sent,
        protocol.Counters.Requests,
        protocol.Counters.Answers,
        protocol.Counters.Dropped()) { NetworkSize = protocol.Size };

    private void Serve(RpcCommand command, Func<RpcRequest, CancellationToken, ValueTask<RpcReply>> handler, bool commits)
    {
        ArgumentNullException.ThrowIfNull(handler);
        lock (_life)
        {
            ObjectDisposedException.ThrowIf(_disposal is not null, this);
            _responder.Serve(command with { Name = "" }, handler, commits);
        }
    }

    private DatagramDriver<RpcProtocol> Listening() =>
        _driver ?? throw new InvalidOperationException("The node does not listen yet: call ListenAsync, or ask something.");

    /// <summary>The running node; starts it if it does not run.</summary>
    /// <param name="port">Where to listen if it does not yet; null: at the port of the options.</param>
    private DatagramDriver<RpcProtocol> Started(int? port = null)
    {
        lock (_life)
        {
            ObjectDisposedException.ThrowIf(_disposal is not null, this);
            if (_driver is not null)
            {
                return _driver;
            }

            DatagramDriver<RpcProtocol> driver = new(OpenProtocol(port, out List<UdpSocket> sockets), sockets, _time, _loggers) { Budget = _options.Budget };
            driver.Run((protocol, _) =>
            {
                protocol.JoinChanged = () => _joined.TrySetResult();
                protocol.IdentityChanged = _identity.Set;
                foreach (UdpEndpoint saved in _saved?.Nodes ?? [])
                {
                    protocol.AddSaved(saved);
                }
            });
            Opening?.Invoke(driver);
            _responder.Start(driver);
            driver.Start();
            RpcLog.Listening(_logger, driver.LocalEndpoints[RpcProtocol.ServerSocket]);
            _resolver = new Resolver<RpcProtocol>(driver, [.. _options.Bootstrap.Select(host => HostPort.Parse(host))], _time, _logger);
            _resolver.Start();
            _driver = driver;
            _telling = TellIdentityAsync(driver);
            return driver;
        }
    }

    private async Task TellIdentityAsync(DatagramDriver<RpcProtocol> driver)
    {
        while (true)
        {
            await _identity.WaitAsync(_closing.Token).ConfigureAwait(false);
            if (Id is { } id)
            {
                RpcLog.BecamePersistent(_logger, id.ToString(), driver.LocalEndpoints[RpcProtocol.ServerSocket]);
            }
            else
            {
                RpcLog.BecameEphemeral(_logger);
            }
        }
    }

    private RpcProtocol OpenProtocol(int? port, out List<UdpSocket> sockets)
    {
        sockets = [];
        try
        {
            sockets.Add(OpenServer(port));
            sockets.Add(UdpSocket.Open(new IPEndPoint(sockets[0].LocalEndpoint.Address, 0)));
            UdpEndpoint[] bound = [.. sockets.Select(socket => UdpEndpoint.From(socket.LocalEndpoint))];
            IPAddress? known = _options.KnownAddress;
            RpcSettings settings = new()
            {
                Scope = _options.Scope,
                Diversity = _options.Diversity,
                Limits = _options.Limits,
                IsPersistent = _options.IsForced && known is not null,
                IsForced = _options.IsForced && known is null,
                IsAdaptive = _options.Ephemeral is null && !_options.IsForced,
                External = known is null ? null : UdpEndpoint.From(known, bound[RpcProtocol.ServerSocket].Port),
            };
            return new RpcProtocol(settings, bound, new SecureRandom(), new MonotonicClock(_time).Now);
        }
        catch
        {
            sockets.ForEach(socket => socket.Dispose());
            throw;
        }
    }

    private UdpSocket OpenServer(int? port)
    {
        if (_options.Socket is not null)
        {
            return UdpSocket.Wrap(_options.Socket, leaveOpen: !_options.OwnsSocket);
        }

        int wanted = port ?? _options.Port;
        if (wanted == 0 && _saved is { Port: > 0 })
        {
            try
            {
                return UdpSocket.Open(new IPEndPoint(_options.Host, _saved.Port));
            }
            catch (SocketException)
            {
                // The port of the last run was only a wish: the id follows from it.
            }
        }

        return UdpSocket.Open(new IPEndPoint(_options.Host, wanted));
    }

    private async Task DisposeOnceAsync()
    {
        // Off the caller's lock and thread: a handler may have called us.
        await Task.Yield();
        await _closing.CancelAsync().ConfigureAwait(false);
        if (_resolver is not null)
        {
            await _resolver.DisposeAsync().ConfigureAwait(false);
        }

        if (_driver is not null)
        {
            await _driver.DisposeAsync().ConfigureAwait(false);
            _driver.Run(static (protocol, _) => protocol.StopAll());
        }
        else if (_options is { Socket: not null, OwnsSocket: true })
        {
            _options.Socket.Dispose();
        }

        await _telling.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await _responder.DisposeAsync().ConfigureAwait(false);
        RpcLog.Closed(_logger);
    }
}
