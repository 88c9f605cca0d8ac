using Kadstone.Datagrams;
using Kadstone.Hyperswarm.Core;
using Kadstone.Kademlia;

namespace Kadstone.Hyperswarm.Tests.Core;

/// <summary>A datagram that the node under test sent.</summary>
internal sealed record RpcSent(byte[] Bytes, UdpEndpoint To, byte Socket)
{
    internal bool IsRequest => Bytes[0] == RpcReader.RequestByte;

    internal RpcMessage Read()
    {
        RpcReader.TryRead(Bytes, out RpcMessage message, out _).ShouldBeTrue();
        return message;
    }
}

/// <summary>A node under test and everybody else: hands it datagrams, collects what it sends, and moves its time.</summary>
internal sealed class RpcConversation
{
    internal static readonly UdpEndpoint Home = UdpEndpoint.FromIPv4(0x05060708, 49737);

    private readonly byte[] _buffer = new byte[2_048];

    internal RpcConversation(RpcSettings? settings = null)
    {
        Node = new RpcProtocol(settings ?? new RpcSettings { IsPersistent = true }, [Home, Client], new Random(1), Now);
    }

    /// <summary>Where an ephemeral node asks from.</summary>
    internal static UdpEndpoint Client => Home.WithPort(40_000);

    internal RpcProtocol Node { get; }

    internal Instant Now { get; private set; } = new(TimeSpan.FromHours(1).Ticks);

    internal List<RpcSent> Sent { get; } = [];

    /// <summary>Whether what is sent is kept in <see cref="Sent"/>. Default true.</summary>
    internal bool Keeps { get; init; } = true;

    /// <summary>Told of everything that is sent.</summary>
    internal Action<RpcSent>? Network { get; set; }

    /// <summary>A public endpoint; each number has a /24 of its own.</summary>
    internal static UdpEndpoint At(int number) => UdpEndpoint.FromIPv4(0x2D00_0007 + ((uint)number << 8), 49737);

    internal static Key256 IdOf(UdpEndpoint endpoint) => RpcContact.FromEndpoint(endpoint).Id;

    internal static byte[] Request(RpcInternalCommand command, Key256? id = null, Key256? target = null, byte[]? value = null) =>
        Request((uint)command, isInternal: true, id, target, value);

    internal static byte[] Request(uint command, bool isInternal = false, Key256? id = null, Key256? target = null, byte[]? value = null, byte[]? token = null)
    {
        byte[] buffer = new byte[1_400];
        RpcWriter writer = RpcWriter.Request(buffer, 7, Home);
        if (id is Key256 own)
        {
            writer.Id(own);
        }

        if (token is not null)
        {
            writer.Token(token);
        }

        if (isInternal)
        {
            writer.Command((RpcInternalCommand)command);
        }
        else
        {
            writer.Command(command);
        }

        if (target is Key256 key)
        {
            writer.Target(key);
        }

        if (value is not null)
        {
            writer.Value(value);
        }

        return buffer[..writer.Length];
    }

    internal static byte[] Response(
        RpcSent request,
        Key256? id = null,
        byte[]? token = null,
        UdpEndpoint[]? closer = null,
        RpcError error = RpcError.None,
        byte[]? value = null,
        UdpEndpoint? to = null)
    {
        byte[] buffer = new byte[1_400];
        RpcWriter writer = RpcWriter.Response(buffer, request.Read().Transaction, to ?? Home);
        if (id is Key256 own)
        {
            writer.Id(own);
        }

        if (token is not null)
        {
            writer.Token(token);
        }

        writer.CloserNodes([.. (closer ?? []).Select(RpcContact.FromEndpoint)]);
        writer.Error(error);
        if (value is not null)
        {
            writer.Value(value);
        }

        return buffer[..writer.Length];
    }

    internal void Deliver(byte[] datagram, UdpEndpoint from, byte socket = 0)
    {
        Node.Receive(datagram, from, socket, Now);
        Drain();
    }

    /// <summary>Delivers a request and gives the response, or null.</summary>
    internal RpcSent? Ask(byte[] request, UdpEndpoint from, byte socket = 0)
    {
        int before = Sent.Count;
        Deliver(request, from, socket);
        return Sent.Skip(before).SingleOrDefault(sent => !sent.IsRequest);
    }

    /// <summary>A node that asks, answers the ping that this brings, and so enters the table.</summary>
    internal void Meet(int number)
    {
        int before = Sent.Count;
        Deliver(Request(RpcInternalCommand.Ping, IdOf(At(number))), At(number));
        RpcSent ping = Sent.Skip(before).Single(sent => sent.IsRequest);
        Deliver(Response(ping, IdOf(At(number))), At(number), ping.Socket);
    }

    /// <summary>Nothing happens meanwhile, time keeping neither: the machine sleeps.</summary>
    internal void Sleep(TimeSpan span)
    {
        Now += span;
        Node.Elapse(Now);
        Drain();
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
            RpcSent sent = new(_buffer[..transmit.Length], transmit.To, transmit.Socket);
            if (Keeps)
            {
                Sent.Add(sent);
            }

            Network?.Invoke(sent);
        }
    }
}
