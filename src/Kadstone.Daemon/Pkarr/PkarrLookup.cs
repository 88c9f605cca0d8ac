namespace Kadstone.Daemon.Pkarr;

/// <summary>One lookup of a packet, for those who wait for its end and for those to whom the first good answer is enough.</summary>
internal sealed class PkarrLookup
{
    private readonly Lock _lock = new();
    private PkarrPacket? _newest;
    private TaskCompletionSource _news = NewSignal();

    /// <summary>The newest of all answers.</summary>
    public Task<PkarrFinding> Whole { get; set; } = Task.FromException<PkarrFinding>(new InvalidOperationException("The lookup was not begun."));

    /// <summary>Notes a packet that is newer than those before it.</summary>
    public void Tell(PkarrPacket packet)
    {
        TaskCompletionSource waiting;
        lock (_lock)
        {
            _newest = packet;
            waiting = _news;
            _news = NewSignal();
        }

        waiting.SetResult();
    }

    /// <summary>The first packet that is not older than what is known already; when none comes, what the whole lookup found.</summary>
    public async Task<PkarrFinding> FirstAsync(PkarrPacket? known, CancellationToken cancellationToken)
    {
        while (true)
        {
            Task news;
            lock (_lock)
            {
                if (_newest is not null && (known is null || _newest.CompareTo(known) >= 0))
                {
                    return new PkarrFinding(_newest, null, 1);
                }

                news = _news.Task;
            }

            if (await Task.WhenAny(Whole, news).WaitAsync(cancellationToken).ConfigureAwait(false) == Whole)
            {
                return await Whole.ConfigureAwait(false);
            }
        }
    }

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
