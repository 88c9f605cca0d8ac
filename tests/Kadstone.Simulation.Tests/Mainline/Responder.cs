using Kadstone.Datagrams;
using Kadstone.Kademlia;
using Kadstone.Mainline;

namespace Kadstone.Simulation.Tests.Mainline;

/// <summary>A cheap adversary: answers every query under its id with the nodes that a scenario chooses, and sends what it is told to.</summary>
internal sealed class Responder(Key160 id, Responder.Names names) : IDatagramProtocol
{
    private readonly Queue<(UdpEndpoint To, byte[] Bytes)> _outbox = new();

    /// <summary>Chooses the nodes of an answer.</summary>
    internal delegate int Names(Key160 target, Span<NodeContact> nodes);

    internal Key160 Id => id;

    internal long Asked { get; private set; }

    public Instant NextDeadline => Instant.Never;

    public void Receive(ReadOnlySpan<byte> datagram, UdpEndpoint from, byte socket, Instant now)
    {
        if (!KrpcReader.TryRead(datagram, out KrpcMessage message, out _) || message.Kind != KrpcKind.Query)
        {
            return;
        }

        Asked++;
        byte[] buffer = new byte[1_024];
        KrpcWriter writer = new(buffer);
        writer.BeginResponse(from);
        writer.Key("2:id"u8, id);
        if (message.HasTarget)
        {
            Span<NodeContact> nodes = stackalloc NodeContact[8];
            writer.Nodes(nodes[..names(message.Target, nodes)], true);
            if (message.Method == KrpcMethod.GetPeers)
            {
                writer.Bytes("5:token"u8, "12345678"u8);
            }
        }

        writer.EndResponse(message.Transaction, default);
        _outbox.Enqueue((from, buffer[..writer.Length]));
    }

    /// <summary>Pings an endpoint, so that it learns of us.</summary>
    internal void Ping(UdpEndpoint to, Random chance)
    {
        byte[] buffer = new byte[256];
        byte[] transaction = new byte[4];
        chance.NextBytes(transaction);
        KrpcWriter writer = new(buffer);
        writer.BeginQuery(id);
        writer.EndQuery("ping"u8, false, transaction, default);
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
