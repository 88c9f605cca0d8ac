namespace Kadstone.Daemon.Pkarr;

/// <summary>Lookups of packets: of many who ask for one key at once, one lookup tells all. What is found goes into the cache.</summary>
internal sealed class PkarrLookups(IPkarrNetwork network, PacketCache cache, TimeProvider time, int most) : IAsyncDisposable
{
    private readonly Lock _lock = new();
    private readonly CancellationTokenSource _closing = new();
    private readonly Dictionary<PkarrKey, PkarrLookup> _running = [];

    /// <summary>Asks, or joins those who ask already. Who gives up leaves the lookup to the others.</summary>
    /// <returns>Null: too many lookups are under way.</returns>
    public PkarrLookup? TryStart(PkarrKey key)
    {
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_closing.IsCancellationRequested, this);
            if (_running.TryGetValue(key, out PkarrLookup? running))
            {
                return running;
            }

            if (_running.Count >= most)
            {
                return null;
            }

            PkarrLookup lookup = new();
            _running.Add(key, lookup);
            lookup.Whole = FindAsync(key, lookup);
            return lookup;
        }
    }

    public async ValueTask DisposeAsync()
    {
        Task[] running;
        lock (_lock)
        {
            _closing.Cancel();
            running = [.. _running.Values.Select(lookup => lookup.Whole)];
        }

        await ((Task)Task.WhenAll(running)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _closing.Dispose();
    }

    private async Task<PkarrFinding> FindAsync(PkarrKey key, PkarrLookup lookup)
    {
        // Off the lock of who asked first.
        await Task.Yield();
        try
        {
            PkarrFinding finding = await network.FindAsync(
                key,
                packet =>
                {
                    cache.Offer(packet, time.GetUtcNow());
                    lookup.Tell(packet);
                },
                _closing.Token).ConfigureAwait(false);
            if (finding.Packet is PkarrPacket packet)
            {
                cache.Offer(packet, time.GetUtcNow());
            }

            return finding;
        }
        finally
        {
            lock (_lock)
            {
                _running.Remove(key);
            }
        }
    }
}
