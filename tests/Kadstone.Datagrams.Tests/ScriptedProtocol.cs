using Kadstone.Kademlia;

namespace Kadstone.Datagrams.Tests;

/// <summary>A protocol that does what a test tells it: echoes, counts, signals.</summary>
internal sealed class ScriptedProtocol : IDatagramProtocol
{
    private readonly Queue<(UdpEndpoint To, byte Socket, byte[] Bytes)> _outgoing = new();
    private readonly byte[] _echo = new byte[2048];
    private int _echoLength = -1;
    private UdpEndpoint _echoTo;
    private byte _echoSocket;

    public delegate void Heard(ReadOnlySpan<byte> datagram, UdpEndpoint from, byte socket, Instant now);

    public bool Echoes { get; set; }

    public Heard? OnReceive { get; set; }

    public Action<Instant>? OnElapse { get; set; }

    public Func<bool>? OnTransmit { get; set; }

    public Instant NextDeadline { get; set; } = Instant.Never;

    public int Received { get; private set; }

    public void Send(UdpEndpoint to, byte[] bytes, byte socket = 0) => _outgoing.Enqueue((to, socket, bytes));

    public void Receive(ReadOnlySpan<byte> datagram, UdpEndpoint from, byte socket, Instant now)
    {
        Received++;
        if (Echoes)
        {
            datagram.CopyTo(_echo);
            (_echoLength, _echoTo, _echoSocket) = (datagram.Length, from, socket);
        }

        OnReceive?.Invoke(datagram, from, socket, now);
    }

    public bool TryTransmit(Span<byte> buffer, Instant now, out Transmit transmit)
    {
        OnTransmit?.Invoke();
        if (_echoLength >= 0)
        {
            _echo.AsSpan(0, _echoLength).CopyTo(buffer);
            transmit = new Transmit(_echoTo, _echoSocket, _echoLength);
            _echoLength = -1;
            return true;
        }

        if (_outgoing.TryDequeue(out (UdpEndpoint To, byte Socket, byte[] Bytes) next))
        {
            next.Bytes.CopyTo(buffer);
            transmit = new Transmit(next.To, next.Socket, next.Bytes.Length);
            return true;
        }

        transmit = default;
        return false;
    }

    public void Elapse(Instant now)
    {
        NextDeadline = Instant.Never;
        OnElapse?.Invoke(now);
    }
}
