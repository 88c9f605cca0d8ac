using Kadstone.Datagrams;

namespace Kadstone.Simulation;

/// <summary>Where packets to one endpoint go: to a socket, or through a mapping of a NAT to the socket behind it.</summary>
/// <remarks>It outlives the node that held the socket: a packet on its way when a node restarts reaches the new one, as in life.</remarks>
internal sealed class Route(UdpEndpoint endpoint, BoundSocket socket, NatMapping? mapping)
{
    internal UdpEndpoint Endpoint { get; } = endpoint;

    internal NatMapping? Mapping { get; } = mapping;

    // What the event loop asks for each packet stands here as well: with 10,000 nodes each object on the way is a cache miss.
    internal NodePump Pump { get; private set; } = socket.Pump;

    internal int HostIndex { get; private set; } = socket.Pump.HostIndex;

    internal byte SocketIndex { get; private set; } = socket.Index;

    internal Nat? InsideNat { get; private set; } = mapping is null ? socket.Nat : null;

    internal void Rebind(BoundSocket socket)
    {
        Pump = socket.Pump;
        HostIndex = socket.Pump.HostIndex;
        SocketIndex = socket.Index;
        InsideNat = socket.Nat;
    }
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
