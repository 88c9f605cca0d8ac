using Kadstone.Kademlia;
using Microsoft.Extensions.Logging;

namespace Kadstone.Hyperswarm;

/// <summary>An announce of the first generation that is kept alive: nodes forget it after six minutes.</summary>
internal sealed class Gen1Announcement(Gen1HyperDht dht, Key256 topic, AnnounceOptions? options, TimeProvider time, ILogger logger) : IAnnouncement
{
    private static readonly TimeSpan s_leastPause = TimeSpan.FromMinutes(4);
    private static readonly TimeSpan s_jitter = TimeSpan.FromMinutes(1);

    // After a failure, soon enough for the entries of the announce before it.
    private static readonly TimeSpan s_retryPause = TimeSpan.FromSeconds(30);

    private readonly CancellationTokenSource _closing = new();
    private readonly TaskCompletionSource _announced = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Lock _gate = new();
    private Task _loop = Task.CompletedTask;
    private Task? _disposal;
    private int _count;

    public Key256 Topic => topic;

    public Task Announced => _announced.Task;

    public int Count => Volatile.Read(ref _count);

    internal void Start() => _loop = LoopAsync();

    public ValueTask DisposeAsync()
    {
        lock (_gate)
        {
            _disposal ??= DisposeOnceAsync();
            return new ValueTask(_disposal);
        }
    }

    private async Task LoopAsync()
    {
        // Off the caller's thread.
        await Task.Yield();
        while (true)
        {
            TimeSpan pause = await AnnounceAsync().ConfigureAwait(false) ? s_leastPause + (s_jitter * Random.Shared.NextDouble()) : s_retryPause;
            await Task.Delay(pause, time, _closing.Token).ConfigureAwait(false);
        }
    }

    private async Task<bool> AnnounceAsync()
    {
        try
        {
            await foreach (PeersFound _ in dht.AnnounceAsync(topic, options, _closing.Token).ConfigureAwait(false))
            {
            }

            Interlocked.Increment(ref _count);
            _announced.TrySetResult();
            return true;
        }
        catch (Exception exception) when (exception is NoAnswerException or TimeoutException)
        {
            RpcLog.NotAnnounced(logger, topic, exception.Message);
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

    private async Task DisposeOnceAsync()
    {
        await _closing.CancelAsync().ConfigureAwait(false);
        await _loop.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _announced.TrySetCanceled(_closing.Token);
        dht.Forget(this);
        if (Count > 0)
        {
            await UnannounceAsync().ConfigureAwait(false);
        }

        _closing.Dispose();
    }

    // What cannot be taken back is forgotten in six minutes.
    private async Task UnannounceAsync()
    {
        try
        {
            await dht.UnannounceAsync(topic, options).ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is NoAnswerException or TimeoutException or OperationCanceledException or ObjectDisposedException)
        {
            RpcLog.NotUnannounced(logger, topic, exception.Message);
        }
    }
}
