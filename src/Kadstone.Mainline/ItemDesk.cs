using Kadstone.Datagrams;
using Kadstone.Kademlia;
using Kadstone.Mainline.Core;
using Kadstone.Storage;

namespace Kadstone.Mainline;

/// <summary>Serves strangers' get and put: takes them from the core, verifies, awaits the store, gives the core the answer.</summary>
/// <remarks>BEP 44. A put is answered only after the store has it. Without a store it is error 202, and a get finds nothing.</remarks>
internal sealed class ItemDesk(DatagramDriver<MainlineProtocol> driver, IRecordStore store, TimeProvider time, Troubles troubles) : IAsyncDisposable
{
    // BEP 44: nodes may drop an item after two hours; its publisher puts it again each hour.
    private static readonly TimeSpan s_lifetime = TimeSpan.FromHours(2);
    private static readonly TimeSpan s_sweepPause = TimeSpan.FromMinutes(10);
    private const int MaxAtOnce = 256;

    private readonly Signal _arrived = new();
    private readonly CancellationTokenSource _closing = new();
    private Task _serving = Task.CompletedTask;
    private Task _sweeping = Task.CompletedTask;
    private long _lastWarning;

    internal void Start()
    {
        driver.Run((protocol, _) => protocol.InboundItems.Arrived = _arrived.Set);
        _serving = ServeAsync();
        _sweeping = SweepAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await _closing.CancelAsync().ConfigureAwait(false);
        await _serving.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await _sweeping.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _closing.Dispose();
    }

    /// <summary>What is stored under a target, mutable or immutable.</summary>
    internal async ValueTask<Item?> ReadAsync(Key160 target, CancellationToken cancellationToken)
    {
        byte[] key = target.ToByteArray();
        StoredRecord? mutable = await store.GetAsync(Shelf.MainlineMutable, key, cancellationToken).ConfigureAwait(false);
        if (mutable is not null)
        {
            return StoredItem.DecodeMutable(mutable.Value, mutable.Sequence);
        }

        StoredRecord? immutable = await store.GetAsync(Shelf.MainlineImmutable, key, cancellationToken).ConfigureAwait(false);
        return immutable is null ? null : new Item { Value = immutable.Value };
    }

    /// <summary>As <see cref="ReadAsync"/>, for our own lookups: a store that fails has nothing.</summary>
    internal async ValueTask<Item?> ReadOrNothingAsync(Key160 target, CancellationToken cancellationToken)
    {
        try
        {
            return await ReadAsync(target, cancellationToken).ConfigureAwait(false);
        }
        catch (StoreUnavailableException exception)
        {
            WarnOnceAMinute(exception.Message);
            return null;
        }
    }

    /// <summary>Stores an item that is known to be valid.</summary>
    internal ValueTask<PutResult> WriteAsync(Key160 target, Item item, long? cas, CancellationToken cancellationToken)
    {
        DateTimeOffset now = time.GetUtcNow();
        StoredRecord record = new(StoredItem.Encode(item), item.Sequence, now + s_lifetime, now);
        return store.PutAsync(item.IsMutable ? Shelf.MainlineMutable : Shelf.MainlineImmutable, target.ToByteArray(), record, cas, cancellationToken);
    }

    private async Task ServeAsync()
    {
        List<InboundItem> batch = [];
        while (true)
        {
            await _arrived.WaitAsync(_closing.Token).ConfigureAwait(false);
            do
            {
                batch.Clear();
                driver.Run((protocol, _) =>
                {
                    while (batch.Count < MaxAtOnce && protocol.InboundItems.TryTake(out InboundItem? item))
                    {
                        batch.Add(item);
                    }
                });

                // Together, so that a store that commits in groups has a group.
                await Task.WhenAll(batch.Select(item => ServeAsync(item).AsTask())).ConfigureAwait(false);
            }
            while (batch.Count > 0);
        }
    }

    private async ValueTask ServeAsync(InboundItem inbound)
    {
        try
        {
            if (inbound.Put is null)
            {
                Item? stored = await ReadAsync(inbound.Target, _closing.Token).ConfigureAwait(false);
                driver.Run((protocol, now) => protocol.AnswerGet(inbound, stored, now));
                return;
            }

            if (inbound.Put.IsMutable && !inbound.Put.HasValidSignature())
            {
                Refuse(inbound, KrpcErrorCode.InvalidSignature, "invalid signature");
                return;
            }

            switch (await WriteAsync(inbound.Target, inbound.Put, inbound.Cas, _closing.Token).ConfigureAwait(false))
            {
                case PutResult.Stored:
                    driver.Run((protocol, now) => protocol.AnswerStored(inbound, now));
                    break;
                case PutResult.Conflict:
                    Refuse(inbound, KrpcErrorCode.CasMismatch, "cas mismatch");
                    break;
                case PutResult.Stale:
                    Refuse(inbound, KrpcErrorCode.SequenceNotNewer, "seq not newer");
                    break;
                default:
                    Refuse(inbound, KrpcErrorCode.Server, "store full");
                    break;
            }
        }
        catch (StoreUnavailableException exception)
        {
            Unavailable(inbound, exception.Message);
        }
#pragma warning disable CA1031 // A store of somebody else's making may throw anything: that is one item's trouble, not the end of serving.
        catch (Exception exception) when (exception is not OperationCanceledException)
#pragma warning restore CA1031
        {
            Unavailable(inbound, $"{exception.GetType().Name}: {exception.Message}");
        }
    }

    private void Unavailable(InboundItem inbound, string reason)
    {
        WarnOnceAMinute(reason);
        if (inbound.Put is null)
        {
            driver.Run((protocol, now) => protocol.AnswerGet(inbound, null, now));
        }
        else
        {
            Refuse(inbound, KrpcErrorCode.Server, "store unavailable");
        }
    }

    private void Refuse(InboundItem inbound, KrpcErrorCode code, string text) =>
        driver.Run((protocol, now) => protocol.AnswerRefused(inbound, code, System.Text.Encoding.ASCII.GetBytes(text), now));

    private async Task SweepAsync()
    {
        using PeriodicTimer timer = new(s_sweepPause, time);
        while (await timer.WaitForNextTickAsync(_closing.Token).ConfigureAwait(false))
        {
            try
            {
                await store.SweepAsync(time.GetUtcNow(), _closing.Token).ConfigureAwait(false);
            }
            catch (StoreUnavailableException exception)
            {
                WarnOnceAMinute(exception.Message);
            }
        }
    }

    private void WarnOnceAMinute(string reason)
    {
        long now = time.GetTimestamp();
        long last = Interlocked.Read(ref _lastWarning);
        if ((last == 0 || time.GetElapsedTime(last, now) > TimeSpan.FromMinutes(1)) && Interlocked.CompareExchange(ref _lastWarning, now, last) == last)
        {
            troubles.StoreUnavailable(reason);
        }
    }
}
