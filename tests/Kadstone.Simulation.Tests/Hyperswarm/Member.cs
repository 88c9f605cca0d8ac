using Kadstone.Datagrams;
using Kadstone.Hyperswarm;
using Kadstone.Hyperswarm.Core;
using Kadstone.Hyperswarm.Core.Records;
using Kadstone.Kademlia;

namespace Kadstone.Simulation.Tests.Hyperswarm;

/// <summary>A hyperdht node of a simulated network, with the faults that a scenario may give it.</summary>
internal sealed class Member(RpcProtocol core, HyperCommands commands, HyperKeyPair keys) : IDatagramProtocol
{
    internal RpcProtocol Core => core;

    internal HyperCommands Commands => commands;

    internal HyperKeyPair Keys => keys;

    /// <summary>Takes requests in and never answers one; asks itself as before.</summary>
    internal bool IsMute { get; set; }

    internal SimulatedNode<Member>? Node { get; set; }

    internal bool IsLiving => Node is { IsClosed: false };

    internal Key256 Id => core.Id;

    internal RoutingTable<Key256, RpcContact> Table => core.Table;

    /// <summary>Its server socket as it knows it; behind a NAT an inside one.</summary>
    internal UdpEndpoint Endpoint => Node!.LocalEndpoint();

    internal int Side => Node!.Host.Options.Region;

    public Instant NextDeadline => core.NextDeadline;

    public void Receive(ReadOnlySpan<byte> datagram, UdpEndpoint from, byte socket, Instant now)
    {
        if (!IsMute || datagram[0] != RpcReader.RequestByte)
        {
            core.Receive(datagram, from, socket, now);
        }
    }

    public bool TryTransmit(Span<byte> buffer, Instant now, out Transmit transmit) => core.TryTransmit(buffer, now, out transmit);

    public void Elapse(Instant now) => core.Elapse(now);

    internal void Run(Action<RpcProtocol, Instant> action) => Node!.Run((member, now) => action(member.Core, now));
}
