using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Runtime.CompilerServices;
using System.Threading.Channels;
using Kadstone.Datagrams;
using Kadstone.Hyperswarm.Core.Gen1;
using Kadstone.Kademlia;
using Microsoft.Extensions.Logging;

namespace Kadstone.Hyperswarm;

/// <summary>hyperdht 1: who is there under a key, on the wire of the first generation. Answers others and remembers, in memory, who announced itself to it.</summary>
/// <example>
/// <code>
/// await using Gen1HyperDht dht = Gen1HyperDht.Create(new RpcOptions { Bootstrap = ["localhost:10000"] });
/// await using IAnnouncement announcement = dht.KeepAnnounced(topic, new AnnounceOptions { Port = 10000 });
/// await foreach (PeersFound found in dht.LookupAsync(topic)) Console.WriteLine(string.Join(", ", found.Peers));
/// </code>
/// </example>
public sealed class Gen1HyperDht : IHyperDht
{
    private const int MostUnread = 1_024;

    private static readonly RpcCommand s_peers = new("peers", 0);

    private readonly ConcurrentDictionary<Channel<HyperTraffic>, bool> _watchers = new();
    private readonly ConcurrentDictionary<KeptAnnouncement, bool> _announcements = new();
    private readonly Gen1RpcNode _node;

    private Gen1HyperDht(RpcOptions options, ILoggerFactory? loggers, TimeProvider? time) =>
        _node = Gen1RpcNode.CreateFor(options, Hear, loggers, time);

    /// <inheritdoc/>
    public IRpcNode Node => _node;

    /// <summary>Makes a node. It listens when it is told to, or first used.</summary>
    /// <param name="options">How it is set up; null: all defaults. A bootstrap host without a port has 49737.</param>
    /// <param name="loggerFactory">Where it logs; null: nowhere.</param>
    /// <param name="timeProvider">Its clock; null: the system's.</param>
    /// <exception cref="ArgumentException">An option is out of range.</exception>
    public static Gen1HyperDht Create(RpcOptions? options = null, ILoggerFactory? loggerFactory = null, TimeProvider? timeProvider = null) =>
        new(options ?? new RpcOptions(), loggerFactory, timeProvider);

    /// <inheritdoc/>
    public IAsyncEnumerable<PeersFound> LookupAsync(Key256 topic, AnnounceOptions? options = null, CancellationToken cancellationToken = default)
    {
        Gen1PeersRequest request = RequestOf(Gen1PeersType.Lookup, options);
        return FindAsync(topic, request, _node.QueryAsync(topic, s_peers, ValueOf(request), options?.Query), cancellationToken);
    }

    /// <inheritdoc/>
    public IAsyncEnumerable<PeersFound> AnnounceAsync(Key256 topic, AnnounceOptions? options = null, CancellationToken cancellationToken = default)
    {
        Gen1PeersRequest request = RequestOf(Gen1PeersType.Announce, options);
        RpcQueryOptions verbose = (options?.Query ?? new RpcQueryOptions()) with { Verbose = true };
        return FindAsync(topic, request, _node.ClosestAsync(topic, s_peers, ValueOf(request), verbose), cancellationToken);
    }

    /// <inheritdoc/>
    public Task<RpcCommit> AnnounceOnceAsync(Key256 topic, AnnounceOptions? options = null, CancellationToken cancellationToken = default) =>
        CommitAsync(topic, RequestOf(Gen1PeersType.Announce, options), options, cancellationToken);

    /// <inheritdoc/>
    public Task<RpcCommit> UnannounceAsync(Key256 topic, AnnounceOptions? options = null, CancellationToken cancellationToken = default) =>
        CommitAsync(topic, RequestOf(Gen1PeersType.Unannounce, options), options, cancellationToken);

    /// <inheritdoc/>
    public IAnnouncement KeepAnnounced(Key256 topic, AnnounceOptions? options = null)
    {
        // What is wrong with the options is said here, and not in the background.
        RequestOf(Gen1PeersType.Announce, options);
        KeptAnnouncement announcement = new(
            topic,
            closing => this.AnnounceAllAsync(topic, options, closing),
            () => UnannounceAsync(topic, options),
            kept => _announcements.TryRemove(kept, out _),
            _node.Time,
            _node.Logger);
        _announcements[announcement] = true;
        announcement.Start();
        return announcement;
    }

    /// <inheritdoc/>
    public async IAsyncEnumerable<HyperTraffic> WatchAsync([EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        Channel<HyperTraffic> channel = Channel.CreateBounded<HyperTraffic>(new BoundedChannelOptions(MostUnread) { FullMode = BoundedChannelFullMode.DropWrite });
        _watchers[channel] = true;
        try
        {
            _node.Started();
            await foreach (HyperTraffic traffic in channel.Reader.ReadAllAsync(cancellationToken).ConfigureAwait(false))
            {
                yield return traffic;
            }
        }
        finally
        {
            _watchers.TryRemove(channel, out _);
        }
    }

    /// <summary>Takes kept announces back, ends queries and closes the socket. May be called twice.</summary>
    public async ValueTask DisposeAsync()
    {
        await Task.WhenAll(_announcements.Keys.Select(announcement => announcement.DisposeAsync().AsTask())).ConfigureAwait(false);
        await _node.DisposeAsync().ConfigureAwait(false);
        foreach (Channel<HyperTraffic> watcher in _watchers.Keys)
        {
            watcher.Writer.TryComplete();
        }
    }

    /// <summary>How many peers this node remembers.</summary>
    internal int Stored => _node.Started().Run(0, static (protocol, _, now) =>
    {
        protocol.Peers.Expire(now);
        return protocol.Peers.Count;
    });

    private static Gen1PeersRequest RequestOf(Gen1PeersType type, AnnounceOptions? options)
    {
        if (options?.Port is < 0 or > ushort.MaxValue)
        {
            throw new ArgumentException("A port is 0 to 65535.", nameof(options));
        }

        if (options?.LocalAddress is { AddressFamily: not AddressFamily.InterNetwork })
        {
            throw new ArgumentException("A local address is IPv4: this wire knows no other.", nameof(options));
        }

        return new Gen1PeersRequest(type, (ushort)(options?.Port ?? 0), options?.LocalAddress is IPEndPoint local ? UdpEndpoint.From(local) : null);
    }

    private static byte[] ValueOf(Gen1PeersRequest request)
    {
        byte[] buffer = new byte[Gen1PeersRequest.MaxLength];
        return buffer[..request.Write(buffer)];
    }

    private async Task<RpcCommit> CommitAsync(Key256 topic, Gen1PeersRequest request, AnnounceOptions? options, CancellationToken cancellationToken)
    {
        RpcQuery query = _node.ClosestAsync(topic, s_peers, ValueOf(request), options?.Query);
        await query.ToListAsync(cancellationToken).ConfigureAwait(false);
        return new RpcCommit(query.Closest, query.Commits, 0, query.FailedCommits);
    }

    // What this node was told itself comes first: nobody else may hold it.
    private async IAsyncEnumerable<PeersFound> FindAsync(
        Key256 topic,
        Gen1PeersRequest request,
        RpcQuery query,
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        PeersFound? own = _node.Started().Run((topic, request), static (protocol, asked, now) =>
            protocol.FindOwn(asked.topic, asked.request.Port, asked.request.LocalAddress, now));
        if (own is not null)
        {
            yield return own;
        }

        await foreach (RpcAnswer answer in query.WithCancellation(cancellationToken).ConfigureAwait(false))
        {
            if (answer.Value is ReadOnlyMemory<byte> value && Gen1Protocol.ReadPeers(answer.From, value.Span, request.LocalAddress, out PeersFound? found))
            {
                yield return found;
            }
        }
    }

    private void Hear(HyperTraffic traffic)
    {
        foreach ((Channel<HyperTraffic> watcher, _) in _watchers)
        {
            watcher.Writer.TryWrite(traffic);
        }
    }
}
