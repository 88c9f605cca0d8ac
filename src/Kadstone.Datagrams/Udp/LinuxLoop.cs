using System.Runtime.InteropServices;
using Kadstone.Kademlia;
using static Kadstone.Datagrams.LinuxNative;

namespace Kadstone.Datagrams;

/// <summary>The one thread that moves the datagrams of all drivers of the process. It starts with the first driver and ends with the last.</summary>
internal sealed unsafe class LinuxLoop : IIOLoop
{
    /// <summary>Full batches read from one socket before the others have their turn.</summary>
    private const int BatchesInARow = 8;

    /// <summary>Batches sent for one driver before the others have their turn, and the most that a closing driver sends.</summary>
    private const int RoundsInARow = 256;

    private const int MaxEvents = 64;
    private const ulong WakeTag = ulong.MaxValue;
    private static readonly TimeSpan LeastSleep = TimeSpan.FromMilliseconds(1);
    private static readonly Lock s_currentGate = new();
    private static LinuxLoop? s_current;

    private readonly MonotonicClock _clock = new(TimeProvider.System);
    private readonly int _epoll;
    private readonly int _wake;
    private int _drivers;

    private readonly Lock _gate = new();
    private List<Request> _requests = [];
    private bool _isSignalled;
    private bool _isClosed;

    // The loop thread's own.
    private readonly List<IPump> _pumps = [];
    private readonly List<Watched> _watched = [];
    private List<Request> _taken = [];
    private Instant _earliest = Instant.Never;

    private LinuxLoop()
    {
        _epoll = epoll_create1(CloseOnExec);
        _wake = eventfd(0, CloseOnExec | NonBlocking);
        if (_epoll < 0 || _wake < 0)
        {
            throw new InvalidOperationException($"No descriptor for the I/O loop: error {Marshal.GetLastPInvokeError()}.");
        }

        byte* change = stackalloc byte[16];
        WriteEvent(change, EventIn, WakeTag);
        _ = epoll_ctl(_epoll, ControlAdd, _wake, change);
    }

    private enum RequestKind
    {
        Attach,
        Pump,
        Detach,
    }

    /// <summary>Whether this system has what the loop needs.</summary>
    public static bool IsSupported { get; } =
        OperatingSystem.IsLinux() && RuntimeInformation.ProcessArchitecture is Architecture.X64 or Architecture.Arm64;

    /// <summary>Hands a driver to the loop of the process, which is started if there is none.</summary>
    public static LinuxLoop Attach(IPump pump)
    {
        lock (s_currentGate)
        {
            LinuxLoop loop = s_current ?? new LinuxLoop();
            loop._drivers++;
            loop.Post(new Request(RequestKind.Attach, pump));
            if (s_current is null)
            {
                s_current = loop;
                IOThread.Start("Kadstone I/O", loop.Run);
            }

            return loop;
        }
    }

    /// <inheritdoc/>
    public void Wake(IPump pump)
    {
        if (pump.TryMarkWake())
        {
            Post(new Request(RequestKind.Pump, pump));
        }
    }

    /// <inheritdoc/>
    public void Detach(IPump pump) => Post(new Request(RequestKind.Detach, pump));

    private void Post(Request request)
    {
        lock (_gate)
        {
            if (_isClosed)
            {
                return;
            }

            _requests.Add(request);
            if (!_isSignalled)
            {
                _isSignalled = true;
                ulong one = 1;
                _ = write(_wake, &one, sizeof(ulong));
            }
        }
    }

    private void Run()
    {
        using var batches = new LinuxBatches();
        byte* events = stackalloc byte[MaxEvents * 16];
        while (true)
        {
            ServeRequests(batches);
            if (_pumps.Count == 0 && TryClose())
            {
                return;
            }

            ServeDeadlines(batches);
            int ready = epoll_wait(_epoll, events, MaxEvents, SleepMilliseconds());
            for (int i = 0; i < ready; i++)
            {
                ulong tag = ReadTag(events + (i * EventBytes));
                if (tag == WakeTag)
                {
                    ulong count;
                    _ = read(_wake, &count, sizeof(ulong));
                }
                else
                {
                    ServeSocket((int)tag, batches);
                }
            }
        }
    }

    private void ServeRequests(LinuxBatches batches)
    {
        lock (_gate)
        {
            (_requests, _taken) = (_taken, _requests);
            _isSignalled = false;
        }

        foreach (Request request in _taken)
        {
            switch (request.Kind)
            {
                case RequestKind.Attach:
                    Watch(request.Pump);
                    Pump(request.Pump, batches);
                    break;
                case RequestKind.Pump:
                    request.Pump.ClearWake();
                    Pump(request.Pump, batches);
                    break;
                default:
                    Pump(request.Pump, batches);
                    Unwatch(request.Pump);
                    break;
            }
        }

        _taken.Clear();
    }

    private bool TryClose()
    {
        lock (s_currentGate)
        {
            if (_drivers > 0)
            {
                return false;
            }

            s_current = null;
        }

        lock (_gate)
        {
            _isClosed = true;
            _ = close(_wake);
            _ = close(_epoll);
        }

        return true;
    }

    private void Watch(IPump pump)
    {
        _pumps.Add(pump);
        byte* change = stackalloc byte[16];
        for (int i = 0; i < pump.Sockets.Count; i++)
        {
            int place = _watched.FindIndex(watched => watched.Pump is null);
            if (place < 0)
            {
                place = _watched.Count;
                _watched.Add(default);
            }

            _watched[place] = new Watched(pump, (byte)i, (int)pump.Sockets[i].Descriptor);
            WriteEvent(change, EventIn, (ulong)place);
            if (epoll_ctl(_epoll, ControlAdd, _watched[place].Descriptor, change) != 0)
            {
                _watched[place] = default;
                pump.LoopFailed("epoll_ctl", Marshal.GetLastPInvokeError());
            }
        }
    }

    private void Unwatch(IPump pump)
    {
        byte* change = stackalloc byte[16];
        WriteEvent(change, 0, 0);
        for (int place = 0; place < _watched.Count; place++)
        {
            if (_watched[place].Pump == pump)
            {
                _ = epoll_ctl(_epoll, ControlDelete, _watched[place].Descriptor, change);
                _watched[place] = default;
            }
        }

        _pumps.Remove(pump);
        lock (s_currentGate)
        {
            _drivers--;
        }

        pump.Detached();
    }

    private void ServeSocket(int place, LinuxBatches batches)
    {
        Watched watched = _watched[place];
        if (watched.Pump is not IPump pump)
        {
            return;
        }

        for (int i = 0; i < BatchesInARow; i++)
        {
            int received = batches.Receive(watched.Descriptor, out int oversized, out int error);
            if (received == 0)
            {
                ReceiveFailed(pump, place, error);
                return;
            }

            if (oversized > 0)
            {
                pump.CountReceiveErrors(oversized);
            }

            int next = 0;
            while (pump.Round(batches.Inbox, ref next, watched.Socket, batches.Outbox))
            {
                batches.Send(pump);
            }

            batches.Send(pump);
            _earliest = Instant.Earlier(_earliest, pump.LoopDeadline);
            if (received < DatagramBatch.Slots)
            {
                return;
            }
        }
    }

    private void ReceiveFailed(IPump pump, int place, int error)
    {
        if (error is Again or Interrupted)
        {
            return;
        }

        pump.CountReceiveErrors(1);
        if (error is BadDescriptor or NotSocket)
        {
            _watched[place] = default;
            pump.LoopFailed("recvmmsg", error);
        }
    }

    private void Pump(IPump pump, LinuxBatches batches)
    {
        int next = 0;
        int rounds = 0;
        while (pump.Round(null, ref next, 0, batches.Outbox))
        {
            batches.Send(pump);
            if (++rounds == RoundsInARow)
            {
                Wake(pump);
                break;
            }
        }

        batches.Send(pump);
        _earliest = Instant.Earlier(_earliest, pump.LoopDeadline);
    }

    private void ServeDeadlines(LinuxBatches batches)
    {
        Instant now = _clock.Now;
        if (now < _earliest)
        {
            return;
        }

        Instant soonest = now + LeastSleep;
        Instant earliest = Instant.Never;
        foreach (IPump pump in _pumps)
        {
            if (pump.LoopDeadline <= now)
            {
                Pump(pump, batches);
            }

            earliest = Instant.Earlier(earliest, pump.LoopDeadline);
        }

        // A protocol that is due again at once must not keep the thread from sleeping.
        _earliest = earliest == Instant.Never ? earliest : Instant.Later(earliest, soonest);
    }

    private int SleepMilliseconds()
    {
        if (_earliest == Instant.Never)
        {
            return -1;
        }

        double milliseconds = Math.Ceiling((_earliest - _clock.Now).TotalMilliseconds);
        return (int)Math.Clamp(milliseconds, 0, 3_600_000);
    }

    private readonly record struct Request(RequestKind Kind, IPump Pump);

    private readonly record struct Watched(IPump? Pump, byte Socket, int Descriptor);
}
