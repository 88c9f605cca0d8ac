using Kadstone.Datagrams;
using Kadstone.Kademlia;

namespace Kadstone.Simulation;

/// <summary>What happened to a packet.</summary>
public enum PacketFate
{
    /// <summary>It is on its way.</summary>
    Sent,

    /// <summary>A copy of it is on its way too.</summary>
    Duplicated,

    /// <summary>It reached its node.</summary>
    Delivered,

    /// <summary>It was lost by chance.</summary>
    Lost,

    /// <summary>It did not cross a partition.</summary>
    Partitioned,

    /// <summary>No NAT mapping let it through.</summary>
    RefusedByNat,

    /// <summary>Nobody holds its destination, or the node there is closed or suspended.</summary>
    Unreachable,

    /// <summary>It was longer than the link carries.</summary>
    TooLong,
}

/// <summary>What <see cref="SimulatedNetwork.Tap"/> sees of a packet.</summary>
public readonly ref struct PacketEvent
{
    internal PacketEvent(PacketFate fate, Instant now, SimulatedHost sender, SimulatedHost? receiver, UdpEndpoint from, UdpEndpoint to, ReadOnlySpan<byte> datagram)
    {
        Fate = fate;
        Now = now;
        Sender = sender;
        Receiver = receiver;
        From = from;
        To = to;
        Datagram = datagram;
    }

    /// <summary>What happened.</summary>
    public PacketFate Fate { get; }

    /// <summary>When.</summary>
    public Instant Now { get; }

    /// <summary>The host that sent it.</summary>
    public SimulatedHost Sender { get; }

    /// <summary>The host it is for; null when nobody holds the destination.</summary>
    public SimulatedHost? Receiver { get; }

    /// <summary>The source endpoint as the outside sees it, after a NAT.</summary>
    public UdpEndpoint From { get; }

    /// <summary>The destination the sender named.</summary>
    public UdpEndpoint To { get; }

    /// <summary>The payload; valid during the call only.</summary>
    public ReadOnlySpan<byte> Datagram { get; }
}
