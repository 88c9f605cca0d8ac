using Kadstone.Datagrams;
using Kadstone.Hyperswarm.Core;
using Kadstone.Hyperswarm.Core.Records;
using Kadstone.Kademlia;
using Kadstone.Storage;
using Microsoft.Extensions.Logging;

namespace Kadstone.Hyperswarm;

/// <summary>Serves strangers' values: takes requests from the core, verifies, awaits the store, gives the core the answer.</summary>
/// <remarks>A put is answered only after the store has it. Without a store nobody hears anything: the asker tries another node.</remarks>
internal sealed class ValueDesk(DatagramDriver<RpcProtocol> driver, HyperCommands commands, HyperLimits limits, IRecordStore store, TimeProvider time, ILogger logger) : IAsyncDisposable
{
    private static readonly TimeSpan s_sweepPause = TimeSpan.FromMinutes(10);
    private const int MaxAtOnce = 256;

    private readonly Signal _arrived = new();
    private readonly CancellationTokenSource _closing = new();
    private Task _serving = Task.CompletedTask;
    private Task _sweeping = Task.CompletedTask;
    private long _lastWarning;

    internal void Start()
    {
        driver.Run((_, now) =>
        {
            commands.Values.Arrived = _arrived.Set;
            commands.SetClock(time.GetUtcNow().ToUnixTimeMilliseconds(), now);
        });
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

    private async Task ServeAsync()
    {
        List<InboundRequest> batch = [];
        while (true)
        {
            await _arrived.WaitAsync(_closing.Token).ConfigureAwait(false);
            do
            {
                batch.Clear();
                driver.Run((_, now) =>
                {
                    while (batch.Count < MaxAtOnce && commands.Values.TryTake(now, out InboundRequest? request))
                    {
                        batch.Add(request);
                    }
                });

                // Together, so that a store that commits in groups has a group.
                await Task.WhenAll(batch.Select(request => ServeAsync(request).AsTask())).ConfigureAwait(false);
            }
            while (batch.Count > 0);
        }
    }

    private async ValueTask ServeAsync(InboundRequest inbound)
    {
        try
        {
            Key256 target = inbound.Request.Target.GetValueOrDefault();
            ReadOnlyMemory<byte> value = inbound.Request.Value.GetValueOrDefault();
            RpcReply? reply = (HyperCommand)inbound.Request.Command switch
            {
                HyperCommand.ImmutableGet => await GetImmutableAsync(target).ConfigureAwait(false),
                HyperCommand.ImmutablePut => await PutImmutableAsync(target, value).ConfigureAwait(false),
                HyperCommand.MutableGet => await GetMutableAsync(target, value).ConfigureAwait(false),
                _ => await PutMutableAsync(target, value).ConfigureAwait(false),
            };
            if (reply is RpcReply answer)
            {
                driver.Run((protocol, now) => protocol.Answer(inbound, answer, now));
            }
        }
        catch (StoreUnavailableException exception)
        {
            WarnOnceAMinute(exception.Message);
        }
#pragma warning disable CA1031 // A store of somebody else's making may throw anything: that is one value's trouble, not the end of serving.
        catch (Exception exception) when (exception is not OperationCanceledException)
#pragma warning restore CA1031
        {
            WarnOnceAMinute($"{exception.GetType().Name}: {exception.Message}");
        }
    }

    private async ValueTask<RpcReply?> GetImmutableAsync(Key256 target)
    {
        StoredRecord? stored = await store.GetAsync(Shelf.HyperswarmImmutable, StoredValue.KeyOf(target), _closing.Token).ConfigureAwait(false);
        if (stored is null)
        {
            return RpcReply.Empty;
        }

        Remember(target, stored.Value);
        return new RpcReply(stored.Value);
    }

    private async ValueTask<RpcReply?> PutImmutableAsync(Key256 target, ReadOnlyMemory<byte> value)
    {
        if (await PutAsync(Shelf.HyperswarmImmutable, target, value, 0).ConfigureAwait(false) != PutResult.Stored)
        {
            return null;
        }

        Remember(target, value);
        return RpcReply.Empty;
    }

    private async ValueTask<RpcReply?> GetMutableAsync(Key256 target, ReadOnlyMemory<byte> atLeast)
    {
        StoredRecord? stored = await store.GetAsync(Shelf.HyperswarmMutable, StoredValue.KeyOf(target), _closing.Token).ConfigureAwait(false);
        return stored is null || !new CompactReader(atLeast.Span).TryReadUInt(out long least) || stored.Sequence < least
            ? RpcReply.Empty
            : new RpcReply(StoredValue.ToAnswer(stored));
    }

    private async ValueTask<RpcReply?> PutMutableAsync(Key256 target, ReadOnlyMemory<byte> request)
    {
        if (!StoredValue.TryVerify(request.Span, out long sequence, out byte[] stored))
        {
            driver.Run((_, _) => commands.Counters.Forged++);
            return null;
        }

        PutResult result = await PutAsync(Shelf.HyperswarmMutable, target, stored, sequence).ConfigureAwait(false);
        if (result != PutResult.Stale)
        {
            return result == PutResult.Stored ? RpcReply.Empty : null;
        }

        // What stands there may have changed since; whatever it says now is true as well.
        StoredRecord? present = await store.GetAsync(Shelf.HyperswarmMutable, StoredValue.KeyOf(target), _closing.Token).ConfigureAwait(false);
        return present is null ? null
            : present.Sequence > sequence ? RpcReply.Refused((uint)RpcError.SequenceTooLow)
            : StoredValue.HasSameValue(present, stored) ? RpcReply.Empty
            : RpcReply.Refused((uint)RpcError.SequenceReused);
    }

    private async ValueTask<PutResult> PutAsync(Shelf shelf, Key256 target, ReadOnlyMemory<byte> value, long sequence)
    {
        byte[] key = StoredValue.KeyOf(target);
        bool isFull = await store.CountAsync(shelf, _closing.Token).ConfigureAwait(false) >= limits.Values;
        if (isFull && await store.GetAsync(shelf, key, _closing.Token).ConfigureAwait(false) is null)
        {
            return PutResult.Full;
        }

        DateTimeOffset now = time.GetUtcNow();
        return await store.PutAsync(shelf, key, new StoredRecord(value, sequence, now + limits.ValueLifetime, now), null, _closing.Token).ConfigureAwait(false);
    }

    private void Remember(Key256 target, ReadOnlyMemory<byte> value) => driver.Run((_, now) => commands.Remember(target, value, now));

    private async Task SweepAsync()
    {
        using PeriodicTimer timer = new(s_sweepPause, time);
        while (await timer.WaitForNextTickAsync(_closing.Token).ConfigureAwait(false))
        {
            // The system's clock may have been set.
            driver.Run((_, now) => commands.SetClock(time.GetUtcNow().ToUnixTimeMilliseconds(), now));
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
            RpcLog.StoreUnavailable(logger, reason);
        }
    }
}
