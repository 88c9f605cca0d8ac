namespace Kadstone.Daemon.Pkarr;

/// <summary>One at a time a key: who publishes under a key sees what the one before published.</summary>
internal sealed class KeyTurns
{
    private readonly Lock _lock = new();
    private readonly Dictionary<PkarrKey, TaskCompletionSource> _taken = [];

    /// <summary>Waits for the turn; disposing what is returned ends it.</summary>
    public async Task<Turn> TakeAsync(PkarrKey key, CancellationToken cancellationToken)
    {
        while (true)
        {
            Task before;
            lock (_lock)
            {
                if (!_taken.TryGetValue(key, out TaskCompletionSource? taken))
                {
                    _taken.Add(key, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
                    return new Turn(this, key);
                }

                before = taken.Task;
            }

            await before.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    private void End(PkarrKey key)
    {
        lock (_lock)
        {
            if (_taken.Remove(key, out TaskCompletionSource? taken))
            {
                taken.SetResult();
            }
        }
    }

    /// <summary>The turn of one key.</summary>
    public readonly struct Turn(KeyTurns turns, PkarrKey key) : IDisposable
    {
        public void Dispose() => turns.End(key);
    }
}
