using Kadstone.Kademlia;
using Microsoft.Extensions.Logging;

namespace Kadstone.Hyperswarm;

/// <summary>Announces again and again. A round that fails is tried again soon; the first one's failure is the caller's to see.</summary>
/// <param name="topic">The key.</param>
/// <param name="announce">One round.</param>
/// <param name="takeBack">Takes the announce back.</param>
/// <param name="forget">Told when it is disposed.</param>
/// <param name="time">The clock.</param>
/// <param name="logger">Where it logs.</param>
internal sealed class KeptAnnouncement(
    Key256 topic,
    Func<CancellationToken, Task> announce,
    Func<Task> takeBack,
    Action<KeptAnnouncement> forget,
    TimeProvider time,
    ILogger logger) : IAnnouncement
{
    // Nodes of the first generation forget an announce after six minutes, those of today after twenty.
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
        forget(this);
        if (Count > 0)
        {
            try
            {
                await takeBack().ConfigureAwait(false);
            }
            catch (Exception exception) when (exception is NoAnswerException or TimeoutException or ObjectDisposedException or OperationCanceledException)
            {
                // It expires where it is.
                RpcLog.NotUnannounced(logger, Topic, exception.Message);
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
        // Off the caller's thread.
        await Task.Yield();
        while (true)
        {
            // From the beginning of a round: one that took long is not followed by a longer gap.
            long began = time.GetTimestamp();
            TimeSpan pause = await AnnounceAsync().ConfigureAwait(false)
                ? s_shortestPause + ((s_longestPause - s_shortestPause) * Random.Shared.NextDouble())
                : s_pauseAfterFailure;
            TimeSpan left = pause - time.GetElapsedTime(began);
            await Task.Delay(left > TimeSpan.Zero ? left : TimeSpan.Zero, time, _closing.Token).ConfigureAwait(false);
        }
    }

    private async Task<bool> AnnounceAsync()
    {
        try
        {
            await announce(_closing.Token).ConfigureAwait(false);
            Interlocked.Increment(ref _count);
            _announced.TrySetResult();
            return true;
        }
        catch (Exception exception) when (exception is NoAnswerException or TimeoutException)
        {
            RpcLog.NotAnnounced(logger, Topic, exception.Message);
            _announced.TrySetException(exception);
            return false;
        }
        catch (Exception exception) when (exception is not OperationCanceledException)
        {
            // The port is in use, or the node is gone: no other try mends that.
            _announced.TrySetException(exception);
            throw;
        }
    }
}
