using System.Diagnostics.Metrics;
using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;
using Kadstone.Crypto;
using Kadstone.Libp2p.Core;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Kadstone.Libp2p;

/// <summary>A libp2p peer on TCP: it listens, dials, secures with Noise, multiplexes with Yamux, and serves protocols.</summary>
/// <example>
/// <code>
/// await using Libp2pHost host = await Libp2pHost.CreateAsync();
/// using IDisposable echo = host.Accept("/echo/1", (stream, token) => stream.CopyToAsync(stream, token));
/// await using PeerStream stream = await host.OpenAsync(peer, "/echo/1", cancellationToken);
/// </code>
/// </example>
/// <remarks>Safe for concurrent use. Identify, identify push and ping are served from the start, and asked of each new connection.</remarks>
public sealed partial class Libp2pHost : IPeerNetwork, IAsyncDisposable
{
    // Two long round trips and the work of both sides.
    private static readonly TimeSpan s_promptHandshake = TimeSpan.FromMilliseconds(500);

    private readonly Libp2pOptions _options;
    private readonly PrivateKey _identity;
    private readonly TimeProvider _time;
    private readonly long _epoch;
    private readonly ILogger _logger;
    private readonly SecureRandom _chance = new();
    private readonly ConnectionSettings _inboundSettings;
    private readonly ConnectionSettings _outboundSettings;
    private readonly List<Socket> _listeners = [];
    private readonly CancellationTokenSource _closing = new();
    private readonly Lock _lock = new();
    private readonly Admission _admission;
    private readonly DialBackoff _backoff = new();
    private readonly Dictionary<PeerLink, Task> _links = [];
    private readonly LinkTraffic _traffic = new();
    private readonly Dictionary<PeerLink, TimeSpan> _inHandshake = [];
    private readonly Dictionary<PeerId, List<PeerLink>> _byPeer = [];
    private readonly Dictionary<PeerId, Task<PeerLink>> _dials = [];
    private readonly Dictionary<string, long> _endings = [];
    private readonly List<Task> _loops = [];
    private readonly Libp2pMetrics? _metrics;
    private long _refused;
    private Task? _disposal;

    private Libp2pHost(Libp2pOptions options, TimeProvider time, ILoggerFactory loggers, IMeterFactory? meters)
    {
        _options = options;
        _time = time;
        _epoch = time.GetTimestamp();
        _logger = loggers.CreateLogger("Kadstone.Libp2p");
        _identity = options.Identity ?? PrivateKey.Generate(_chance);
        _admission = new Admission(options.Limits);
        byte[] staticKey = new byte[X25519.KeyLength];
        _chance.NextBytes(staticKey);
        _inboundSettings = new ConnectionSettings
        {
            Identity = new NoiseIdentity(_identity, staticKey, options.EarlyMuxer ? [ConnectionSettings.Yamux] : []),
            IsSpoken = IsSpoken,
            HandshakePatience = options.HandshakeTimeout,
        };
        _outboundSettings = _inboundSettings with { HandshakePatience = options.DialTimeout };
        _metrics = meters is null ? null : new Libp2pMetrics(meters, this);
    }

    /// <summary>Called with each peer that said what it is, and again when that changes; on a thread of the pool, for a short time.</summary>
    public event EventHandler<IdentifiedPeer>? Identified;

    /// <summary>Called with each peer whose last connection ended; on a thread of the pool, for a short time.</summary>
    public event EventHandler<PeerId>? Disconnected;

    /// <inheritdoc/>
    public PeerId LocalPeer => _identity.PeerId;

    /// <summary>Where the host listens, without the peer at the end. A wildcard stands for the addresses of all interfaces.</summary>
    public IReadOnlyList<Multiaddr> ListenAddresses { get; private set; } = [];

    /// <summary>The connections that are through their handshake.</summary>
    public IReadOnlyList<ConnectedPeer> Connections
    {
        get
        {
            lock (_lock)
            {
                return
                [
                    .. from pair in _byPeer
                       from link in pair.Value
                       select new ConnectedPeer(pair.Key, link.RemoteAddress, link.IsInbound, link.Identity),
                ];
            }
        }
    }

    private TimeSpan Now => _time.GetElapsedTime(_epoch);

    /// <summary>Binds the listeners and starts the host.</summary>
    /// <param name="options">How it is set up; null: all defaults.</param>
    /// <param name="loggerFactory">Where it logs; null: nowhere.</param>
    /// <param name="timeProvider">Its clock; null: the system's.</param>
    /// <param name="meterFactory">Where its instruments are made; null: it has none.</param>
    /// <param name="cancellationToken">Gives up starting.</param>
    /// <exception cref="ArgumentException">An option is out of range.</exception>
    /// <exception cref="SocketException">A listener cannot be bound.</exception>
    public static async Task<Libp2pHost> CreateAsync(
        Libp2pOptions? options = null,
        ILoggerFactory? loggerFactory = null,
        TimeProvider? timeProvider = null,
        IMeterFactory? meterFactory = null,
        CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        options ??= new Libp2pOptions();
        options.Validate();
        Libp2pHost host = new(options, timeProvider ?? TimeProvider.System, loggerFactory ?? NullLoggerFactory.Instance, meterFactory);
        try
        {
            host.Start();
            return host;
        }
        catch
        {
            await host.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>What the host counts.</summary>
    public HostStatus Status()
    {
        lock (_lock)
        {
            return new HostStatus(_admission.Connections, _admission.HalfOpen, _links.Keys.Sum(link => link.StreamCount), _refused, new Dictionary<string, long>(_endings)) { BytesReceived = _traffic.Received, BytesSent = _traffic.Sent };
        }
    }

    /// <summary>Ends all connections with a peer. For some seconds <see cref="OpenAsync"/> does not dial it again; <see cref="ConnectAsync(PeerInfo, CancellationToken)"/> does.</summary>
    public void Disconnect(PeerId peer)
    {
        ArgumentNullException.ThrowIfNull(peer);
        PeerLink[] links;
        lock (_lock)
        {
            links = [.. _byPeer.GetValueOrDefault(peer) ?? []];

            // A request that this cuts off would otherwise bring the connection back at once.
            _backoff.Failed(peer, Now);
        }

        foreach (PeerLink link in links)
        {
            link.Close(ConnectionEnd.Closed);
        }
    }

    /// <summary>Ends all connections and closes the listeners. May be called twice.</summary>
    public ValueTask DisposeAsync()
    {
        lock (_lock)
        {
            _disposal ??= DisposeOnceAsync();
            return new ValueTask(_disposal);
        }
    }

    private void Start()
    {
        ServeOwnProtocols();
        List<Multiaddr> bound = [];
        foreach (Multiaddr address in _options.Listen)
        {
            if (!address.TryGetTcpEndpoint(out IPEndPoint? endpoint))
            {
                continue;
            }

            Socket listener = new(endpoint.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
            _listeners.Add(listener);
            listener.Bind(endpoint);
            listener.Listen(512);
            if (listener.LocalEndPoint is IPEndPoint local)
            {
                bound.AddRange(Expand(local));
            }

            _loops.Add(ListenAsync(listener));
        }

        ListenAddresses = bound;
        _loops.Add(PushAsync());
        foreach (Multiaddr address in bound)
        {
            Libp2pLog.Listening(_logger, address);
        }
    }

    private static IEnumerable<Multiaddr> Expand(IPEndPoint local)
    {
        if (!local.Address.Equals(IPAddress.Any) && !local.Address.Equals(IPAddress.IPv6Any))
        {
            return [Multiaddr.FromTcp(local.Address, local.Port)];
        }

        return from network in NetworkInterface.GetAllNetworkInterfaces()
               where network.OperationalStatus is OperationalStatus.Up or OperationalStatus.Unknown
               from unicast in network.GetIPProperties().UnicastAddresses
               where unicast.Address.AddressFamily == local.AddressFamily && !unicast.Address.IsIPv6LinkLocal
               select Multiaddr.FromTcp(unicast.Address, local.Port);
    }

    private async Task ListenAsync(Socket listener)
    {
        while (!_closing.IsCancellationRequested)
        {
            try
            {
                Socket socket = await listener.AcceptAsync(_closing.Token).ConfigureAwait(false);
                TakeInbound(socket);
            }
            catch (OperationCanceledException)
            {
                return;
            }
            catch (SocketException exception)
            {
                // One that left before it was accepted, or no handle left: that passes.
                Libp2pLog.CannotAccept(_logger, exception.Message);
                await Task.Delay(TimeSpan.FromMilliseconds(100), _time, CancellationToken.None).ConfigureAwait(false);
            }
        }
    }

    private void TakeInbound(Socket socket)
    {
        if (socket.RemoteEndPoint is not IPEndPoint remote)
        {
            socket.Dispose();
            return;
        }

        bool isAdmitted;
        PeerLink? gone;
        lock (_lock)
        {
            gone = _admission.WaitsForHandshakes(remote.Address) ? TakeSlowestNeedsLock() : null;
            isAdmitted = _admission.TryAdmit(remote.Address);
            _refused += isAdmitted ? 0 : 1;
        }

        gone?.Close(ConnectionEnd.HandshakeTimeout);
        if (!isAdmitted)
        {
            Libp2pLog.Refused(_logger, Multiaddr.FromTcp(remote.Address, remote.Port));
            CloseIdlest();

            // Without lingering: who floods us leaves nothing in our tables.
            socket.Close(0);
            return;
        }

        StartLink(socket, null, isInbound: true);
    }

    // Who is slow gives its place up when others wait for it: a flood of connections that say nothing must not keep the honest out.
    private PeerLink? TakeSlowestNeedsLock()
    {
        (PeerLink? slowest, TimeSpan began) = _inHandshake.DefaultIfEmpty().MinBy(pair => pair.Value);
        if (slowest is null || Now - began < s_promptHandshake)
        {
            return null;
        }

        _inHandshake.Remove(slowest);
        _admission.Opened();
        return slowest;
    }

    private PeerLink StartLink(Socket socket, PeerId? expected, bool isInbound)
    {
        socket.NoDelay = true;
        PeerLink link = new(socket, isInbound ? _inboundSettings : _outboundSettings, expected, isInbound, _chance, _time, _options.Limits.StreamsPerProtocol, ServeAsync) { Traffic = _traffic };
        lock (_lock)
        {
            if (isInbound)
            {
                _inHandshake.Add(link, Now);
            }

            _links.Add(link, Task.Run(() => RunAsync(link)));
        }

        return link;
    }

    private async Task RunAsync(PeerLink link)
    {
        Task running = link.RunAsync();
        try
        {
            if (_closing.IsCancellationRequested)
            {
                link.Close(ConnectionEnd.Closed);
            }

            await link.Opened.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (link.Opened.IsCompletedSuccessfully)
            {
                await RunOpenAsync(link).ConfigureAwait(false);
            }

            await running.ConfigureAwait(false);
        }
        finally
        {
            Forget(link);
            link.Dispose();
        }
    }

    private async Task RunOpenAsync(PeerLink link)
    {
        if (link.Remote is PeerId peer && TryRegister(link, peer))
        {
            link.Registered.TrySetResult();
            Libp2pLog.Opened(_logger, peer, link.RemoteAddress, link.IsInbound);
            await IdentifyAsync(link, peer).ConfigureAwait(false);
        }
        else
        {
            link.Close(ConnectionEnd.OverBudget);
        }
    }

    private bool TryRegister(PeerLink link, PeerId peer)
    {
        lock (_lock)
        {
            if (_inHandshake.Remove(link))
            {
                _admission.Opened();
            }

            link.LastUsed = Now;
            _byPeer.TryAdd(peer, []);
            if (peer == LocalPeer || _byPeer[peer].Count >= _options.Limits.PerPeer)
            {
                return false;
            }

            _byPeer[peer].Add(link);
            _backoff.Reached(peer);
            return true;
        }
    }

    private void Forget(PeerLink link)
    {
        bool wasLast = false;
        string reason = (link.End ?? ConnectionEnd.Closed).ToString();
        lock (_lock)
        {
            _links.Remove(link);
            _endings[reason] = _endings.GetValueOrDefault(reason) + 1;
            if (link.IsInbound)
            {
                _admission.End(link.RemoteEndpoint.Address, wasOpen: !_inHandshake.Remove(link));
            }
            else
            {
                _admission.EndOwn();
            }

            if (link.Remote is PeerId peer && _byPeer.TryGetValue(peer, out List<PeerLink>? links))
            {
                bool wasRegistered = links.Remove(link);
                if (links.Count == 0)
                {
                    _byPeer.Remove(peer);
                    wasLast = wasRegistered;
                }
            }
        }

        Libp2pLog.Ended(_logger, link.RemoteAddress, reason);
        if (wasLast && link.Remote is PeerId gone)
        {
            Tell(() => Disconnected?.Invoke(this, gone));
        }
    }

    // The connection that was without a stream for longest makes room for the next one.
    private void CloseIdlest()
    {
        PeerLink? idlest;
        lock (_lock)
        {
            idlest = _admission.Connections < _options.Limits.Connections ? null
                : _byPeer.Values.SelectMany(links => links).Where(link => link.StreamCount == 0).MinBy(link => link.LastUsed);
        }

        idlest?.Close(ConnectionEnd.Closed);
    }

    private void Tell(Action listeners)
    {
        try
        {
            listeners();
        }
#pragma warning disable CA1031 // Whatever a listener throws is its own affair; the connection goes on.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            Libp2pLog.ListenerFailed(_logger, exception);
        }
    }

    private async Task DisposeOnceAsync()
    {
        // Off the caller's lock and thread: a handler may have called us.
        await Task.Yield();
        await _closing.CancelAsync().ConfigureAwait(false);
        _listeners.ForEach(listener => listener.Dispose());
        await Task.WhenAll(_loops).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        while (true)
        {
            Task[] tasks;
            lock (_lock)
            {
                foreach (PeerLink link in _links.Keys)
                {
                    link.Close(ConnectionEnd.Closed);
                }

                tasks = [.. _links.Values, .. _dials.Values];
            }

            if (tasks.Length == 0)
            {
                break;
            }

            await Task.WhenAll(tasks).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        _metrics?.Dispose();
        Libp2pLog.Closed(_logger);
    }
}
