using System.Buffers;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Kadstone.Libp2p.Core;

namespace Kadstone.Libp2p;

/// <summary>Runs a <see cref="Connection"/> on a socket: one task reads, one writes, a timer tells the time, one lock is around the core.</summary>
internal sealed class PeerLink : IDisposable
{
    private const int BufferLength = 64 * 1024;

    // A goodbye that the other side does not fetch within this time stays unsaid.
    private static readonly TimeSpan s_farewell = TimeSpan.FromSeconds(2);

    private readonly Lock _lock = new();
    private readonly Socket _socket;
    private readonly Connection _core;
    private readonly TimeProvider _time;
    private readonly long _epoch;
    private readonly Func<PeerLink, PeerStream, CancellationToken, Task> _serve;
    private readonly Signal _wake = new();
    private readonly CancellationTokenSource _farewell;
    private readonly CancellationTokenSource _ended = new();
    private readonly TaskCompletionSource _opened = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly HashSet<Task> _serving = [];
    private readonly Dictionary<string, int> _servedByProtocol = [];
    private readonly ITimer _timer;
    private readonly int _streamsPerProtocol;
    private TimeSpan _armed = TimeSpan.MaxValue;

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
        _farewell = new CancellationTokenSource(Timeout.InfiniteTimeSpan, time);
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
            AfterChange();
        }

        Task writing = WriteAsync();
        await ReadAsync().ConfigureAwait(false);
        await writing.ConfigureAwait(false);
        await _ended.CancelAsync().ConfigureAwait(false);
        _socket.Dispose();
        await _timer.DisposeAsync().ConfigureAwait(false);
        while (true)
        {
            Task[] serving;
            lock (_lock)
            {
                serving = [.. _serving];
            }

            if (serving.Length == 0)
            {
                break;
            }

            await Task.WhenAll(serving).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

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
        _farewell.Dispose();
        _ended.Dispose();
        _socket.Dispose();
    }

    /// <summary>Ends the connection; <see cref="RunAsync"/> is over soon after.</summary>
    public void Close(ConnectionEnd reason)
    {
        lock (_lock)
        {
            _core.Close(reason);
        }

        _wake.Set();
    }

    /// <exception cref="StreamResetException">The connection is over, or has too many streams.</exception>
    /// <exception cref="ProtocolNotSupportedException">The peer does not speak it.</exception>
    public async ValueTask<MuxedStream> OpenStreamAsync(string protocol, CancellationToken cancellationToken)
    {
        MuxedStream stream;
        lock (_lock)
        {
            if (Remote is null || _core.OpenStream([protocol], Now) is not ProtocolStream opened)
            {
                throw new StreamResetException("The connection is over, or has too many streams.");
            }

            stream = new MuxedStream(this, Remote, opened);
            AfterChange();
        }

        try
        {
            await stream.ChooseAsync(protocol, cancellationToken).ConfigureAwait(false);
            return stream;
        }
        catch
        {
            stream.Reset();
            throw;
        }
    }

    internal bool TryRead(ProtocolStream stream, Span<byte> buffer, out int count)
    {
        lock (_lock)
        {
            if (stream.IsReset)
            {
                throw new StreamResetException($"The stream of {stream.Protocol} was reset.");
            }

            count = stream.Read(buffer);
            AfterChange();
            return count > 0 || buffer.IsEmpty || stream.IsAtEnd;
        }
    }

    internal int Write(ProtocolStream stream, ReadOnlySpan<byte> bytes)
    {
        lock (_lock)
        {
            if (stream.IsReset)
            {
                throw new StreamResetException($"The stream of {stream.Protocol} was reset.");
            }

            if (stream.IsWriteClosed)
            {
                throw new InvalidOperationException("Our direction of the stream is ended.");
            }

            int count = stream.Write(bytes);
            AfterChange();
            return count;
        }
    }

    internal void CloseWrite(ProtocolStream stream)
    {
        lock (_lock)
        {
            stream.CloseWrite();
            AfterChange();
        }
    }

    internal void Reset(ProtocolStream stream)
    {
        lock (_lock)
        {
            stream.Reset();
            AfterChange();
        }
    }

    internal void Leave(ProtocolStream stream)
    {
        lock (_lock)
        {
            stream.Leave(Now);
            AfterChange();
        }
    }

    internal bool IsChosen(ProtocolStream stream, string protocol)
    {
        lock (_lock)
        {
            return stream.State switch
            {
                NegotiationState.Agreed => true,
                NegotiationState.Failed => throw new ProtocolNotSupportedException($"The peer does not speak {protocol}."),
                _ => stream.IsReset ? throw new StreamResetException($"The stream for {protocol} was reset.") : false,
            };
        }
    }

    // Under the lock. What the core wants sent is sent by the writer, and its next deadline is the timer's.
    private void AfterChange()
    {
        _wake.Set();
        TimeSpan deadline = _core.NextDeadline;
        if (deadline != _armed)
        {
            _armed = deadline;
            TimeSpan due = deadline == TimeSpan.MaxValue ? Timeout.InfiniteTimeSpan : deadline - Now;
            _timer.Change(due < TimeSpan.Zero && deadline != TimeSpan.MaxValue ? TimeSpan.Zero : due, Timeout.InfiniteTimeSpan);
        }
    }

    private void OnTimer()
    {
        lock (_lock)
        {
            // A timer may be early by a fraction of a millisecond: then it is wound again.
            _armed = TimeSpan.MinValue;
            _core.Elapse(Now);
            AfterChange();
        }
    }

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
            _farewell.CancelAfter(s_farewell);
        }
    }

    // Under the lock, so the handler begins elsewhere.
    private void OnAccepted(ProtocolStream accepted)
    {
        Debug.Assert(_lock.IsHeldByCurrentThread);
        int open = _servedByProtocol.GetValueOrDefault(accepted.Protocol);
        if (Remote is null || open >= _streamsPerProtocol)
        {
            accepted.Reset();
            return;
        }

        _servedByProtocol[accepted.Protocol] = open + 1;
        MuxedStream stream = new(this, Remote, accepted);
        Task serving = Task.Run(() => ServeAsync(stream));
        _serving.Add(serving);
        _ = serving.ContinueWith(Served, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
    }

    private async Task ServeAsync(MuxedStream stream)
    {
        string protocol = stream.Protocol;
        try
        {
            await _serve(this, stream, _ended.Token).ConfigureAwait(false);
        }
        finally
        {
            lock (_lock)
            {
                _servedByProtocol[protocol]--;
            }
        }
    }

    private void Served(Task task)
    {
        lock (_lock)
        {
            _serving.Remove(task);
        }
    }

    private async Task ReadAsync()
    {
        try
        {
            while (true)
            {
                // Waits without a buffer: a connection that says nothing holds none.
                await _socket.ReceiveAsync(Memory<byte>.Empty, SocketFlags.None, _ended.Token).ConfigureAwait(false);
                byte[] buffer = ArrayPool<byte>.Shared.Rent(BufferLength);
                try
                {
                    int count = await _socket.ReceiveAsync(buffer, SocketFlags.None, _ended.Token).ConfigureAwait(false);
                    if (count == 0)
                    {
                        break;
                    }

                    lock (_lock)
                    {
                        _core.Receive(buffer.AsSpan(0, count), Now);
                        AfterChange();
                    }
                }
                finally
                {
                    ArrayPool<byte>.Shared.Return(buffer);
                }
            }
        }
        catch (Exception exception) when (exception is SocketException or OperationCanceledException or ObjectDisposedException)
        {
            // The end of the connection, however it comes; the core knows why if it was us.
        }

        Close(ConnectionEnd.ClosedByPeer);
    }

    private async Task WriteAsync()
    {
        try
        {
            while (await FlushAsync().ConfigureAwait(false))
            {
                await _wake.WaitAsync(_farewell.Token).ConfigureAwait(false);
            }

            _socket.Shutdown(SocketShutdown.Both);
        }
        catch (Exception exception) when (exception is SocketException or OperationCanceledException or ObjectDisposedException)
        {
            Close(ConnectionEnd.ClosedByPeer);
        }

        await _ended.CancelAsync().ConfigureAwait(false);
    }

    // Sends all that is there; false when nothing will come any more.
    private async Task<bool> FlushAsync()
    {
        byte[] buffer = ArrayPool<byte>.Shared.Rent(BufferLength);
        try
        {
            while (true)
            {
                int count;
                bool isOver;
                lock (_lock)
                {
                    count = _core.Transmit(buffer);
                    isOver = _core.Phase == ConnectionPhase.Ended;
                }

                if (count == 0)
                {
                    return !isOver;
                }

                for (int sent = 0; sent < count;)
                {
                    sent += await _socket.SendAsync(buffer.AsMemory(sent, count - sent), SocketFlags.None, _farewell.Token).ConfigureAwait(false);
                }
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }
}
