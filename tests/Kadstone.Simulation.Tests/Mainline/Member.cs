using Kadstone.Datagrams;
using Kadstone.Kademlia;
using Kadstone.Mainline.Core;

namespace Kadstone.Simulation.Tests.Mainline;

/// <summary>A Mainline node of a simulated network, with the faults that a scenario may give it.</summary>
internal sealed class Member(MainlineProtocol core, Instant bornAt) : IDatagramProtocol
{
    internal MainlineProtocol Core { get; } = core;

    internal Instant BornAt { get; } = bornAt;

    /// <summary>Takes queries in and never answers one; asks itself as before.</summary>
    internal bool IsMute { get; set; }

    internal SimulatedNode<Member>? Node { get; set; }

    internal bool IsLiving => Node is { IsClosed: false };

    internal Key160 Id => Core.Locals[0].Id;

    internal RoutingTable<Key160, Kadstone.Mainline.NodeContact> Table => Core.Locals[0].Table;

    /// <summary>Its endpoint as it knows it; behind a NAT an inside one.</summary>
    internal UdpEndpoint Endpoint => Node!.LocalEndpoint();

    internal int Side => Node!.Host.Options.Region;

    public Instant NextDeadline => Core.NextDeadline;

    public void Receive(ReadOnlySpan<byte> datagram, UdpEndpoint from, byte socket, Instant now)
    {
        if (!IsMute || !datagram.EndsWith("1:y1:qe"u8))
        {
            Core.Receive(datagram, from, socket, now);
        }
    }

    public bool TryTransmit(Span<byte> buffer, Instant now, out Transmit transmit) => Core.TryTransmit(buffer, now, out transmit);

    public void Elapse(Instant now) => Core.Elapse(now);

    internal void Run(Action<MainlineProtocol, Instant> action) => Node!.Run((member, now) => action(member.Core, now));
}
