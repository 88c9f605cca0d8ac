namespace Kadstone.Simulation;

/// <summary>How a host stands in the network.</summary>
public sealed record HostOptions
{
    /// <summary>The NAT before the host. Default: none. Hosts with one public address and a NAT share that NAT; their kinds must agree.</summary>
    /// <remarks>A NAT is for IPv4. IPv6 sockets of the same host are reached directly.</remarks>
    public NatKind Nat { get; init; }

    /// <summary>How long a mapping of the NAT lives after the last packet from the inside. Default 2 min; more than 0.</summary>
    /// <remarks>RFC 4787, REQ-5 and REQ-6: at least 2 min, refreshed by outbound packets; inbound ones do not count here.</remarks>
    public TimeSpan NatMappingLifetime { get; init; } = TimeSpan.FromMinutes(2);

    /// <summary>A label for <see cref="SimulatedNetwork.Partition"/> and <see cref="SimulatedNetwork.LinkBetween"/>. Default 0; it has no effect of its own.</summary>
    public int Region { get; init; }

    /// <summary>The link of this host where it differs from the network's. Default: the network's.</summary>
    public LinkOptions? Link { get; init; }
}
