using System.Net;
using Kadstone.Datagrams;
using Kadstone.Kademlia;
using Kadstone.Storage;

namespace Kadstone.Mainline.Tests.Facade;

/// <summary>A small network on loopback, node n on 127.77.n.1, joined one after the other and closed together.</summary>
internal sealed class Devnet : IAsyncDisposable
{
    private readonly List<MainlineDht> _nodes = [];

    private Devnet(TimeProvider? time) => Time = time;

    /// <summary>So long may anything take in a test: a hang, not a measurement.</summary>
    public static TimeSpan Patience { get; } = TimeSpan.FromSeconds(30);

    public TimeProvider? Time { get; }

    public MainlineDht this[int index] => _nodes[index];

    public IReadOnlyList<MainlineDht> Nodes => _nodes;

    /// <summary>Ends with the test run, or when <see cref="Patience"/> is over.</summary>
    public static CancellationToken Guard()
    {
        CancellationTokenSource guard = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        guard.CancelAfter(Patience);
        return guard.Token;
    }

    public static MainlineOptions OptionsOf(int number, params string[] bootstrap) => new()
    {
        Addresses = [AddressOf(number)],
        Scope = AddressScope.Private,
        Bootstrap = bootstrap,
    };

    public static IPAddress AddressOf(int number) => IPAddress.Parse($"127.77.{number}.1");

    public static Key160 RandomKey() => Keyspace.Random<Key160>(Random.Shared);

    public static async Task<Devnet> StartAsync(int count, TimeProvider? time = null, Func<int, MainlineOptions, MainlineOptions>? with = null)
    {
        Devnet devnet = new(time);
        for (int i = 0; i < count; i++)
        {
            await devnet.AddAsync(options => with is null ? options : with(devnet.Nodes.Count, options));
        }

        return devnet;
    }

    /// <summary>One node more, with the next number.</summary>
    public async Task<MainlineDht> AddAsync(Func<MainlineOptions, MainlineOptions>? with = null, MainlineState? state = null)
    {
        MainlineOptions options = OptionsOf(_nodes.Count + 1, _nodes.Count == 0 ? [] : [_nodes[0].LocalEndpoints[0].ToString()]);
        MainlineDht node = await MainlineDht.CreateAsync(with is null ? options : with(options), state, timeProvider: Time, cancellationToken: Guard());
        _nodes.Add(node);
        await node.WaitForNetworkAsync(Guard());
        return node;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (MainlineDht node in _nodes)
        {
            await node.DisposeAsync();
        }
    }
}

internal static class NodeExtensions
{
    public static UdpEndpoint Endpoint(this MainlineDht node, int socket = 0) => UdpEndpoint.From(node.LocalEndpoints[socket]);

    public static async Task<List<UdpEndpoint>> PeersAsync(this MainlineDht node, Key160 infoHash)
    {
        List<UdpEndpoint> peers = [];
        await foreach (UdpEndpoint peer in node.GetPeersAsync(infoHash).WithCancellation(Devnet.Guard()))
        {
            peers.Add(peer);
        }

        return peers;
    }

    /// <summary>Waits until none of a node's lookups runs: before time is pushed ahead, lest an answer on its way come too late.</summary>
    public static async Task QuietAsync(this MainlineDht node, UdpEndpoint neighbour)
    {
        do
        {
            await node.PingAsync(neighbour, Devnet.Guard());
        }
        while (node.Status() is { ActiveLookups: > 0 } or { UpkeepLookups: > 0 });
    }

    public static async Task<List<TItem>> AllAsync<TItem>(this IAsyncEnumerable<TItem> items)
    {
        List<TItem> all = [];
        await foreach (TItem item in items)
        {
            all.Add(item);
        }

        return all;
    }

    public static Task<TResult> Guarded<TResult>(this Task<TResult> task) => task.WaitAsync(Devnet.Patience);

    public static Task Guarded(this Task task) => task.WaitAsync(Devnet.Patience);

    public static Task Guarded(this ValueTask task) => task.AsTask().WaitAsync(Devnet.Patience);
}

/// <summary>A memory store that can fail, and that tells of each put. Not a <see cref="MemoryRecordStore"/> to the node: peers are journaled into it.</summary>
internal sealed class TestStore(TimeProvider? time = null) : IRecordStore
{
    private readonly MemoryRecordStore _inner = new(timeProvider: time);

    public Func<Exception>? Fault { get; set; }

    public System.Threading.Channels.Channel<RecordPut> Puts { get; } = System.Threading.Channels.Channel.CreateUnbounded<RecordPut>();

    public bool IsDisposed { get; private set; }

    public ValueTask<StoredRecord?> GetAsync(Shelf shelf, ReadOnlyMemory<byte> key, CancellationToken cancellationToken = default) =>
        Inner.GetAsync(shelf, key, cancellationToken);

    public async ValueTask<PutResult> PutAsync(Shelf shelf, ReadOnlyMemory<byte> key, StoredRecord record, long? expectedSequence = null, CancellationToken cancellationToken = default)
    {
        PutResult result = await Inner.PutAsync(shelf, key, record, expectedSequence, cancellationToken);
        Puts.Writer.TryWrite(new RecordPut(shelf, key, record, expectedSequence));
        return result;
    }

    public async ValueTask<IReadOnlyList<PutResult>> PutManyAsync(IReadOnlyList<RecordPut> puts, CancellationToken cancellationToken = default)
    {
        IReadOnlyList<PutResult> results = await Inner.PutManyAsync(puts, cancellationToken);
        foreach (RecordPut put in puts)
        {
            Puts.Writer.TryWrite(put);
        }

        return results;
    }

    public ValueTask<IReadOnlyList<KeyedRecord>> ListAsync(Shelf shelf, ReadOnlyMemory<byte>? afterKey, int limit, CancellationToken cancellationToken = default) =>
        Inner.ListAsync(shelf, afterKey, limit, cancellationToken);

    public ValueTask<long> CountAsync(Shelf shelf, CancellationToken cancellationToken = default) => Inner.CountAsync(shelf, cancellationToken);

    public ValueTask<bool> DeleteAsync(Shelf shelf, ReadOnlyMemory<byte> key, CancellationToken cancellationToken = default) =>
        Inner.DeleteAsync(shelf, key, cancellationToken);

    public ValueTask<int> SweepAsync(DateTimeOffset now, CancellationToken cancellationToken = default) => Inner.SweepAsync(now, cancellationToken);

    public ValueTask DisposeAsync()
    {
        IsDisposed = true;
        return ValueTask.CompletedTask;
    }

    private MemoryRecordStore Inner => Fault is null ? _inner : throw Fault();
}
