using Kadstone.Kademlia;
using Microsoft.Extensions.Logging;

namespace Kadstone.Hyperswarm;

/// <summary>Announces again and again. A round that fails is tried again soon; the first one's failure is the caller's to see.</summary>
internal sealed class HyperAnnouncement(HyperDht dht, Key256 topic, AnnounceOptions options, TimeProvider time, ILogger logger) : IAnnouncement
{
    private static readonly TimeSpan s_shortestPause = TimeSpan.FromMinutes(4);
    private static readonly TimeSpan s_longestPause = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan s_pauseAfterFailure = TimeSpan.FromSeconds(30);

    private readonly TaskCompletionSource _announced = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly CancellationTokenSource _closing = new();
    private readonly Lock _lock = new();
    private Task _loop = Task.CompletedTask;
    private Task? _stop;
    private Task? _disposal;
    private int _count;

    public Key256 Topic => topic;

    public Task Announced => _announced.Task;

    public int Count => Volatile.Read(ref _count);

    internal void Start() => _loop = LoopAsync();

    public ValueTask DisposeAsync()
    {
        lock (_lock)
        {
            _disposal ??= DisposeOnceAsync();
            return new ValueTask(_disposal);
        }
    }

    /// <summary>Ends without taking back what was announced.</summary>
    internal Task StopAsync()
    {
        lock (_lock)
        {
            return _stop ??= StopOnceAsync();
        }
    }

    private async Task DisposeOnceAsync()
    {
        await Task.Yield();
        await StopAsync().ConfigureAwait(false);
        dht.Forget(this);
        if (Count > 0)
        {
            try
            {
                await dht.UnannounceAsync(topic, options).ConfigureAwait(false);
            }
            catch (Exception exception) when (exception is NoAnswerException or TimeoutException or ObjectDisposedException or OperationCanceledException)
            {
                // It expires where it is.
            }
        }
    }

    private async Task StopOnceAsync()
    {
        await _closing.CancelAsync().ConfigureAwait(false);
        await _loop.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _announced.TrySetCanceled();
        _closing.Dispose();
    }

    private async Task LoopAsync()
    {
        while (true)
        {
            // From the beginning of a round: one that took long is not followed by a longer gap.
            long began = time.GetTimestamp();
            TimeSpan pause = s_shortestPause + ((s_longestPause - s_shortestPause) * Random.Shared.NextDouble());
            try
            {
                await dht.AnnounceOnceAsync(topic, options, _closing.Token).ConfigureAwait(false);
                Interlocked.Increment(ref _count);
                _announced.TrySetResult();
            }
            catch (Exception exception) when (exception is NoAnswerException or TimeoutException)
            {
                RpcLog.NotAnnounced(logger, Topic, exception.Message);
                _announced.TrySetException(exception);
                pause = s_pauseAfterFailure;
            }

            TimeSpan left = pause - time.GetElapsedTime(began);
            await Task.Delay(left > TimeSpan.Zero ? left : TimeSpan.Zero, time, _closing.Token).ConfigureAwait(false);
        }
    }
}
