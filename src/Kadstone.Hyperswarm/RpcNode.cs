using System.Globalization;
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
/// await using RpcNode node = await RpcNode.CreateAsync(new RpcOptions { Bootstrap = RpcOptions.PublicBootstrap });
/// node.OnQuery(new RpcCommand("echo", 16), (request, _) => ValueTask.FromResult(new RpcReply(request.Value)));
/// await foreach (RpcAnswer answer in node.QueryAsync(target, new RpcCommand("echo", 16), value)) Console.WriteLine(answer.From);
/// </code>
/// </example>
/// <remarks>Safe for concurrent use; its members never block on the network but by <c>await</c>.</remarks>
public sealed partial class RpcNode : IAsyncDisposable
{
    private readonly RpcOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly DatagramDriver<RpcProtocol> _driver;
    private readonly Responder _responder;
    private readonly CancellationTokenSource _closing = new();
    private readonly Signal _joined = new();
    private readonly Lock _disposing = new();
    private Task? _disposal;

    private RpcNode(RpcOptions options, DatagramDriver<RpcProtocol> driver, TimeProvider time, ILoggerFactory loggers)
    {
        _options = options;
        _driver = driver;
        _time = time;
        _logger = loggers.CreateLogger("Kadstone.Hyperswarm");
        _responder = new Responder(driver, _logger);
    }

    /// <summary>Where the server socket listens: the address that others know us by while we are persistent.</summary>
    public IPEndPoint LocalEndpoint => _driver.LocalEndpoints[RpcProtocol.ServerSocket];

    /// <summary>Where an ephemeral node asks from.</summary>
    public IPEndPoint ClientEndpoint => _driver.LocalEndpoints[^1];

    /// <summary>Our node id; null while we are ephemeral.</summary>
    public Key256? Id => _driver.Run<int, Key256?>(0, static (protocol, _, _) => protocol.IsPersistent ? protocol.Id : null);

    internal DatagramDriver<RpcProtocol> Driver => _driver;

    /// <summary>Opens the sockets and starts the node. Joining goes on in the background: see <see cref="WaitForNetworkAsync"/>.</summary>
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
        options ??= new RpcOptions();
        options.Validate();
        RpcNode node = Create(options, timeProvider ?? TimeProvider.System, loggerFactory ?? NullLoggerFactory.Instance);
        try
        {
            await node.StartAsync(cancellationToken).ConfigureAwait(false);
            return node;
        }
        catch
        {
            await node.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>Waits until the first join is over.</summary>
    /// <returns>How many contacts answered so far; 0 when nobody did, and also for the first node of a network.</returns>
    public async Task<int> WaitForNetworkAsync(CancellationToken cancellationToken = default)
    {
        using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _closing.Token);
        while (true)
        {
            (bool hasJoined, int contacts) = _driver.Run(0, static (protocol, _, _) => (protocol.HasJoined, protocol.Table.Count));
            if (hasJoined)
            {
                // Another may wait for the same.
                _joined.Set();
                return contacts;
            }

            await _joined.WaitAsync(either.Token).ConfigureAwait(false);
        }
    }

    /// <summary>The entries of the routing table.</summary>
    public IReadOnlyList<TableEntry<RpcContact>> Contacts() => _driver.Run(0, static (protocol, _, _) => protocol.Table.Entries.ToArray());

    /// <summary>Answers a command from now on; a second handler of the same number takes the first one's place.</summary>
    /// <param name="command">Its number is what counts.</param>
    /// <param name="handler">Called for each request, at most eight at a time. What it throws is logged, and the asker hears nothing.</param>
    public void OnQuery(RpcCommand command, Func<RpcRequest, CancellationToken, ValueTask<RpcReply>> handler)
    {
        ArgumentNullException.ThrowIfNull(handler);
        _responder.Serve(command, handler);
    }

    /// <summary>Ends queries and closes the sockets. May be called twice.</summary>
    public ValueTask DisposeAsync()
    {
        lock (_disposing)
        {
            _disposal ??= DisposeOnceAsync();
            return new ValueTask(_disposal);
        }
    }

    private static RpcNode Create(RpcOptions options, TimeProvider time, ILoggerFactory loggers)
    {
        List<UdpSocket> sockets = [];
        try
        {
            sockets.Add(UdpSocket.Open(new IPEndPoint(options.Host, options.Port)));
            sockets.Add(UdpSocket.Open(new IPEndPoint(options.Host, 0)));
            RpcSettings settings = new()
            {
                Scope = options.Scope,
                Diversity = options.Diversity,
                Limits = options.Limits,
                IsPersistent = !options.Ephemeral,
            };
            UdpEndpoint[] bound = [.. sockets.Select(socket => UdpEndpoint.From(socket.LocalEndpoint))];
            RpcProtocol protocol = new(settings, bound, new SecureRandom(), new MonotonicClock(time).Now);
            return new RpcNode(options, new DatagramDriver<RpcProtocol>(protocol, sockets, time, loggers), time, loggers);
        }
        catch
        {
            sockets.ForEach(socket => socket.Dispose());
            throw;
        }
    }

    private async Task StartAsync(CancellationToken cancellationToken)
    {
        _driver.Run((protocol, _) => protocol.JoinChanged = _joined.Set);
        _driver.Start();
        _responder.Start();
        foreach (string host in _options.Bootstrap)
        {
            foreach (UdpEndpoint endpoint in await ResolveAsync(host, cancellationToken).ConfigureAwait(false))
            {
                _driver.Run((protocol, now) => protocol.AddBootstrap(endpoint, now));
            }
        }

        _driver.Run(static (protocol, now) => protocol.Join(now));
        RpcLog.Listening(_logger, LocalEndpoint);
    }

    private async Task<UdpEndpoint[]> ResolveAsync(string host, CancellationToken cancellationToken)
    {
        if (UdpEndpoint.TryParse(host, out UdpEndpoint literal))
        {
            return [literal];
        }

        int colon = host.LastIndexOf(':');
        if (colon < 1 || !ushort.TryParse(host.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out ushort port) || port == 0)
        {
            throw new ArgumentException($"'{host}' is no bootstrap host, HOST:PORT is expected.", nameof(host));
        }

        try
        {
            IPAddress[] addresses = await Dns.GetHostAddressesAsync(host[..colon], AddressFamily.InterNetwork, cancellationToken).ConfigureAwait(false);
            return [.. addresses.Select(address => UdpEndpoint.From(address, port))];
        }
        catch (SocketException exception)
        {
            RpcLog.CannotResolve(_logger, host, exception.Message);
            return [];
        }
    }

    private async Task DisposeOnceAsync()
    {
        // Off the caller's lock and thread: a handler may have called us.
        await Task.Yield();
        await _closing.CancelAsync().ConfigureAwait(false);
        await _driver.DisposeAsync().ConfigureAwait(false);
        _driver.Run(static (protocol, _) => protocol.StopAll());
        await _responder.DisposeAsync().ConfigureAwait(false);
        RpcLog.Closed(_logger);
    }
}
