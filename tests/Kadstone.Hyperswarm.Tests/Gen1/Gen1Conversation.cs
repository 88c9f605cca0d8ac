using System.Text;
using Kadstone.Datagrams;
using Kadstone.Hyperswarm.Core.Gen1;
using Kadstone.Kademlia;

namespace Kadstone.Hyperswarm.Tests.Gen1;

/// <summary>A datagram that the node under test sent.</summary>
internal sealed record Gen1Sent(byte[] Bytes, UdpEndpoint To)
{
    internal bool IsRequest => (Bytes[0] & 0x80) != 0;

    internal Gen1Message Read()
    {
        Gen1Reader.TryRead(Bytes, out Gen1Message message, out Gen1Malformed why).ShouldBeTrue(why.ToString());
        return message;
    }
}

/// <summary>A node under test and everybody else: hands it datagrams, collects what it sends, and moves its time.</summary>
internal sealed class Gen1Conversation
{
    internal static readonly UdpEndpoint Home = UdpEndpoint.FromIPv4(0x05060708, 49737);

    private readonly byte[] _buffer = new byte[2_048];

    internal Gen1Conversation(Gen1Settings? settings = null) =>
        Node = new Gen1Protocol(settings ?? new Gen1Settings { ServesPeers = true }, Home, new Random(1), Now);

    internal Gen1Protocol Node { get; }

    internal Instant Now { get; private set; } = new(TimeSpan.FromHours(1).Ticks);

    internal List<Gen1Sent> Sent { get; } = [];

    /// <summary>A public endpoint; each number has a /24 of its own.</summary>
    internal static UdpEndpoint At(int number) => UdpEndpoint.FromIPv4(0x2D00_0007 + ((uint)number << 8), 49737);

    /// <summary>The id of the node at that endpoint.</summary>
    internal static Key256 IdOf(int number) => new((UInt128)(uint)(number * 0x9E37_79B9) << 96, (UInt128)number);

    internal static byte[] Request(
        string command,
        Key256? id = null,
        Key256? target = null,
        byte[]? value = null,
        byte[]? token = null,
        UdpEndpoint? forwardRequest = null,
        UdpEndpoint? forwardResponse = null)
    {
        byte[] buffer = new byte[1_400];
        Gen1Writer writer = new(buffer);
        writer.BeginRequest(7, Encoding.UTF8.GetBytes(command));
        if (id is Key256 own)
        {
            writer.Id(own);
        }

        if (target is Key256 key)
        {
            writer.Target(key);
        }

        if (forwardRequest is UdpEndpoint to)
        {
            writer.ForwardRequest(to);
        }

        if (forwardResponse is UdpEndpoint from)
        {
            writer.ForwardResponse(from);
        }

        if (token is not null)
        {
            writer.RequestToken(token);
        }

        if (value is not null)
        {
            writer.Value(value);
        }

        return buffer[..writer.Length];
    }

    internal static byte[] Response(Gen1Sent request, Key256? id = null, params Gen1Contact[] nodes)
    {
        byte[] buffer = new byte[1_400];
        Gen1Writer writer = new(buffer);
        writer.BeginResponse(request.Read().Transaction);
        if (id is Key256 own)
        {
            writer.Id(own);
        }

        if (nodes.Length > 0)
        {
            writer.Nodes(nodes);
        }

        writer.ResponseToken(new byte[32]);
        return buffer[..writer.Length];
    }

    internal static List<UdpEndpoint> Named(in Gen1Message answer)
    {
        List<UdpEndpoint> named = [];
        foreach (Gen1Contact contact in answer.Nodes)
        {
            named.Add(contact.Endpoint);
        }

        return named;
    }

    internal void Deliver(byte[] datagram, UdpEndpoint from)
    {
        Node.Receive(datagram, from, 0, Now);
        Drain();
    }

    /// <summary>Delivers a request and gives the response, or null.</summary>
    internal Gen1Sent? Ask(byte[] request, UdpEndpoint from)
    {
        int before = Sent.Count;
        Deliver(request, from);
        return Sent.Skip(before).SingleOrDefault(sent => !sent.IsRequest);
    }

    /// <summary>The token that a node gives to an endpoint.</summary>
    internal byte[] TokenFor(UdpEndpoint endpoint) => Ask(Request("_ping"), endpoint).ShouldNotBeNull().Read().Token.ToArray();

    /// <summary>A node that asks, answers the ping that this brings, and so enters the table.</summary>
    internal void Meet(int number)
    {
        int before = Sent.Count;
        Deliver(Request("_ping", IdOf(number)), At(number));
        Deliver(Response(Sent.Skip(before).Single(sent => sent.IsRequest), IdOf(number)), At(number));
    }

    internal void Pass(TimeSpan span)
    {
        Instant end = Now + span;
        while (Node.NextDeadline <= end)
        {
            Now = Instant.Later(Now, Node.NextDeadline);
            Node.Elapse(Now);
            Drain();
        }

        Now = end;
    }

    internal void Drain()
    {
        while (Node.TryTransmit(_buffer, Now, out Transmit transmit))
        {
            Sent.Add(new Gen1Sent(_buffer[..transmit.Length], transmit.To));
        }
    }
}
