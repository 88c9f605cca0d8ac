using Kadstone.Datagrams;
using Kadstone.Kademlia;
using Kadstone.Mainline.Core;

namespace Kadstone.Mainline.Tests.Core;

/// <summary>A node under test and everybody else: hands it datagrams, collects what it sends, and moves its time.</summary>
internal sealed class Conversation
{
    internal static readonly UdpEndpoint Home = UdpEndpoint.FromIPv4(0x05060708, 6881);
    internal static readonly UdpEndpoint Home6 = UdpEndpoint.FromIPv6(0x2A01_0000_0000_0001, 1, 6881);

    private readonly byte[] _buffer = new byte[2_048];
    private readonly PriorityQueue<(byte[] Bytes, UdpEndpoint From, byte Socket), long> _underWay = new();

    internal Conversation(CoreSettings? settings = null, int seed = 1, params UdpEndpoint[] sockets)
    {
        Chance = new Random(seed);
        Settings = settings ?? Open;
        UdpEndpoint[] bound = sockets is [] ? [Home] : sockets;
        Node = new MainlineProtocol(Settings, bound, [.. bound.Select(_ => NewKey())], new Random(seed + 1), Now);
    }

    /// <summary>Serves from the start; public addresses; all limits on.</summary>
    internal static CoreSettings Open { get; } = new() { Serving = ServingMode.Always, SecuresId = false };

    internal static CoreSettings Unlimited { get; } = Open with { Limits = RateLimits.None };

    internal CoreSettings Settings { get; }

    internal MainlineProtocol Node { get; }

    internal LocalNode Local => Node.Locals[0];

    internal Random Chance { get; }

    internal Instant Now { get; set; } = new(TimeSpan.FromHours(1).Ticks);

    /// <summary>Everything the node sent.</summary>
    internal List<Packet> Sent { get; } = [];

    /// <summary>Called with each datagram the node sends: the rest of the network.</summary>
    internal Action<Packet>? Network { get; set; }

    /// <summary>Whether <see cref="Sent"/> keeps what is sent; off for floods.</summary>
    internal bool Keeps { get; set; } = true;

    internal long BytesSent { get; private set; }

    internal long PacketsSent { get; private set; }

    /// <summary>A public endpoint; each number has a /24 of its own.</summary>
    internal static UdpEndpoint At(int number) => UdpEndpoint.FromIPv4(0x2D00_0007 + ((uint)number << 8), 6881);

    /// <summary>A public IPv6 endpoint; each number has a /64 of its own.</summary>
    internal static UdpEndpoint At6(int number) => UdpEndpoint.FromIPv6(0x2A00_0000_0000_0000 + ((ulong)number << 8), 7, 6881);

    internal Key160 NewKey()
    {
        byte[] bytes = new byte[20];
        Chance.NextBytes(bytes);
        return Key160.Read(bytes);
    }

    internal void Deliver(ReadOnlySpan<byte> datagram, UdpEndpoint from, byte socket = 0)
    {
        Node.Receive(datagram, from, socket, Now);
        Drain();
    }

    /// <summary>Delivers a datagram later.</summary>
    internal void Post(byte[] datagram, UdpEndpoint from, TimeSpan delay, byte socket = 0) =>
        _underWay.Enqueue((datagram, from, socket), (Now + delay).Ticks);

    /// <summary>Asks, and gives the answer or null. Our node's own questions to the asker stay unanswered.</summary>
    internal Packet? Ask(byte[] query, UdpEndpoint from, byte socket = 0)
    {
        int before = Sent.Count;
        Deliver(query, from, socket);
        Packet[] answers = [.. Sent.Skip(before).Where(packet => packet.To == from && !packet.IsQuery)];
        answers.Length.ShouldBeLessThanOrEqualTo(1);
        return answers.SingleOrDefault();
    }

    internal Packet Ask(string method, UdpEndpoint from, params (string Key, object Value)[] arguments) =>
        Ask(Krpc.Query(method, IdOf(from), arguments), from).ShouldNotBeNull();

    /// <summary>The same id for the same endpoint.</summary>
    internal static Key160 IdOf(UdpEndpoint endpoint)
    {
        byte[] bytes = new byte[32];
        System.Security.Cryptography.SHA256.HashData(Krpc.Compact(endpoint), bytes);
        return Key160.Read(bytes);
    }

    /// <summary>Lets time pass: what is due and what is under way happens in its order.</summary>
    internal void Pass(TimeSpan span)
    {
        Instant end = Now + span;
        while (true)
        {
            Instant next = Node.NextDeadline;
            bool isDelivery = _underWay.TryPeek(out _, out long at) && at <= next.Ticks;
            next = isDelivery ? new Instant(at) : next;
            if (next > end)
            {
                break;
            }

            Now = Instant.Later(Now, next);
            if (isDelivery)
            {
                (byte[] bytes, UdpEndpoint from, byte socket) = _underWay.Dequeue();
                Deliver(bytes, from, socket);
            }
            else
            {
                Node.Elapse(Now);
                Drain();
            }
        }

        Now = end;
    }

    /// <summary>The clock leaps: nothing happened in between, as after a suspend.</summary>
    internal void Leap(TimeSpan span)
    {
        Now += span;
        Node.Elapse(Now);
        Drain();
    }

    internal void Drain()
    {
        while (Node.TryTransmit(_buffer, Now, out Transmit transmit))
        {
            PacketsSent++;
            BytesSent += transmit.Length;
            if (Keeps || Network is not null)
            {
                Packet packet = new(transmit.To, transmit.Socket, _buffer[..transmit.Length], Now);
                if (Keeps)
                {
                    Sent.Add(packet);
                }

                Network?.Invoke(packet);
            }
        }
    }

    /// <summary>Brings a contact into the table as the protocol does: it asks, is pinged, and answers.</summary>
    internal void Befriend(NodeContact contact, byte socket = 0, UdpEndpoint? seen = null)
    {
        int before = Sent.Count;
        Deliver(Krpc.Query("ping", contact.Id), contact.Endpoint, socket);
        Packet? ping = Sent.Skip(before).FirstOrDefault(packet => packet.To == contact.Endpoint && packet.IsQuery);
        if (ping is not null)
        {
            Deliver(
                seen is { } endpoint ? Krpc.ResponseTo(endpoint, ping.Transaction, contact.Id) : Krpc.Response(ping.Transaction, contact.Id),
                contact.Endpoint,
                socket);
        }
    }

    /// <summary>Fills the table of a socket with living contacts, each in a /24 or /64 of its own.</summary>
    internal void FillTable(int count = 2_000, byte socket = 0)
    {
        for (int i = 0; i < count; i++)
        {
            UdpEndpoint endpoint = Node.Locals[socket].IsIPv4 ? At(40_000 + i) : At6(40_000 + i);
            Befriend(new NodeContact(NewKey(), endpoint), socket);
        }

        Sent.Clear();
    }
}
