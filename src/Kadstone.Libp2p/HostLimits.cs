namespace Kadstone.Libp2p;

/// <summary>How many connections a host keeps, in total and from whom.</summary>
public sealed record HostLimits
{
    /// <summary>All connections. Default 512. At the limit an idle one makes room for a new one, if there is an idle one.</summary>
    public int Connections { get; init; } = 512;

    /// <summary>Connections that are not through their handshake, of those that others began. Default 64.</summary>
    public int HalfOpen { get; init; } = 64;

    /// <summary>Connections from one host, an IPv4 address or an IPv6 /64. Default 8.</summary>
    public int PerHost { get; init; } = 8;

    /// <summary>Connections from one prefix, an IPv4 /24 or an IPv6 /48. Default 32.</summary>
    public int PerPrefix { get; init; } = 32;

    /// <summary>Connections with one peer. Default 4.</summary>
    public int PerPeer { get; init; } = 4;

    /// <summary>Streams of one protocol that one connection may have open towards us. Default 64.</summary>
    public int StreamsPerProtocol { get; init; } = 64;

    /// <summary>No limit by host or prefix: networks of many nodes on one machine.</summary>
    public static HostLimits OneMachine { get; } = new() { PerHost = int.MaxValue, PerPrefix = int.MaxValue, HalfOpen = 1024, Connections = 4096 };
}
