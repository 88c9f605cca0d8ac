using Kadstone.Daemon.V1.Answers;
using Kadstone.Daemon.V1.Networks;

namespace Kadstone.Daemon.V1.Publishing;

/// <summary>A publication and how it goes.</summary>
internal sealed class Publication(KeptPublication kept, DaemonNetwork network)
{
    private static readonly TimeSpan s_shortestPause = TimeSpan.FromSeconds(30);

    private readonly Lock _lock = new();
    private Told _last;
    private DateTimeOffset? _lastAt;
    private DateTimeOffset? _nextAt;
    private CheckAnswer? _check;
    private int _failures;

    public KeptPublication Kept => kept;

    public DaemonNetwork Network => network;

    private TimeSpan Interval => kept.IsAnnouncement ? network.AnnounceInterval : network.ValueInterval;

    public DateTimeOffset? NextAt
    {
        get
        {
            lock (_lock)
            {
                return _nextAt;
            }
        }
    }

    /// <summary>When it is first told, after a restart.</summary>
    public void DueAt(DateTimeOffset at)
    {
        lock (_lock)
        {
            _nextAt = at;
        }
    }

    /// <summary>A round is over. Where nobody took it the next one comes soon, and each time later.</summary>
    public void TellEnded(Told told, DateTimeOffset at)
    {
        lock (_lock)
        {
            _last = told;
            _lastAt = at;
            _failures = told.Acknowledged > 0 ? 0 : _failures + 1;
            TimeSpan pause = _failures == 0 ? Interval : s_shortestPause * Math.Pow(2, Math.Min(_failures - 1, 16));
            _nextAt = at + (pause < Interval ? pause : Interval);
        }
    }

    public void Checked(CheckAnswer check)
    {
        lock (_lock)
        {
            _check = check;
        }
    }

    public PublicationAnswer Answer()
    {
        lock (_lock)
        {
            return new PublicationAnswer(kept.Id, kept.Network, kept.Kind, kept.Key, kept.StartedAt, _lastAt, _last.Acknowledged, _last.Asked, _nextAt, _check);
        }
    }
}
