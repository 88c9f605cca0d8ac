using Kadstone.Datagrams;

namespace Kadstone.Simulation;

/// <summary>Where packets to one endpoint go: to a socket, or through a mapping of a NAT to the socket behind it.</summary>
/// <remarks>It outlives the node that held the socket: a packet on its way when a node restarts reaches the new one, as in life.</remarks>
internal sealed class Route(UdpEndpoint endpoint, BoundSocket socket, NatMapping? mapping)
{
    internal UdpEndpoint Endpoint { get; } = endpoint;

    internal BoundSocket Socket { get; set; } = socket;

    internal NatMapping? Mapping { get; } = mapping;
}

/// <summary>A socket of a node.</summary>
internal sealed class BoundSocket(NodePump pump, byte index, UdpEndpoint endpoint, Nat? nat)
{
    internal NodePump Pump { get; } = pump;

    internal byte Index { get; } = index;

    internal UdpEndpoint Endpoint { get; } = endpoint;

    /// <summary>The NAT before this socket.</summary>
    internal Nat? Nat { get; } = nat;
}
