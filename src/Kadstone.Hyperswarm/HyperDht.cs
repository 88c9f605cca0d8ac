using System.Runtime.CompilerServices;
using System.Threading.Channels;
using Kadstone.Crypto;
using Kadstone.Datagrams;
using Kadstone.Hyperswarm.Core;
using Kadstone.Hyperswarm.Core.Records;
using Kadstone.Kademlia;
using Kadstone.Storage;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Kadstone.Hyperswarm;

/// <summary>A node of hyperdht 6: announces and finds peers, puts and gets values, and while it is persistent stores them for others.</summary>
/// <example>
/// <code>
/// await using HyperDht dht = await HyperDht.CreateAsync(new HyperDhtOptions { Bootstrap = RpcOptions.PublicBootstrap });
/// await using IAnnouncement announcement = dht.KeepAnnounced(topic);
/// await foreach (PeersFound found in dht.LookupAsync(topic)) Console.WriteLine(string.Join(' ', found.Peers));
/// </code>
/// </example>
/// <remarks>
/// Records of this wire are signed: one key pair has one record under a topic, and nodes keep it for 20 minutes. Handshakes and the
/// arrangements of hole punching between other peers are relayed. Safe for concurrent use.
/// </remarks>
public sealed partial class HyperDht : IHyperDht
{
    private readonly RpcNode _node;
    private readonly HyperDhtOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly HyperKeyPair _keyPair;
    private readonly HyperLimits _limits;
    private readonly IRecordStore _store;
    private readonly HashSet<KeptAnnouncement> _announcements = [];
    private readonly Lock _lock = new();
    private Serving? _serving;
    private Task? _disposal;

    private HyperDht(HyperDhtOptions options, ILoggerFactory loggers, TimeProvider time)
    {
        _options = options;
        _time = time;
        _logger = loggers.CreateLogger("Kadstone.Hyperswarm");
        _keyPair = options.Seed is ReadOnlyMemory<byte> seed ? new HyperKeyPair(seed.Span) : HyperKeyPair.CreateRandom();
        _limits = options.Diversity ? new HyperLimits() : new HyperLimits().WithoutDiversity();
        _store = options.Store ?? new MemoryRecordStore(timeProvider: time);
        _node = RpcNode.Create(options, loggers, time, Serve);
    }

    /// <summary>The node underneath: single requests, queries, its table.</summary>
    public RpcNode Node => _node;

    IRpcNode IHyperDht.Node => _node;

    /// <summary>The node's own public key: 32 bytes, Ed25519. Announces are signed with it unless their options have a seed.</summary>
    public ReadOnlyMemory<byte> PublicKey => _keyPair.PublicKey;

    /// <summary>How many records of others' peers this node holds, under all topics.</summary>
    public int StoredPeers => _serving is { } serving ? serving.Driver.Run(serving.Commands, static (_, commands, _) => commands.Topics.RecordCount) : 0;

    /// <summary>The storing half; only while the node listens.</summary>
    internal HyperCommands Commands => _serving?.Commands ?? throw new InvalidOperationException("The node does not listen yet.");

    /// <summary>A node that does not listen yet: it does when it is told to, or first used.</summary>
    /// <param name="options">How it is set up; null: all defaults.</param>
    /// <param name="loggerFactory">Where it logs; null: nowhere.</param>
    /// <param name="timeProvider">Its clock; null: the system's.</param>
    /// <exception cref="ArgumentException">An option is out of range.</exception>
    public static HyperDht Create(HyperDhtOptions? options = null, ILoggerFactory? loggerFactory = null, TimeProvider? timeProvider = null)
    {
        options ??= new HyperDhtOptions();
        options.ValidateSeed();
        return new HyperDht(options, loggerFactory ?? NullLoggerFactory.Instance, timeProvider ?? TimeProvider.System);
    }

    /// <summary>A node that listens at the port of its options. Joining goes on in the background; what is asked waits for it.</summary>
    /// <param name="options">How it is set up; null: all defaults.</param>
    /// <param name="loggerFactory">Where it logs; null: nowhere.</param>
    /// <param name="timeProvider">Its clock; null: the system's.</param>
    /// <param name="cancellationToken">Gives up starting.</param>
    /// <exception cref="ArgumentException">An option is out of range.</exception>
    /// <exception cref="System.Net.Sockets.SocketException">A socket cannot be bound.</exception>
    public static async Task<HyperDht> CreateAsync(
        HyperDhtOptions? options = null,
        ILoggerFactory? loggerFactory = null,
        TimeProvider? timeProvider = null,
        CancellationToken cancellationToken = default)
    {
        HyperDht dht = Create(options, loggerFactory, timeProvider);
        try
        {
            await dht._node.ListenAsync(null, cancellationToken).ConfigureAwait(false);
            return dht;
        }
        catch
        {
            await dht.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <inheritdoc/>
    /// <param name="cancellationToken">Stops watching; leaving the loop does the same.</param>
    public async IAsyncEnumerable<HyperTraffic> WatchAsync([EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        await _node.ListenAsync(null, cancellationToken).ConfigureAwait(false);
        if (_serving?.Watch is not { } watch)
        {
            yield break;
        }

        Channel<HyperTraffic> traffic = watch.Watch();
        try
        {
            await foreach (HyperTraffic asked in traffic.Reader.ReadAllAsync(cancellationToken).ConfigureAwait(false))
            {
                yield return asked;
            }
        }
        finally
        {
            watch.Leave(traffic);
        }
    }

    /// <summary>Ends what runs, closes the sockets and the store. Announcements end with it without being taken back: dispose them before. May be called twice.</summary>
    public ValueTask DisposeAsync()
    {
        lock (_lock)
        {
            _disposal ??= DisposeOnceAsync();
            return new ValueTask(_disposal);
        }
    }

    // Before the first datagram.
    private void Serve(DatagramDriver<RpcProtocol> driver)
    {
        HyperCommands commands = driver.Run(_limits, static (protocol, limits, _) =>
        {
            HyperCommands service = new(protocol, limits, new SecureRandom());
            protocol.Service = service;
            return service;
        });
        _serving = new Serving(driver, commands, new ValueDesk(driver, commands, _limits, _store, _time, _logger), new TrafficWatch(driver, commands));
        _serving.Desk.Start();
        _serving.Watch.Start();
    }

    private async Task DisposeOnceAsync()
    {
        // Off the caller's lock.
        await Task.Yield();
        KeptAnnouncement[] announcements;
        lock (_lock)
        {
            announcements = [.. _announcements];
        }

        foreach (KeptAnnouncement announcement in announcements)
        {
            await announcement.StopAsync().ConfigureAwait(false);
        }

        // First no more datagrams, or somebody would begin to listen in between.
        await _node.DisposeAsync().ConfigureAwait(false);
        if (_serving is { } serving)
        {
            await serving.Watch.DisposeAsync().ConfigureAwait(false);
            await serving.Desk.DisposeAsync().ConfigureAwait(false);
        }

        await _store.DisposeAsync().ConfigureAwait(false);
    }

    private RpcQuery QueryAsync(Key256 target, HyperCommand command, ReadOnlyMemory<byte>? value, RpcQueryOptions? options) =>
        _node.QueryAsync(target, CommandOf(command), value, options);

    private static RpcCommand CommandOf(HyperCommand command) => new(command.ToString(), (uint)command);

    private sealed record Serving(DatagramDriver<RpcProtocol> Driver, HyperCommands Commands, ValueDesk Desk, TrafficWatch Watch);
}
