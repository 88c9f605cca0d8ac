using Kadstone.Kademlia;

namespace Kadstone.Simulation.Tests.Libp2p;

/// <summary>A TCP connection in virtual time: bytes in their order, in segments, each as late as the link makes it. What a link loses comes later, and all behind it waits.</summary>
internal sealed class Wire(SimulatedNetwork network)
{
    private const int SegmentLength = 1460;

    private static readonly TimeSpan s_retransmission = TimeSpan.FromMilliseconds(200);

    private readonly Direction[] _directions = [new(), new()];

    /// <summary>Segments that were sent, both ways.</summary>
    internal int Segments { get; private set; }

    /// <summary>Cuts the cable before so many segments have come: they and all others are lost, and nobody is told. Default: never.</summary>
    internal int CutAfter { get; set; } = int.MaxValue;

    internal bool IsCut => Segments > CutAfter;

    /// <summary>Sends bytes from one end to the other.</summary>
    internal void Send(Speaker from, Speaker to, ReadOnlySpan<byte> bytes)
    {
        for (; !bytes.IsEmpty; bytes = bytes[Math.Min(SegmentLength, bytes.Length)..])
        {
            byte[] segment = bytes[..Math.Min(SegmentLength, bytes.Length)].ToArray();
            network.TraceStream(0, from.Host, to.Host, segment);
            Segments++;
            Deliver(from, to, () => to.Receive(segment));
        }
    }

    /// <summary>Tells the other end that this one is gone.</summary>
    internal void Shut(Speaker from, Speaker to)
    {
        network.TraceStream(1, from.Host, to.Host, default);
        Deliver(from, to, to.Leave);
    }

    private void Deliver(Speaker from, Speaker to, Action arrive)
    {
        if (IsCut)
        {
            return;
        }

        Direction direction = _directions[from.IsInitiator ? 0 : 1];
        Instant arrival = network.Now + network.Crossing(from.Host, to.Host, s_retransmission + network.BaseRoundTrip(from.Host, to.Host));
        direction.Last = arrival > direction.Last ? arrival : direction.Last;
        direction.Waiting.Enqueue(arrive);
        network.Schedule(direction.Last - network.Now, () => Arrive(from, to, direction));
    }

    // In their order, whichever event calls. While the two are apart, TCP tries again each second.
    private void Arrive(Speaker from, Speaker to, Direction direction)
    {
        if (network.AreApart(from.Host, to.Host))
        {
            network.Schedule(TimeSpan.FromSeconds(1), () => Arrive(from, to, direction));
        }
        else
        {
            direction.Waiting.Dequeue()();
        }
    }

    private sealed class Direction
    {
        public Instant Last { get; set; }

        public Queue<Action> Waiting { get; } = [];
    }
}
