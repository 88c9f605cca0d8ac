using System.Buffers;
using Kadstone.Datagrams;
using Kadstone.Kademlia;
using Kadstone.Mainline.Core;
using Kadstone.Storage;
using Microsoft.Extensions.Logging;

namespace Kadstone.Mainline;

/// <summary>Writes the peer table behind to the store, and reads it back at the start. Soft state: a crash loses at most the last 5 s.</summary>
internal sealed class PeerJournal(DatagramDriver<MainlineProtocol> driver, IRecordStore store, TimeProvider time, Troubles troubles, ILogger logger) : IAsyncDisposable
{
    private static readonly TimeSpan s_pause = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan s_lifetime = TimeSpan.FromMinutes(45);
    private const int KeysAtOnce = 256;

    private readonly CancellationTokenSource _closing = new();
    private Task _loop = Task.CompletedTask;
    private List<RecordPut> _unwritten = [];
    private long _sequence;

    internal async Task StartAsync(CancellationToken cancellationToken)
    {
        // A memory store has nothing to remember and would hold every peer twice.
        if (store is MemoryRecordStore)
        {
            return;
        }

        _sequence = time.GetUtcNow().ToUnixTimeMilliseconds();
        try
        {
            await RestoreAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (StoreUnavailableException exception)
        {
            troubles.StoreUnavailable(exception.Message, exception);
        }

        _loop = LoopAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await _closing.CancelAsync().ConfigureAwait(false);
        await _loop.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _closing.Dispose();
        if (store is not MemoryRecordStore)
        {
            try
            {
                await WriteAsync(CancellationToken.None).ConfigureAwait(false);
            }
            catch (Exception exception) when (exception is StoreUnavailableException or ObjectDisposedException)
            {
                troubles.StoreUnavailable(exception.Message, exception);
            }
        }
    }

    private async Task RestoreAsync(CancellationToken cancellationToken)
    {
        ReadOnlyMemory<byte>? after = null;
        int infoHashes = 0;
        DateTimeOffset now = time.GetUtcNow();
        while (true)
        {
            IReadOnlyList<KeyedRecord> page = await store.ListAsync(Shelf.MainlinePeers, after, 500, cancellationToken).ConfigureAwait(false);
            foreach (KeyedRecord entry in page)
            {
                _sequence = Math.Max(_sequence, entry.Record.Sequence);
                if (entry.Key.Length == 20)
                {
                    infoHashes++;
                    driver.Run((protocol, at) => protocol.Peers.Restore(Key160.Read(entry.Key.Span), entry.Record.Value.Span, at, now - entry.Record.StoredAt));
                }
            }

            if (page.Count == 0)
            {
                break;
            }

            after = page[^1].Key;
        }

        MainlineLog.Restored(logger, driver.Run(0, static (protocol, _, _) => protocol.Peers.PeerCount), infoHashes);
    }

    private async Task LoopAsync()
    {
        using PeriodicTimer timer = new(s_pause, time);
        while (await timer.WaitForNextTickAsync(_closing.Token).ConfigureAwait(false))
        {
            try
            {
                await WriteAsync(_closing.Token).ConfigureAwait(false);
            }
            catch (StoreUnavailableException exception)
            {
                troubles.StoreUnavailable(exception.Message, exception);
            }
        }
    }

    private async Task WriteAsync(CancellationToken cancellationToken)
    {
        // What the store could not take the last time comes first: nobody else remembers that it changed.
        List<RecordPut> puts = _unwritten;
        if (puts.Count > 0)
        {
            await store.PutManyAsync(puts, cancellationToken).ConfigureAwait(false);
        }

        do
        {
            puts = [];
            _unwritten = puts;
            DateTimeOffset now = time.GetUtcNow();

            // By the clock: of several heads on one store the one that wrote last is right, whoever started first.
            long sequence = _sequence = Math.Max(_sequence + 1, now.ToUnixTimeMilliseconds());
            driver.Run((protocol, at) =>
            {
                ArrayBufferWriter<byte> blob = new();
                while (puts.Count < KeysAtOnce && protocol.Peers.TryTakeDirty(out Key160 infoHash))
                {
                    blob.ResetWrittenCount();
                    if (protocol.Peers.Save(infoHash, at, blob) is > 0 and <= RecordLimits.MaxValueLength)
                    {
                        StoredRecord record = new(blob.WrittenSpan.ToArray(), sequence, now + s_lifetime, now);
                        puts.Add(new RecordPut(Shelf.MainlinePeers, infoHash.ToByteArray(), record));
                    }
                }
            });
            if (puts.Count > 0)
            {
                await store.PutManyAsync(puts, cancellationToken).ConfigureAwait(false);
            }
        }
        while (puts.Count == KeysAtOnce);

        _unwritten = [];
    }
}
