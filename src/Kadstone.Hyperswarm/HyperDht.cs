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
public sealed partial class HyperDht : IAsyncDisposable
{
    private readonly RpcNode _node;
    private readonly HyperDhtOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly HyperKeyPair _keyPair;
    private readonly IRecordStore _store;
    private readonly ValueDesk _desk;
    private readonly TrafficWatch _watch;
    private readonly HashSet<HyperAnnouncement> _announcements = [];
    private readonly Lock _lock = new();
    private Task? _disposal;

    private HyperDht(RpcNode node, HyperDhtOptions options, IRecordStore store, TimeProvider time, ILoggerFactory loggers)
    {
        _node = node;
        _options = options;
        _store = store;
        _time = time;
        _logger = loggers.CreateLogger("Kadstone.Hyperswarm");
        _keyPair = options.Seed is ReadOnlyMemory<byte> seed ? new HyperKeyPair(seed.Span) : HyperKeyPair.CreateRandom();
        HyperLimits limits = options.Diversity ? new HyperLimits() : new HyperLimits().WithoutDiversity();
        Commands = _node.Driver.Run(limits, static (protocol, limits, _) =>
        {
            HyperCommands commands = new(protocol, limits, new SecureRandom());
            protocol.Service = commands;
            return commands;
        });
        _desk = new ValueDesk(node.Driver, Commands, limits, store, time, _logger);
        _watch = new TrafficWatch(node.Driver, Commands);
    }

    /// <summary>The node underneath: single requests, queries, its table.</summary>
    public RpcNode Node => _node;

    /// <summary>The node's own public key: 32 bytes, Ed25519. Announces are signed with it unless their options have a seed.</summary>
    public ReadOnlyMemory<byte> PublicKey => _keyPair.PublicKey;

    internal HyperCommands Commands { get; }

    /// <summary>Opens the sockets and starts the node. Joining goes on in the background; what is asked waits for it.</summary>
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
        options ??= new HyperDhtOptions();
        options.ValidateSeed();
        TimeProvider time = timeProvider ?? TimeProvider.System;
        ILoggerFactory loggers = loggerFactory ?? NullLoggerFactory.Instance;
        IRecordStore store = options.Store ?? new MemoryRecordStore(timeProvider: time);
        try
        {
            RpcNode node = await RpcNode.CreateAsync(options, loggers, time, cancellationToken).ConfigureAwait(false);
            HyperDht dht = new(node, options, store, time, loggers);
            dht._desk.Start();
            dht._watch.Start();
            return dht;
        }
        catch
        {
            await store.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>What others ask of this node, as it happens; what is not taken in time is left out.</summary>
    /// <param name="cancellationToken">Stops watching; leaving the loop does the same.</param>
    public async IAsyncEnumerable<HyperTraffic> WatchAsync([EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        Channel<HyperTraffic> traffic = _watch.Watch();
        try
        {
            await foreach (HyperTraffic asked in traffic.Reader.ReadAllAsync(cancellationToken).ConfigureAwait(false))
            {
                yield return asked;
            }
        }
        finally
        {
            _watch.Leave(traffic);
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

    private async Task DisposeOnceAsync()
    {
        // Off the caller's lock.
        await Task.Yield();
        HyperAnnouncement[] announcements;
        lock (_lock)
        {
            announcements = [.. _announcements];
        }

        foreach (HyperAnnouncement announcement in announcements)
        {
            await announcement.StopAsync().ConfigureAwait(false);
        }

        await _watch.DisposeAsync().ConfigureAwait(false);
        await _desk.DisposeAsync().ConfigureAwait(false);
        await _node.DisposeAsync().ConfigureAwait(false);
        await _store.DisposeAsync().ConfigureAwait(false);
    }

    private IAsyncEnumerable<RpcAnswer> QueryAsync(
        Key256 target,
        HyperCommand command,
        ReadOnlyMemory<byte>? value,
        RpcQueryOptions? options,
        CancellationToken cancellationToken) =>
        _node.QueryAsync(target, CommandOf(command), value, cancellationToken);

    private static RpcCommand CommandOf(HyperCommand command) => new(command.ToString(), (uint)command);
}
