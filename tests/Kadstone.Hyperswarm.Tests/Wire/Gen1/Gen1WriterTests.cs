using System.Text;
using FsCheck;
using FsCheck.Fluent;
using Kadstone.Datagrams;
using Kadstone.Kademlia;

namespace Kadstone.Hyperswarm.Tests.Wire;

/// <summary>What is written is read again, whatever it is; and what does not fit is not sent.</summary>
public sealed class Gen1WriterTests
{
    private static readonly Key256 Id = new(1, 2);
    private static readonly Key256 Target = new(3, 4);

    [Fact]
    public void Any_request_is_read_as_it_was_written() => Check.QuickThrowOnFailure(Prop.ForAll(
        ArbMap.Default.ArbFor<(ushort Transaction, byte[] Command, byte[] Value, byte[] Token)>(),
        request =>
        {
            ushort transaction = (ushort)(request.Transaction & Gen1Reader.MaxTransaction);
            byte[] command = [.. request.Command.Take(Gen1Reader.MaxCommandLength)];
            byte[] token = [.. request.Token.Take(Gen1Reader.MaxTokenLength)];
            byte[] buffer = new byte[8192];
            Gen1Writer writer = new(buffer);
            writer.BeginRequest(transaction, command);
            writer.Id(Id);
            writer.Target(Target);
            writer.RequestToken(token);
            writer.Value(request.Value);

            Gen1Message message = Gen1Packet.Read(buffer[..writer.Length]);
            return message.Kind == Gen1Kind.Request && message.Transaction == transaction && message.Id == Id && message.Target == Target
                && message.CommandName.SequenceEqual(command) && message.Token.SequenceEqual(token) && message.HasValue && message.Value.SequenceEqual(request.Value);
        }));

    [Fact]
    public void Any_response_is_read_as_it_was_written() => Check.QuickThrowOnFailure(Prop.ForAll(
        ArbMap.Default.ArbFor<(ushort Transaction, ulong[] Nodes, byte[] Value, byte[] Token)>(),
        response =>
        {
            ushort transaction = (ushort)(response.Transaction & Gen1Reader.MaxTransaction);
            Gen1Contact[] contacts = [.. response.Nodes.Select(node => new Gen1Contact(new Key256(node, 7), UdpEndpoint.FromIPv4((uint)node, (ushort)(node | 1))))];
            byte[] token = [.. response.Token.Take(Gen1Reader.MaxTokenLength)];
            byte[] buffer = new byte[Gen1Reader.MaxDatagramLength];
            Gen1Writer writer = new(buffer);
            writer.BeginResponse(transaction);
            writer.Id(Id);
            writer.Nodes(contacts);
            writer.Value(response.Value);
            writer.ResponseToken(token);

            Gen1Message message = Gen1Packet.Read(buffer[..writer.Length]);
            List<Gen1Contact> read = Gen1Packet.List(message.Nodes);
            return message.Kind == Gen1Kind.Response && message.Transaction == transaction && message.Id == Id
                && read.SequenceEqual(contacts) && read.Select(contact => contact.Id).SequenceEqual(contacts.Select(contact => contact.Id))
                && message.Token.SequenceEqual(token) && message.Value.SequenceEqual(response.Value);
        }));

    [Fact]
    public void Nothing_is_sent_that_does_not_fit()
    {
        byte[] whole = new byte[1024];
        int length = WriteAll(whole, out bool overflowed);
        overflowed.ShouldBeFalse();
        for (int capacity = 0; capacity < length; capacity++)
        {
            WriteAll(whole.AsSpan(0, capacity), out overflowed).ShouldBe(0, $"{capacity} bytes");
            overflowed.ShouldBeTrue($"{capacity} bytes");
        }

        WriteAll(whole.AsSpan(0, length), out _).ShouldBe(length);
    }

    [Fact]
    public void A_response_that_does_not_fit_is_not_sent()
    {
        byte[] whole = new byte[1024];
        Gen1Contact[] contacts = [new(Id, UdpEndpoint.FromIPv4(1, 1)), new(Id, UdpEndpoint.FromIPv4(2, 2))];
        int length = Write(whole);
        for (int capacity = 0; capacity < length; capacity++)
        {
            Write(whole.AsSpan(0, capacity)).ShouldBe(0, $"{capacity} bytes");
        }

        int Write(Span<byte> buffer)
        {
            Gen1Writer writer = new(buffer);
            writer.BeginResponse(5);
            writer.Id(Id);
            writer.Nodes(contacts);
            writer.Value(UdpEndpoint.FromIPv4(0x7F000001, 6000));
            writer.ResponseToken(new byte[32]);
            return writer.Length;
        }
    }

    [Fact]
    public void Nodes_of_IPv6_are_left_out()
    {
        byte[] buffer = new byte[256];
        Gen1Writer writer = new(buffer);
        writer.BeginResponse(1);
        writer.Nodes([new(Id, UdpEndpoint.FromIPv6(1, 2, 3)), new(Target, UdpEndpoint.FromIPv4(1, 2)), new(Id, UdpEndpoint.FromIPv6(4, 5, 6))]);
        Gen1Packet.List(Gen1Packet.Read(buffer[..writer.Length]).Nodes).ShouldBe([new Gen1Contact(Target, UdpEndpoint.FromIPv4(1, 2))]);
    }

    [Fact]
    public void A_list_of_no_nodes_is_there()
    {
        // As the packages of the time answer when their table is empty.
        byte[] buffer = new byte[16];
        Gen1Writer writer = new(buffer);
        writer.BeginResponse(0x1234);
        writer.Nodes([]);
        Convert.ToHexStringLower(buffer.AsSpan(0, writer.Length)).ShouldBe("12341200");
    }

    private static int WriteAll(Span<byte> buffer, out bool overflowed)
    {
        Gen1Writer writer = new(buffer);
        writer.BeginRequest(5, "_ping"u8);
        writer.Id(Id);
        writer.Target(Target);
        writer.ForwardRequest(UdpEndpoint.FromIPv4(0x7F000001, 6000));
        writer.ForwardResponse(UdpEndpoint.FromIPv4(0x7F000001, 6001));
        writer.RequestToken(Encoding.ASCII.GetBytes(new string('t', 32)));
        writer.Value(Encoding.ASCII.GetBytes(new string('v', 300)));
        overflowed = writer.Overflowed;
        return writer.Length;
    }
}
