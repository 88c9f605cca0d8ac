using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using Kadstone.Kademlia;

namespace Kadstone.Datagrams;

/// <summary>Moves the datagrams of one driver with the framework's sockets: a thread per socket, and one for deadlines and requests.</summary>
internal sealed class PortableLoop : IIOLoop
{
    private const int Slots = 16;

    /// <summary>How often a thread that hears nothing looks whether it is to end: a blocked receive cannot be ended without closing the socket.</summary>
    private static readonly TimeSpan IdlePause = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan LeastSleep = TimeSpan.FromMilliseconds(1);

    private readonly MonotonicClock _clock = new(TimeProvider.System);
    private readonly IPump _pump;
    private readonly Thread[] _receivers;
    private readonly object _gate = new();
    private bool _isSignalled;
    private volatile bool _isStopping;
    private long _sleepsUntil = long.MaxValue;

    public PortableLoop(IPump pump)
    {
        _pump = pump;
        _receivers = new Thread[pump.Sockets.Count];
        for (int i = 0; i < _receivers.Length; i++)
        {
            byte socket = (byte)i;
            _receivers[i] = IOThread.Start($"Kadstone socket {i}", () => ReceiveUntilStopped(socket));
        }

        IOThread.Start("Kadstone deadlines", Run);
    }

    /// <inheritdoc/>
    public void Wake(IPump pump)
    {
        if (pump.TryMarkWake())
        {
            Signal();
        }
    }

    /// <inheritdoc/>
    public void Detach(IPump pump)
    {
        _isStopping = true;
        Signal();
    }

    private void Signal()
    {
        lock (_gate)
        {
            _isSignalled = true;
            Monitor.Pulse(_gate);
        }
    }

    private void AwaitSignal(Instant deadline)
    {
        lock (_gate)
        {
            if (!_isSignalled)
            {
                Monitor.Wait(_gate, deadline == Instant.Never ? Timeout.InfiniteTimeSpan : Sleep(deadline - _clock.Now));
            }

            _isSignalled = false;
        }
    }

    private void Run()
    {
        var sender = new PortableSender(_pump);
        while (true)
        {
            bool isLast = _isStopping;

            // While this is "never", receivers signal every deadline: none is lost between the look at it and the sleep.
            Volatile.Write(ref _sleepsUntil, long.MaxValue);
            _pump.ClearWake();
            sender.Pump();
            if (isLast)
            {
                break;
            }

            Instant deadline = _pump.LoopDeadline;
            Volatile.Write(ref _sleepsUntil, deadline.Ticks);
            AwaitSignal(deadline);
        }

        foreach (Thread receiver in _receivers)
        {
            receiver.Join();
        }

        sender.Pump();
        _pump.Detached();
    }

    private static TimeSpan Sleep(TimeSpan wanted) =>
        TimeSpan.FromMilliseconds(Math.Ceiling(Math.Clamp(wanted.TotalMilliseconds, LeastSleep.TotalMilliseconds, 3_600_000)));

    private void ReceiveUntilStopped(byte index)
    {
        UdpSocket socket = _pump.Sockets[index];
        var inbox = new DatagramBatch(1, DatagramBatch.LongestReceived);
        var sender = new PortableSender(_pump);
        var address = new SocketAddress(socket.IsIPv4 ? AddressFamily.InterNetwork : AddressFamily.InterNetworkV6);
        while (!_isStopping)
        {
            try
            {
                if (!socket.Socket.Poll(IdlePause, SelectMode.SelectRead))
                {
                    continue;
                }

                int length = socket.Socket.ReceiveFrom(inbox.SlotAndOne(0), SocketFlags.None, address);
                if (length > DatagramBatch.LongestReceived)
                {
                    _pump.CountReceiveErrors(1);
                    continue;
                }

                inbox.Lengths[0] = length;
                inbox.Endpoints[0] = PortableSender.ReadAddress(address);
                inbox.Count = 1;
            }
            catch (SocketException)
            {
                _pump.CountReceiveErrors(1);
                Thread.Sleep(LeastSleep);
                continue;
            }
            catch (ObjectDisposedException)
            {
                _pump.LoopFailed("receive", 0);
                return;
            }

            sender.Receive(inbox, index);
            if (_pump.LoopDeadline.Ticks < Volatile.Read(ref _sleepsUntil))
            {
                Signal();
            }
        }
    }

    /// <summary>One thread's outbox.</summary>
    private sealed class PortableSender(IPump pump)
    {
        private readonly DatagramBatch _outbox = new(Slots, DatagramBatch.LongestSent);
        private readonly SocketAddress _toIPv4 = new(AddressFamily.InterNetwork);
        private readonly SocketAddress _toIPv6 = new(AddressFamily.InterNetworkV6);

        public static UdpEndpoint ReadAddress(SocketAddress address)
        {
            ReadOnlySpan<byte> bytes = address.Buffer.Span;
            ushort port = BinaryPrimitives.ReadUInt16BigEndian(bytes[2..]);
            if (address.Family == AddressFamily.InterNetwork)
            {
                return UdpEndpoint.FromIPv4(BinaryPrimitives.ReadUInt32BigEndian(bytes[4..]), port);
            }

            ulong high = BinaryPrimitives.ReadUInt64BigEndian(bytes[8..]);
            ulong low = BinaryPrimitives.ReadUInt64BigEndian(bytes[16..]);
            return high == 0 && low >> 32 == 0xFFFF ? UdpEndpoint.FromIPv4((uint)low, port) : UdpEndpoint.FromIPv6(high, low, port);
        }

        public void Pump() => Receive(null, 0);

        public void Receive(DatagramBatch? inbox, byte socket)
        {
            int next = 0;
            while (pump.Round(inbox, ref next, socket, _outbox))
            {
                Send();
            }

            Send();
        }

        private void Send()
        {
            int sent = 0;
            long bytes = 0;
            for (int i = 0; i < _outbox.Count; i++)
            {
                UdpSocket socket = pump.Sockets[_outbox.Sockets[i]];
                try
                {
                    SocketAddress address = WriteAddress(_outbox.Endpoints[i], socket.IsIPv4);
                    bytes += socket.Socket.SendTo(_outbox.Slot(i)[.._outbox.Lengths[i]], SocketFlags.None, address);
                    sent++;
                }
                catch (SocketException)
                {
                    // Counted below. It is UDP: whoever waits for an answer asks again.
                }
                catch (ObjectDisposedException)
                {
                    // The same, for a given socket that its owner closed.
                }
            }

            if (_outbox.Count > 0)
            {
                pump.CountSent(sent, bytes, _outbox.Count - sent);
                _outbox.Count = 0;
            }
        }

        private SocketAddress WriteAddress(UdpEndpoint endpoint, bool toIPv4Socket)
        {
            bool isIPv4 = toIPv4Socket && endpoint.IsIPv4;
            SocketAddress address = isIPv4 ? _toIPv4 : _toIPv6;
            Span<byte> bytes = address.Buffer.Span;
            BinaryPrimitives.WriteUInt16BigEndian(bytes[2..], endpoint.Port);
            if (isIPv4)
            {
                BinaryPrimitives.WriteUInt32BigEndian(bytes[4..], (uint)endpoint.AddressLow);
                return address;
            }

            BinaryPrimitives.WriteUInt64BigEndian(bytes[8..], endpoint.IsIPv4 ? 0 : endpoint.AddressHigh);
            BinaryPrimitives.WriteUInt64BigEndian(bytes[16..], endpoint.IsIPv4 ? 0xFFFF_0000_0000 | endpoint.AddressLow : endpoint.AddressLow);
            return address;
        }
    }
}
