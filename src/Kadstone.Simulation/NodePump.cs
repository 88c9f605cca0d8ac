using Kadstone.Datagrams;
using Kadstone.Kademlia;

namespace Kadstone.Simulation;

/// <summary>Drives one protocol in the order <see cref="IDatagramProtocol"/> asks for.</summary>
internal sealed class NodePump(SimulatedNetwork network, SimulatedHost host, IDatagramProtocol protocol) : Sleeper
{
    // A protocol may work off what is due in several steps, but not for ever at one moment.
    private const int MaxWakesAtOneMoment = 1_000;

    private bool _isSuspended;
    private long _packetsOut, _bytesOut, _packetsIn, _bytesIn;
    private long _armedAt = long.MaxValue;
    private long _lastWake = long.MinValue;
    private int _wakesAtThisMoment;
    private bool _busy;

    internal SimulatedHost Host => host;

    internal int HostIndex { get; } = host.Index;

    internal HostTraffic Traffic => new(_packetsOut, _bytesOut, _packetsIn, _bytesIn);

    internal BoundSocket[] Sockets { get; set; } = [];

    internal bool IsClosed { get; private set; }

    internal bool IsRunning => !IsClosed && !_isSuspended;

    internal void Receive(ReadOnlySpan<byte> datagram, UdpEndpoint from, byte socket)
    {
        Enter();
        _packetsIn++;
        _bytesIn += datagram.Length;
        protocol.Receive(datagram, from, socket, network.Now);
        Leave();
    }

    internal void Enter()
    {
        if (IsClosed)
        {
            throw new InvalidOperationException($"The node at {Name} is closed.");
        }

        if (_isSuspended)
        {
            throw new InvalidOperationException($"The host of the node at {Name} is suspended.");
        }

        if (_busy)
        {
            throw new InvalidOperationException(
                $"The node at {Name} was called from inside itself; a protocol has one caller at a time. Use SimulatedNetwork.Schedule with a time of 0.");
        }

        _busy = true;
    }

    /// <summary>Sends what the protocol has to send, and sets its alarm.</summary>
    internal void Leave()
    {
        Span<byte> buffer = network.Scratch;
        int transmits = 0;
        while (!IsClosed && protocol.TryTransmit(buffer, network.Now, out Transmit transmit))
        {
            if (++transmits > network.MaxTransmitsInARow)
            {
                throw Fault($"transmitted {network.MaxTransmitsInARow:N0} datagrams in a row without ever being done");
            }

            if ((uint)transmit.Length > (uint)buffer.Length)
            {
                throw Fault($"claims to have written {transmit.Length} bytes into a buffer of {buffer.Length}");
            }

            if (transmit.Socket >= Sockets.Length)
            {
                throw Fault($"sends from socket {transmit.Socket}, but has {Sockets.Length}");
            }

            _packetsOut++;
            _bytesOut += transmit.Length;
            network.Transmit(Sockets[transmit.Socket], transmit.To, buffer[..transmit.Length]);
        }

        _busy = false;
        Arm();
    }

    /// <summary>After a call that threw: the protocol may be called again, nothing is sent.</summary>
    internal void Abandon() => _busy = false;

    internal override void Wake()
    {
        long now = network.Now.Ticks;
        _armedAt = long.MaxValue;
        if (protocol.NextDeadline.Ticks <= now)
        {
            _wakesAtThisMoment = now == _lastWake ? _wakesAtThisMoment + 1 : 1;
            _lastWake = now;
            if (_wakesAtThisMoment > MaxWakesAtOneMoment)
            {
                throw Fault($"was told the time {MaxWakesAtOneMoment:N0} times at one moment and still names a deadline that has passed");
            }

            Enter();
            protocol.Elapse(network.Now);
            Leave();
        }

        if (_armedAt == long.MaxValue && IsRunning)
        {
            _armedAt = Math.Max(protocol.NextDeadline.Ticks, now);
            if (_armedAt == long.MaxValue)
            {
                network.Wakes.Cancel(this);
            }
            else
            {
                network.SetWake(this, _armedAt);
            }
        }
    }

    internal void Close()
    {
        if (IsClosed)
        {
            return;
        }

        IsClosed = true;
        network.Wakes.Remove(this);
        foreach (BoundSocket socket in Sockets)
        {
            socket.Nat?.Forget(socket);
        }
    }

    internal void Suspend()
    {
        _isSuspended = true;
        network.Wakes.Cancel(this);
        _armedAt = long.MaxValue;
    }

    internal void Resume()
    {
        _isSuspended = false;
        Arm();
    }

    /// <summary>Moves the alarm forward only; one that rings too early finds out on waking. Thus a deadline that moves away costs nothing.</summary>
    private void Arm()
    {
        if (!IsRunning)
        {
            return;
        }

        long deadline = Math.Max(protocol.NextDeadline.Ticks, network.Now.Ticks);
        if (deadline < _armedAt)
        {
            _armedAt = deadline;
            network.SetWake(this, deadline);
        }
    }

    private string Name => Sockets.Length > 0 ? Sockets[0].Endpoint.ToString() : "no socket";

    private SimulationFailedException Fault(string what) => network.Failure($"The {protocol.GetType().Name} at {Name} {what}.");
}
