using Kadstone.Datagrams;
using Kadstone.Hyperswarm;
using Kadstone.Kademlia;

namespace Kadstone.Simulation.Tests.Hyperswarm;

/// <summary>A cheap adversary: answers every request under the id of its address with the nodes that a scenario chooses, and sends what it is told to.</summary>
internal sealed class Stranger(UdpEndpoint endpoint, Stranger.Names names) : IDatagramProtocol
{
    private readonly Queue<(UdpEndpoint To, byte[] Bytes)> _outbox = new();
    private readonly RpcContact _self = RpcContact.FromEndpoint(endpoint);

    /// <summary>Chooses the nodes of an answer.</summary>
    internal delegate int Names(Key256 target, Span<RpcContact> nodes);

    public Instant NextDeadline => Instant.Never;

    public void Receive(ReadOnlySpan<byte> datagram, UdpEndpoint from, byte socket, Instant now)
    {
        if (!RpcReader.TryRead(datagram, out RpcMessage message, out _) || message.Kind != RpcKind.Request)
        {
            return;
        }

        byte[] buffer = new byte[1_024];
        RpcWriter writer = RpcWriter.Response(buffer, message.Transaction, from);
        writer.Id(_self.Id);
        writer.Token(new byte[RpcReader.TokenLength]);
        if (message.HasTarget)
        {
            Span<RpcContact> nodes = stackalloc RpcContact[20];
            writer.CloserNodes(nodes[..names(message.Target, nodes)]);
        }

        writer.Error(RpcError.None);
        _outbox.Enqueue((from, buffer[..writer.Length]));
    }

    /// <summary>Pings an endpoint under its id, so that it learns of us.</summary>
    internal void Ping(UdpEndpoint to, Random chance)
    {
        byte[] buffer = new byte[64];
        RpcWriter writer = RpcWriter.Request(buffer, (ushort)chance.Next(65_536), to);
        writer.Id(_self.Id);
        writer.Command(RpcInternalCommand.Ping);
        _outbox.Enqueue((to, buffer[..writer.Length]));
    }

    public bool TryTransmit(Span<byte> buffer, Instant now, out Transmit transmit)
    {
        if (!_outbox.TryDequeue(out (UdpEndpoint To, byte[] Bytes) next))
        {
            transmit = default;
            return false;
        }

        next.Bytes.CopyTo(buffer);
        transmit = new Transmit(next.To, 0, next.Bytes.Length);
        return true;
    }

    public void Elapse(Instant now)
    {
    }
}
