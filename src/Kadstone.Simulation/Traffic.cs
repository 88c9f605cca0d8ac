namespace Kadstone.Simulation;

/// <summary>What became of the packets of a network so far.</summary>
/// <remarks>Sent + Duplicated = Delivered + Lost + Partitioned + RefusedByNat + Unreachable + TooLong + InFlight.</remarks>
public readonly record struct TrafficCounters
{
    /// <summary>Packets handed over by the nodes.</summary>
    public long Sent { get; init; }

    /// <summary>Packets that reached a node, copies included.</summary>
    public long Delivered { get; init; }

    /// <summary>Packets lost by chance (<see cref="LinkOptions.Loss"/>).</summary>
    public long Lost { get; init; }

    /// <summary>Copies made (<see cref="LinkOptions.Duplication"/>).</summary>
    public long Duplicated { get; init; }

    /// <summary>Packets held back (<see cref="LinkOptions.Reordering"/>).</summary>
    public long Reordered { get; init; }

    /// <summary>Packets that did not cross a partition.</summary>
    public long Partitioned { get; init; }

    /// <summary>Packets no NAT mapping let through, outward or inward.</summary>
    public long RefusedByNat { get; init; }

    /// <summary>Packets to an endpoint that nobody holds, or whose node is closed or suspended.</summary>
    public long Unreachable { get; init; }

    /// <summary>Packets longer than <see cref="LinkOptions.MaxDatagram"/>.</summary>
    public long TooLong { get; init; }

    /// <summary>Packets on their way.</summary>
    public long InFlight { get; init; }

    /// <summary>The payload bytes of <see cref="Sent"/>.</summary>
    public long BytesSent { get; init; }

    /// <summary>The payload bytes of <see cref="Delivered"/>.</summary>
    public long BytesDelivered { get; init; }
}

/// <summary>What the nodes of one host sent and received.</summary>
/// <param name="PacketsOut">Packets sent, whatever became of them.</param>
/// <param name="BytesOut">Their payload bytes.</param>
/// <param name="PacketsIn">Packets received.</param>
/// <param name="BytesIn">Their payload bytes.</param>
public readonly record struct HostTraffic(long PacketsOut, long BytesOut, long PacketsIn, long BytesIn);
