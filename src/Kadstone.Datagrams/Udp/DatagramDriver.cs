using System.Net;
using Kadstone.Kademlia;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Kadstone.Datagrams;

/// <summary>Runs a protocol on real sockets: hands it datagrams and the time, sends what it writes, wakes it at its deadlines.</summary>
/// <typeparam name="TProtocol">The protocol.</typeparam>
/// <remarks>
/// <para>One lock per protocol, held around protocol code only, never across a send or an await. The protocol's callbacks are raised under it,
/// on the I/O thread or on the thread that called <see cref="Run{TState, TResult}"/>.</para>
/// <para>On Linux (x64, arm64) one thread serves all drivers of the process with epoll, recvmmsg and sendmmsg. Elsewhere, or when the AppContext
/// switch <c>Kadstone.Datagrams.PortableSockets</c> is on, each driver has a thread per socket and one for deadlines.</para>
/// </remarks>
public sealed class DatagramDriver<TProtocol> : IPump, IAsyncDisposable
    where TProtocol : class, IDatagramProtocol
{
    /// <summary>How long a protocol that throws out of its own time keeping is left alone.</summary>
    private static readonly TimeSpan FaultPause = TimeSpan.FromMilliseconds(100);

    private readonly Lock _gate = new();
    private readonly TProtocol _protocol;
    private readonly UdpSocket[] _sockets;
    private readonly MonotonicClock _clock;
    private readonly ITimer? _timer;
    private readonly ILogger _logger;
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private IIOLoop? _loop;
    private bool _isDisposing;
    private bool _isDetached;
    private int _wakeIsPending;
    private long _deadline = long.MaxValue;
    private Instant _heldUntil = Instant.Never;
    private long _armed = long.MaxValue;
    private long _datagramsIn;
    private long _datagramsOut;
    private long _bytesIn;
    private long _bytesOut;
    private long _sendErrors;
    private long _receiveErrors;
    private long _protocolFaults;

    /// <summary>Makes a driver that owns the sockets from now on. Nothing moves before <see cref="Start"/>.</summary>
    /// <param name="protocol">The protocol; nobody else may call it any more.</param>
    /// <param name="sockets">1 to 255 bound sockets; the protocol knows them by their index.</param>
    /// <param name="timeProvider">The clock. Default <see cref="TimeProvider.System"/>.</param>
    /// <param name="loggerFactory">Where faults are logged. Default nowhere.</param>
    /// <exception cref="ArgumentException">There is no socket, or more than 255.</exception>
    public DatagramDriver(TProtocol protocol, IReadOnlyList<UdpSocket> sockets, TimeProvider? timeProvider = null, ILoggerFactory? loggerFactory = null)
    {
        ArgumentNullException.ThrowIfNull(protocol);
        ArgumentNullException.ThrowIfNull(sockets);
        if (sockets.Count is 0 or > byte.MaxValue)
        {
            throw new ArgumentException("A driver has 1 to 255 sockets.", nameof(sockets));
        }

        _protocol = protocol;
        _sockets = [.. sockets];
        LocalEndpoints = [.. sockets.Select(socket => socket.LocalEndpoint)];
        TimeProvider provider = timeProvider ?? TimeProvider.System;
        _clock = new MonotonicClock(provider);
        _logger = (ILogger?)loggerFactory?.CreateLogger<DatagramDriver<TProtocol>>() ?? NullLogger.Instance;

        // The loop sleeps by the system's clock; any other clock has to wake it.
        _timer = provider == TimeProvider.System ? null
            : provider.CreateTimer(static driver => ((DatagramDriver<TProtocol>)driver!).Wake(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>The present moment on this driver's clock.</summary>
    public Instant Now => _clock.Now;

    /// <summary>Where the sockets are bound, by index.</summary>
    public IReadOnlyList<IPEndPoint> LocalEndpoints { get; }

    /// <summary>What was done so far.</summary>
    public DriverCounters Counters => new(
        Interlocked.Read(ref _datagramsIn),
        Interlocked.Read(ref _datagramsOut),
        Interlocked.Read(ref _bytesIn),
        Interlocked.Read(ref _bytesOut),
        Interlocked.Read(ref _sendErrors),
        Interlocked.Read(ref _receiveErrors),
        Interlocked.Read(ref _protocolFaults));

    /// <inheritdoc/>
    IReadOnlyList<UdpSocket> IPump.Sockets => _sockets;

    /// <inheritdoc/>
    Instant IPump.LoopDeadline => _timer is null ? new Instant(Volatile.Read(ref _deadline)) : Instant.Never;

    /// <summary>How many datagrams a second may leave. Default null: as many as the protocol writes.</summary>
    public SendBudget? Budget { get; init; }

    /// <summary>Forces the portable loop, for tests of it on Linux.</summary>
    internal bool IsPortable { get; init; } =
        !LinuxLoop.IsSupported || (AppContext.TryGetSwitch("Kadstone.Datagrams.PortableSockets", out bool isOn) && isOn);

    /// <summary>Begins to receive and send.</summary>
    /// <exception cref="InvalidOperationException">It was started before.</exception>
    /// <exception cref="ObjectDisposedException">It was disposed.</exception>
    public void Start()
    {
        lock (_ended)
        {
            ObjectDisposedException.ThrowIf(_isDisposing, this);
            if (_loop is not null)
            {
                throw new InvalidOperationException("The driver was started before.");
            }

            _loop = IsPortable ? new PortableLoop(this) : LinuxLoop.Attach(this);

            // Whoever ran the protocol while the loop was starting saw no loop to wake.
            Wake();
        }
    }

    /// <summary>Calls into the protocol under its lock, then sends what it has to send.</summary>
    /// <param name="state">Handed to <paramref name="work"/>, so that it need not capture.</param>
    /// <param name="work">Short and pure: every datagram waits for it.</param>
    /// <returns>What <paramref name="work"/> returned.</returns>
    /// <remarks>Works before the start and after the end as well; then nothing is sent. Not from inside a callback of the protocol, which is in the middle of something.</remarks>
    public TResult Run<TState, TResult>(TState state, Func<TProtocol, TState, Instant, TResult> work)
    {
        ArgumentNullException.ThrowIfNull(work);
        try
        {
            lock (_gate)
            {
                return work(_protocol, state, _clock.Now);
            }
        }
        finally
        {
            Wake();
        }
    }

    /// <summary>Calls into the protocol under its lock, then sends what it has to send.</summary>
    /// <param name="work">Short and pure: every datagram waits for it.</param>
    public void Run(Action<TProtocol, Instant> work)
    {
        ArgumentNullException.ThrowIfNull(work);
        Run(work, static (protocol, work, now) =>
        {
            work(protocol, now);
            return true;
        });
    }

    /// <summary>Sends what the protocol still has to send, stops, and closes the sockets that are not to be left open.</summary>
    /// <remarks>May be called again. Called on an I/O thread (from a callback of a protocol) it returns at once, and the rest happens when the callback has returned.</remarks>
    public ValueTask DisposeAsync()
    {
        lock (_ended)
        {
            if (!_isDisposing)
            {
                _isDisposing = true;
                if (_loop is null)
                {
                    ((IPump)this).Detached();
                }
                else
                {
                    _loop.Detach(this);
                }
            }
        }

        return IOThread.IsCurrent ? ValueTask.CompletedTask : new ValueTask(_ended.Task);
    }

    /// <inheritdoc/>
    bool IPump.Round(DatagramBatch? inbox, ref int next, byte socket, DatagramBatch outbox)
    {
        bool isFull = false;
        lock (_gate)
        {
            if (_isDetached)
            {
                return false;
            }

            Instant now = _clock.Now;
            if (inbox is not null)
            {
                isFull = ReceiveAll(inbox, ref next, socket, outbox, now);
            }

            if (!isFull)
            {
                Instant deadline = KeepTime(now);
                isFull = !TransmitAll(outbox, now);
                if (!isFull)
                {
                    deadline = Instant.Earlier(Instant.Earlier(deadline, _heldUntil), NextDeadlineAfter(now));
                    Volatile.Write(ref _deadline, deadline.Ticks);
                }
            }
        }

        if (_timer is not null && !isFull)
        {
            Arm(_timer);
        }

        return isFull;
    }

    /// <inheritdoc/>
    bool IPump.TryMarkWake() => Volatile.Read(ref _wakeIsPending) == 0 && Interlocked.Exchange(ref _wakeIsPending, 1) == 0;

    /// <inheritdoc/>
    void IPump.ClearWake() => Interlocked.Exchange(ref _wakeIsPending, 0);

    /// <inheritdoc/>
    void IPump.CountSent(int datagrams, long bytes, int errors)
    {
        Interlocked.Add(ref _datagramsOut, datagrams);
        Interlocked.Add(ref _bytesOut, bytes);
        if (errors != 0)
        {
            Interlocked.Add(ref _sendErrors, errors);
        }
    }

    /// <inheritdoc/>
    void IPump.CountReceiveErrors(int errors) => Interlocked.Add(ref _receiveErrors, errors);

    /// <inheritdoc/>
    void IPump.Detached()
    {
        lock (_gate)
        {
            _isDetached = true;
            Volatile.Write(ref _deadline, long.MaxValue);
        }

        _timer?.Dispose();
        foreach (UdpSocket socket in _sockets)
        {
            socket.Dispose();
        }

        _ended.TrySetResult();
    }

    /// <inheritdoc/>
    void IPump.LoopFailed(string operation, int errorCode)
    {
        Interlocked.Increment(ref _receiveErrors);
        DatagramDriverLog.LoopFailed(_logger, operation, errorCode);
    }

    /// <summary>True when the outbox is full.</summary>
    private bool ReceiveAll(DatagramBatch inbox, ref int next, byte socket, DatagramBatch outbox, Instant now)
    {
        int datagrams = 0;
        long bytes = 0;
        bool isFull = false;
        while (next < inbox.Count && !isFull)
        {
            int index = next++;
            int length = inbox.Lengths[index];
            if (length < 0)
            {
                continue;
            }

            datagrams++;
            bytes += length;
            try
            {
                _protocol.Receive(inbox.Slot(index)[..length], inbox.Endpoints[index], socket, now);
            }
            catch (Exception exception)
            {
                Fault(exception);
            }

            isFull = !TransmitAll(outbox, now);
        }

        Interlocked.Add(ref _datagramsIn, datagrams);
        Interlocked.Add(ref _bytesIn, bytes);
        return isFull;
    }

    /// <summary>Lets the protocol do what is due; returns when to come back after a fault, else never.</summary>
    private Instant KeepTime(Instant now)
    {
        try
        {
            if (_protocol.NextDeadline <= now)
            {
                _protocol.Elapse(now);
            }

            return Instant.Never;
        }
        catch (Exception exception)
        {
            Fault(exception);
            return now + FaultPause;
        }
    }

    private Instant NextDeadlineAfter(Instant now)
    {
        try
        {
            return _protocol.NextDeadline;
        }
        catch (Exception exception)
        {
            Fault(exception);
            return now + FaultPause;
        }
    }

    /// <summary>False when the outbox is full and the protocol may have more. What the budget holds back is left with the protocol.</summary>
    private bool TransmitAll(DatagramBatch outbox, Instant now)
    {
        _heldUntil = Instant.Never;
        try
        {
            while (outbox.Count < outbox.Capacity)
            {
                if (Budget is not null && !Budget.HasOne(now, out Instant until))
                {
                    _heldUntil = until;
                    return true;
                }

                if (!_protocol.TryTransmit(outbox.Slot(outbox.Count), now, out Transmit transmit))
                {
                    return true;
                }

                if ((uint)transmit.Length > (uint)outbox.SlotBytes || transmit.Socket >= _sockets.Length)
                {
                    throw new InvalidOperationException("A transmit has no such socket or is longer than its buffer.");
                }

                outbox.Add(in transmit);
                Budget?.Spend(now);
            }

            return false;
        }
        catch (Exception exception)
        {
            Fault(exception);
            return true;
        }
    }

    private void Fault(Exception exception)
    {
        if (Interlocked.Increment(ref _protocolFaults) == 1)
        {
            DatagramDriverLog.ProtocolFault(_logger, exception);
        }
    }

    private void Arm(ITimer timer)
    {
        long deadline = Volatile.Read(ref _deadline);
        if (Interlocked.Exchange(ref _armed, deadline) == deadline && deadline > _clock.Now.Ticks)
        {
            return;
        }

        TimeSpan due = new Instant(deadline) - _clock.Now;
        timer.Change(
            deadline == long.MaxValue ? Timeout.InfiniteTimeSpan : TimeSpan.FromMilliseconds(Math.Clamp(Math.Ceiling(due.TotalMilliseconds), 1, int.MaxValue)),
            Timeout.InfiniteTimeSpan);
    }

    private void Wake() => _loop?.Wake(this);
}
