using System.Text;
using static Kadstone.Hyperswarm.Tests.Wire.Gen1Packet;

namespace Kadstone.Hyperswarm.Tests.Wire;

/// <summary>What is read of a packet by hand, and why another is dropped.</summary>
public sealed class Gen1ReaderTests
{
    [Fact]
    public void An_empty_response_is_one()
    {
        Gen1Message message = Read(Response);
        message.Kind.ShouldBe(Gen1Kind.Response);
        message.Transaction.ShouldBe((ushort)0x1234);
        (message.HasId || message.HasToken || message.HasValue || message.HasTarget).ShouldBeFalse();
        message.Nodes.IsEmpty.ShouldBeTrue();
    }

    [Fact]
    public void The_header_has_15_bits_of_transaction()
    {
        Read("7fff").Transaction.ShouldBe(Gen1Reader.MaxTransaction);
        Read("ffff" + Ping).Transaction.ShouldBe(Gen1Reader.MaxTransaction);
        Read("8000" + Ping).Transaction.ShouldBe((ushort)0);
    }

    [Theory]
    [InlineData("")]
    [InlineData("92")]
    public void Less_than_a_header_is_too_short(string hex) => Verdict(hex).ShouldBe(Gen1Malformed.TooShort);

    [Fact]
    public void The_longest_datagram_is_read_and_one_byte_more_is_not()
    {
        // A value of all that is left: two bytes of header, one of tag, two of length.
        byte[] packet = new byte[Gen1Reader.MaxDatagramLength];
        int length = packet.Length - 5;
        packet[2] = 0x1a;
        packet[3] = (byte)(length | 0x80);
        packet[4] = (byte)(length >> 7);
        Gen1Reader.TryRead(packet, out Gen1Message message, out _).ShouldBeTrue();
        message.Value.Length.ShouldBe(length);

        Gen1Reader.TryRead(new byte[Gen1Reader.MaxDatagramLength + 1], out _, out Gen1Malformed why).ShouldBeFalse();
        why.ShouldBe(Gen1Malformed.TooLong);
    }

    [Theory]
    [InlineData("0a")]                                // a tag without its length
    [InlineData("0a 05 61")]                          // a length past the end
    [InlineData("0a ffffffffffffffffff 01")]          // a length of 64 bits
    [InlineData("0a 01 61 80")]                       // a tag cut short
    [InlineData("0a 01 61 78 ffffffffffffffffffff 01")] // a varint of 11 bytes
    [InlineData("0a 01 61 78 ffffffffffffffffff 02")] // a varint of 65 bits
    [InlineData("0a 01 61 00 00")]                    // field number 0
    [InlineData("0a 01 61 7b 7c")]                    // a group
    [InlineData("0a 01 61 7e")]                       // wire type 6
    [InlineData("0a 01 61 7f")]                       // wire type 7
    [InlineData("0a 01 61 79 00000000000000")]        // 8 bytes, of which there are 7
    [InlineData("0a 01 61 7d 000000")]                // 4 bytes, of which there are 3
    [InlineData("0a 01 61 8280808010 00")]            // a field number of 30 bits
    public void Bytes_that_are_no_protobuf_are_dropped(string fields) => Verdict(Request + fields).ShouldBe(Gen1Malformed.NotProtobuf);

    [Theory]
    [InlineData("08 05")]             // command = 5
    [InlineData("0d 61626364")]       // command of 4 bytes
    [InlineData("09 6162636465666768")] // command of 8 bytes
    [InlineData("0a 01 61 10 05")]    // id = 5
    [InlineData("0a 01 61 38 00")]    // value = 0
    public void A_known_field_of_another_wire_type_drops_a_request(string fields) => Verdict(Request + fields).ShouldBe(Gen1Malformed.WrongWireType);

    [Theory]
    [InlineData("08 05")]
    [InlineData("15 61626364")]
    [InlineData("18 05")]
    [InlineData("21 6162636465666768")]
    public void A_known_field_of_another_wire_type_drops_a_response(string fields) => Verdict(Response + fields).ShouldBe(Gen1Malformed.WrongWireType);

    [Fact]
    public void Unknown_fields_are_skipped_wherever_they_stand()
    {
        const string Unknown = " 78 ffffffffffffffffff 01  79 0102030405060708  7a 03 616263  7d 01020304  faffffff0f 00 ";
        Gen1Message message = Read(Request + Unknown + Store + Unknown + Target + Unknown + "3a 01 76" + Unknown);
        Encoding.ASCII.GetString(message.CommandName).ShouldBe("store");
        Encoding.ASCII.GetString(message.Value).ShouldBe("v");
        message.HasTarget.ShouldBeTrue();

        // A response knows no fields 5 to 7.
        Verdict(Response + "2a 01 61 30 01 38 01" + Unknown).ShouldBe(Gen1Malformed.None);
    }

    [Fact]
    public void Sixty_four_fields_are_read_and_one_more_is_not()
    {
        string fields = string.Concat(Enumerable.Repeat("7800", Gen1Reader.MaxFields - 1));
        Verdict(Request + Ping + fields).ShouldBe(Gen1Malformed.None);
        Verdict(Request + Ping + fields + "7800").ShouldBe(Gen1Malformed.TooManyFields);
    }

    [Fact]
    public void Fields_come_in_any_order_and_the_last_of_a_kind_counts()
    {
        Gen1Message message = Read(Request + "3a 01 61" + Target + Store + " 3a 01 62 0a 01 78");
        Encoding.ASCII.GetString(message.Value).ShouldBe("b");
        Encoding.ASCII.GetString(message.CommandName).ShouldBe("x");
        message.HasTarget.ShouldBeTrue();
    }

    [Fact]
    public void A_varint_may_be_longer_than_it_must() => Read(Request + "0a 858000 5f70696e67").Command.ShouldBe(Gen1Command.Ping);

    [Fact]
    public void A_request_needs_a_command()
    {
        Verdict(Request).ShouldBe(Gen1Malformed.NoCommand);
        Verdict(Request + Target).ShouldBe(Gen1Malformed.NoCommand);
    }

    [Fact]
    public void A_command_may_be_empty_or_of_128_bytes_and_not_longer()
    {
        Read(Request + "0a 00" + Target).Command.ShouldBe(Gen1Command.Custom);
        string longest = string.Concat(Enumerable.Repeat("61", Gen1Reader.MaxCommandLength));
        Verdict(Request + "0a 8001" + longest + Target).ShouldBe(Gen1Malformed.None);
        Verdict(Request + "0a 8101" + longest + "61" + Target).ShouldBe(Gen1Malformed.CommandTooLong);
    }

    [Theory]
    [InlineData("0a 05 5f70696e67", Gen1Command.Ping)]
    [InlineData("0a 0a 5f66696e645f6e6f6465", Gen1Command.FindNode)]
    [InlineData("0a 05 7065657273", Gen1Command.Custom)]
    [InlineData("0a 05 5f50494e47", Gen1Command.Custom)] // _PING
    [InlineData("0a 06 5f70696e6700", Gen1Command.Custom)]
    public void Two_commands_are_the_nodes_own(string command, object expected) => Read(Request + command + Target).Command.ShouldBe(expected);

    [Theory]
    [InlineData("")]
    [InlineData(" 1a 00")]
    [InlineData(" 1a 1f 11111111111111111111111111111111111111111111111111111111111111")]
    [InlineData(" 1a 21 111111111111111111111111111111111111111111111111111111111111111111")]
    public void A_ping_needs_no_target_of_32_bytes_and_every_other_command_does(string target)
    {
        Read(Request + Ping + target).HasTarget.ShouldBeFalse();
        Verdict(Request + "0a 0a 5f66696e645f6e6f6465" + target).ShouldBe(Gen1Malformed.NoTarget);
        Verdict(Request + Store + target).ShouldBe(Gen1Malformed.NoTarget);
    }

    [Fact]
    public void An_id_that_has_not_32_bytes_is_none()
    {
        Read(Request + Ping + "12 01 11").HasId.ShouldBeFalse();
        Read(Request + Ping + "12" + Key).HasId.ShouldBeTrue();
        Read(Request + Ping + "12" + Key + "12 00").HasId.ShouldBeFalse();
        Read(Response + "0a 01 11").HasId.ShouldBeFalse();
        Read(Response + "0a" + Key).Id.ToString().ShouldBe(string.Concat(Enumerable.Repeat("11", 32)));
    }

    [Fact]
    public void A_token_may_have_64_bytes_and_a_longer_or_empty_one_is_none()
    {
        string longest = string.Concat(Enumerable.Repeat("22", Gen1Reader.MaxTokenLength));
        Read(Request + Store + Target + "32 40" + longest).Token.Length.ShouldBe(Gen1Reader.MaxTokenLength);
        Read(Request + Store + Target + "32 41" + longest + "22").HasToken.ShouldBeFalse();
        Read(Request + Store + Target + "32 00").HasToken.ShouldBeFalse();
        Read(Response + "22 40" + longest).Token.Length.ShouldBe(Gen1Reader.MaxTokenLength);
        Read(Response + "22 41" + longest + "22").HasToken.ShouldBeFalse();
    }

    [Fact]
    public void An_empty_value_is_one()
    {
        Read(Request + Store + Target + "3a 00").HasValue.ShouldBeTrue();
        Read(Request + Store + Target).HasValue.ShouldBeFalse();
        Read(Response + "1a 00").HasValue.ShouldBeTrue();
    }

    [Theory]
    [InlineData("22")]
    [InlineData("2a")]
    public void Only_a_ping_is_forwarded_and_only_to_one_address_with_a_port(string tag)
    {
        Verdict(Request + Ping + tag + "06 7f000001 1770").ShouldBe(Gen1Malformed.None);
        Verdict(Request + Ping + tag + "06 7f000001 0000").ShouldBe(Gen1Malformed.BadForward);
        Verdict(Request + Ping + tag + "05 7f000001 17").ShouldBe(Gen1Malformed.BadForward);
        Verdict(Request + Ping + tag + "0c 7f000001 1770 7f000001 1770").ShouldBe(Gen1Malformed.BadForward);
        Verdict(Request + Ping + tag + "00").ShouldBe(Gen1Malformed.BadForward);
        Verdict(Request + Store + Target + tag + "06 7f000001 1770").ShouldBe(Gen1Malformed.BadForward);
        Verdict(Request + Store + Target + tag + "00").ShouldBe(Gen1Malformed.BadForward);

        // A bad one is not mended by a good one after it.
        Verdict(Request + Ping + tag + "00" + tag + "06 7f000001 1770").ShouldBe(Gen1Malformed.BadForward);
    }

    [Fact]
    public void Nodes_are_read_one_by_one_without_the_portless_and_the_incomplete()
    {
        string entry = string.Concat(Enumerable.Repeat("33", 32));
        Gen1Message message = Read(Response + $"12 8201 {entry} 0a000001 0001 {entry} 0a000002 0000 {entry} 0a000003 ffff" + " 3333333333333333 33333333 33333333");
        List(message.Nodes).Select(contact => contact.Endpoint.ToString()).ShouldBe(["10.0.0.1:1", "10.0.0.3:65535"]);
        List(message.Nodes).ShouldAllBe(contact => contact.Id.ToString() == entry);

        Gen1Contact[] one = new Gen1Contact[1];
        message.Nodes.CopyTo(one).ShouldBe(1);
        one[0].Endpoint.ToString().ShouldBe("10.0.0.1:1");
    }

    [Fact]
    public void A_message_that_is_dropped_is_empty()
    {
        Gen1Reader.TryRead(Bytes(Request + Store + "3a 01 61"), out Gen1Message message, out _).ShouldBeFalse();
        message.CommandName.IsEmpty.ShouldBeTrue();
        message.Value.IsEmpty.ShouldBeTrue();
    }
}
