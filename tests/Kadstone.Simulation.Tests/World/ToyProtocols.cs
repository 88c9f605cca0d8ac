using System.Buffers.Binary;
using Kadstone.Datagrams;
using Kadstone.Kademlia;

namespace Kadstone.Simulation.Tests.World;

/// <summary>Answers every "ping" with a "pong" of the same number, and remembers what came.</summary>
internal sealed class PingPong : IDatagramProtocol
{
    private readonly Queue<(UdpEndpoint To, byte Socket, bool IsPong, uint Number)> _outbox = new(64);
    private readonly Dictionary<uint, Instant> _open = new(64);

    public List<TimeSpan> RoundTrips { get; } = [];

    public List<UdpEndpoint> PingedBy { get; } = [];

    public List<uint> NumbersSeen { get; } = [];

    public List<byte> SocketsUsed { get; } = [];

    public int Pongs { get; private set; }

    public bool Remembers { get; init; } = true;

    public Instant NextDeadline => Instant.Never;

    public void Ping(UdpEndpoint to, uint number, Instant now, byte socket = 0)
    {
        _open[number] = now;
        _outbox.Enqueue((to, socket, false, number));
    }

    public void Receive(ReadOnlySpan<byte> datagram, UdpEndpoint from, byte socket, Instant now)
    {
        uint number = BinaryPrimitives.ReadUInt32BigEndian(datagram[1..]);
        if (datagram[0] == 1)
        {
            Pongs++;
            if (_open.Remove(number, out Instant sent) && Remembers)
            {
                RoundTrips.Add(now - sent);
            }

            return;
        }

        if (Remembers)
        {
            PingedBy.Add(from);
            NumbersSeen.Add(number);
            SocketsUsed.Add(socket);
        }

        _outbox.Enqueue((from, socket, true, number));
    }

    public bool TryTransmit(Span<byte> buffer, Instant now, out Transmit transmit)
    {
        if (!_outbox.TryDequeue(out (UdpEndpoint To, byte Socket, bool IsPong, uint Number) next))
        {
            transmit = default;
            return false;
        }

        buffer[0] = next.IsPong ? (byte)1 : (byte)0;
        BinaryPrimitives.WriteUInt32BigEndian(buffer[1..], next.Number);
        transmit = new Transmit(next.To, next.Socket, 5);
        return true;
    }

    public void Elapse(Instant now)
    {
    }
}

/// <summary>Passes every packet on to a random neighbour, for ever; on each alarm it starts one of its own.</summary>
internal sealed class Flood(Random chance, UdpEndpoint[] neighbours, TimeSpan every, int length = 100) : IDatagramProtocol
{
    private int _toSend;

    public long Received { get; private set; }

    public bool PassesOn { get; init; }

    public Instant NextDeadline { get; private set; } = new(0);

    public void Receive(ReadOnlySpan<byte> datagram, UdpEndpoint from, byte socket, Instant now)
    {
        Received++;
        _toSend += PassesOn ? 1 : 0;
    }

    public bool TryTransmit(Span<byte> buffer, Instant now, out Transmit transmit)
    {
        transmit = default;
        if (_toSend == 0)
        {
            return false;
        }

        _toSend--;
        buffer[..length].Fill((byte)Received);
        transmit = new Transmit(neighbours[chance.Next(neighbours.Length)], 0, length);
        return true;
    }

    public void Elapse(Instant now)
    {
        _toSend++;
        NextDeadline = now + every;
    }
}

/// <summary>Sends nothing; its deadline is what the test makes it.</summary>
internal sealed class Alarm : IDatagramProtocol
{
    public List<Instant> Rang { get; } = [];

    public Instant NextDeadline { get; set; } = Instant.Never;

    public Func<Instant, Instant> Again { get; init; } = static _ => Instant.Never;

    public void Receive(ReadOnlySpan<byte> datagram, UdpEndpoint from, byte socket, Instant now)
    {
    }

    public bool TryTransmit(Span<byte> buffer, Instant now, out Transmit transmit)
    {
        transmit = default;
        return false;
    }

    public void Elapse(Instant now)
    {
        Rang.Add(now);
        NextDeadline = Again(now);
    }
}

/// <summary>Breaks a rule of <see cref="IDatagramProtocol"/>.</summary>
internal sealed class Rogue(Transmit endlessly, bool throws = false) : IDatagramProtocol
{
    public bool IsLoose { get; set; }

    public Instant NextDeadline => Instant.Never;

    public void Receive(ReadOnlySpan<byte> datagram, UdpEndpoint from, byte socket, Instant now)
    {
        if (throws)
        {
            throw new FormatException("thrown on the receive path");
        }
    }

    public bool TryTransmit(Span<byte> buffer, Instant now, out Transmit transmit)
    {
        transmit = endlessly;
        return IsLoose;
    }

    public void Elapse(Instant now)
    {
    }
}
