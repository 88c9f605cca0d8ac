using Kadstone.Kademlia;
using Kadstone.Libp2p.Core;

namespace Kadstone.Simulation.Tests.Libp2p;

/// <summary>One end of a wire: the real connection of multistream-select, Noise and Yamux, told the time of the simulated network.</summary>
internal sealed class Speaker
{
    private readonly SimulatedNetwork _network;
    private readonly Wire _wire;
    private readonly byte[] _buffer = new byte[64 * 1024];
    private TimeSpan _wakeAt = TimeSpan.MaxValue;
    private bool _isPumping;
    private bool _isShut;

    internal Speaker(SimulatedNetwork network, SimulatedHost host, Wire wire, Connection connection, bool isInitiator)
    {
        _network = network;
        _wire = wire;
        Host = host;
        Connection = connection;
        IsInitiator = isInitiator;
        connection.PhaseChanged = OnPhase;
        BeganAt = network.Elapsed;
    }

    internal SimulatedHost Host { get; }

    internal Connection Connection { get; }

    internal bool IsInitiator { get; }

    /// <summary>The other end; null while the dial is under way.</summary>
    internal Speaker? Other { get; set; }

    internal TimeSpan BeganAt { get; }

    /// <summary>When the connection was open; null before.</summary>
    internal TimeSpan? OpenedAt { get; private set; }

    /// <summary>When it ended; null before.</summary>
    internal TimeSpan? EndedAt { get; private set; }

    /// <summary>Called once when the connection is open.</summary>
    internal Action<Speaker>? Opened { get; set; }

    internal void Receive(byte[] bytes) => Run(() => Connection.Receive(bytes, _network.Elapsed));

    /// <summary>The other end is gone.</summary>
    internal void Leave() => Run(() => Connection.Close(ConnectionEnd.ClosedByPeer));

    /// <summary>Does something with the connection, and sends what follows from it.</summary>
    internal void Run(Action action)
    {
        action();
        Pump();
    }

    private void OnPhase()
    {
        if (Connection.Phase == ConnectionPhase.Open)
        {
            OpenedAt = _network.Elapsed;
            _network.Schedule(TimeSpan.Zero, () => Opened?.Invoke(this));
        }
        else if (Connection.Phase == ConnectionPhase.Ended)
        {
            EndedAt = _network.Elapsed;
        }
    }

    private void Pump()
    {
        if (_isPumping || Other is null)
        {
            return;
        }

        _isPumping = true;
        while (Connection.End != ConnectionEnd.ClosedByPeer && Connection.Transmit(_buffer) is int count and > 0)
        {
            _wire.Send(this, Other, _buffer.AsSpan(0, count));
        }

        _isPumping = false;
        if (Connection.Phase == ConnectionPhase.Ended)
        {
            if (!_isShut)
            {
                _isShut = true;
                _wire.Shut(this, Other);
            }

            return;
        }

        Wind();
    }

    // An event that comes too early winds again.
    private void Wind()
    {
        TimeSpan next = Connection.NextDeadline;
        if (next < _wakeAt)
        {
            _wakeAt = next;
            TimeSpan wait = next - _network.Elapsed;
            _network.Schedule(wait > TimeSpan.Zero ? wait : TimeSpan.Zero, () =>
            {
                if (_wakeAt == next)
                {
                    _wakeAt = TimeSpan.MaxValue;
                    Run(() => Connection.Elapse(_network.Elapsed));
                }
            });
        }
    }
}
