using System.Threading.Tasks.Sources;

namespace Kadstone.Libp2p;

/// <summary>"Something changed": many may set it, one waits for it. Setting twice is setting once.</summary>
/// <remarks>Waiting allocates nothing. Whoever waits continues on the pool, unless who sets it lends its own thread.</remarks>
internal sealed class Signal : IValueTaskSource
{
    private readonly Lock _lock = new();
    private ManualResetValueTaskSourceCore<bool> _waiter;
    private CancellationTokenRegistration _cancellation;
    private bool _isSet;
    private bool _isAwaited;

    /// <param name="inline">Whether whoever waits continues within this call: it must hold no lock then.</param>
    internal void Set(bool inline = false)
    {
        lock (_lock)
        {
            if (!_isAwaited)
            {
                _isSet = true;
                return;
            }

            _isAwaited = false;
        }

        _waiter.RunContinuationsAsynchronously = !inline;
        _waiter.SetResult(true);
    }

    /// <summary>Ends when it is set, at once when it was since the last wait.</summary>
    /// <exception cref="InvalidOperationException">Somebody waits already.</exception>
    internal ValueTask WaitAsync(CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        short version;
        lock (_lock)
        {
            if (_isAwaited)
            {
                throw new InvalidOperationException("One at a time may wait.");
            }

            if (_isSet)
            {
                _isSet = false;
                return ValueTask.CompletedTask;
            }

            _waiter.Reset();
            _isAwaited = true;
            version = _waiter.Version;
        }

        _cancellation = cancellationToken.UnsafeRegister(static (state, token) => (state as Signal)?.Cancel(token), this);
        return new ValueTask(this, version);
    }

    void IValueTaskSource.GetResult(short token)
    {
        // Also waits out a cancellation that is under way, which would else hit the next wait.
        _cancellation.Dispose();
        _waiter.GetResult(token);
    }

    ValueTaskSourceStatus IValueTaskSource.GetStatus(short token) => _waiter.GetStatus(token);

    void IValueTaskSource.OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _waiter.OnCompleted(continuation, state, token, flags);

    private void Cancel(CancellationToken token)
    {
        lock (_lock)
        {
            if (!_isAwaited)
            {
                return;
            }

            _isAwaited = false;
        }

        _waiter.RunContinuationsAsynchronously = true;
        _waiter.SetException(new OperationCanceledException(token));
    }
}
