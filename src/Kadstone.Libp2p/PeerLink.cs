using System.Net;
using System.Net.Sockets;
using Kadstone.Libp2p.Core;

namespace Kadstone.Libp2p;

/// <summary>Runs a <see cref="Connection"/> on a socket: one task reads, whoever changed something sends, a timer tells the time, one lock is around the core.</summary>
internal sealed partial class PeerLink : IDisposable
{
    // A goodbye that the other side does not fetch within this time stays unsaid.
    private static readonly TimeSpan s_farewell = TimeSpan.FromSeconds(2);

    private readonly Lock _lock = new();
    private readonly Socket _socket;
    private readonly Connection _core;
    private readonly TimeProvider _time;
    private readonly long _epoch;
    private readonly CancellationTokenSource _ended = new();
    private readonly TaskCompletionSource _opened = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly ITimer _timer;
    private TimeSpan _armed = TimeSpan.MaxValue;
    private TimeSpan _patience = TimeSpan.MaxValue;

    public PeerLink(
        Socket socket,
        ConnectionSettings settings,
        PeerId? expected,
        bool isInbound,
        Random chance,
        TimeProvider time,
        int streamsPerProtocol,
        Func<PeerLink, PeerStream, CancellationToken, Task> serve)
    {
        _socket = socket;
        _time = time;
        _epoch = time.GetTimestamp();
        _serve = serve;
        _streamsPerProtocol = streamsPerProtocol;
        IsInbound = isInbound;
        RemoteEndpoint = socket.RemoteEndPoint as IPEndPoint ?? new IPEndPoint(IPAddress.None, 0);
        RemoteAddress = Multiaddr.FromTcp(RemoteEndpoint.Address, RemoteEndpoint.Port);
        _core = new Connection(settings, !isInbound, expected, chance, TimeSpan.Zero) { PhaseChanged = OnPhase, Accepted = OnAccepted };
        _timer = time.CreateTimer(static state => (state as PeerLink)?.OnTimer(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    public bool IsInbound { get; }

    public IPEndPoint RemoteEndpoint { get; }

    public Multiaddr RemoteAddress { get; }

    /// <summary>Where its bytes are counted with those of the host's other links.</summary>
    public LinkTraffic Traffic { get; init; } = new();

    /// <summary>Completes when streams can be opened; fails when that will never be.</summary>
    public Task Opened => _opened.Task;

    /// <summary>Completed by the host when the open link is counted as the peer's; fails with the link.</summary>
    public TaskCompletionSource Registered { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>The peer, once the link is open.</summary>
    public PeerId? Remote { get; private set; }

    public PublicKey? RemoteKey { get; private set; }

    /// <summary>What the peer said of itself.</summary>
    public IdentifiedPeer? Identity { get; set; }

    /// <summary>Completed by the host when the peer has said what it is, or will not.</summary>
    public TaskCompletionSource IdentifyEnded { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Two streams of pings are answered at a time; others wait.</summary>
    public SemaphoreSlim PingTurns { get; } = new(2);

    /// <summary>Which version of our list of protocols it was told last; 0 when none. By the host.</summary>
    public int ToldVersion { get; set; }

    /// <summary>When its last stream was opened, since the host's start; by the host.</summary>
    public TimeSpan LastUsed { get; set; }

    public bool IsOver => End is not null;

    public int StreamCount
    {
        get
        {
            lock (_lock)
            {
                return _core.StreamCount;
            }
        }
    }

    public ConnectionEnd? End
    {
        get
        {
            lock (_lock)
            {
                return _core.End;
            }
        }
    }

    private TimeSpan Now => _time.GetElapsedTime(_epoch);

    /// <summary>Runs the connection to its end. Called once.</summary>
    public async Task RunAsync()
    {
        lock (_lock)
        {
            WindTimer();
        }

        Settle();
        await ReadAsync().ConfigureAwait(false);
        await _written.Task.ConfigureAwait(false);
        await _ended.CancelAsync().ConfigureAwait(false);
        _socket.Dispose();
        await _timer.DisposeAsync().ConfigureAwait(false);
        await AllServedAsync().ConfigureAwait(false);
    }

    /// <summary>Gives back what the core holds. Called once, after <see cref="RunAsync"/> is over; streams may still be asked, and say that they are reset.</summary>
    public void Dispose()
    {
        lock (_lock)
        {
            _core.Dispose();
        }

        PingTurns.Dispose();
        _timer.Dispose();
        _ended.Dispose();
        _socket.Dispose();
    }

    /// <summary>Ends the connection; <see cref="RunAsync"/> is over soon after.</summary>
    public void Close(ConnectionEnd reason)
    {
        lock (_lock)
        {
            _core.Close(reason);
            WindTimer();
        }

        Settle();
    }

    // Under the lock. A timer that is due too early does no harm and is wound again then; so it is only ever wound forward here.
    private void WindTimer()
    {
        TimeSpan deadline = _core.Phase == ConnectionPhase.Ended ? _patience : _core.NextDeadline;
        if (deadline < _armed)
        {
            _armed = deadline;
            TimeSpan due = deadline - Now;
            _timer.Change(due < TimeSpan.Zero ? TimeSpan.Zero : due, Timeout.InfiniteTimeSpan);
        }
    }

    private void OnTimer()
    {
        bool isUnheard = false;
        lock (_lock)
        {
            _armed = TimeSpan.MaxValue;
            if (_core.Phase != ConnectionPhase.Ended)
            {
                _core.Elapse(Now);
            }
            else if (Now >= _patience)
            {
                _patience = TimeSpan.MaxValue;
                isUnheard = true;
            }

            WindTimer();
        }

        if (isUnheard)
        {
            _socket.Dispose();
        }

        Settle();
    }

    // Under the lock.
    private void OnPhase()
    {
        if (_core.Phase == ConnectionPhase.Open)
        {
            RemoteKey = _core.RemoteKey;
            Remote = RemoteKey?.PeerId;
            _opened.TrySetResult();
        }
        else if (_core.Phase == ConnectionPhase.Ended)
        {
            PeerUnreachableException reason = new($"{RemoteAddress}: {_core.End}");
            _opened.TrySetException(reason);
            Registered.TrySetException(reason);

            // Whom nobody waits for, nobody asks why.
            _ = _opened.Task.Exception;
            _ = Registered.Task.Exception;
            _patience = Now + s_farewell;
        }
    }
}
