using Kadstone.Datagrams;
using Kadstone.Kademlia;

namespace Kadstone.Hyperswarm.Tests.Wire.V6;

/// <summary>What we send, byte by byte, and that we read it as we meant it.</summary>
public sealed class GoldenPacketTests
{
    private static readonly RpcContact Ours = RpcContact.FromEndpoint(HyperVectors.Endpoint("127.0.0.1:49740"));
    private static readonly RpcContact Theirs = RpcContact.FromEndpoint(HyperVectors.Endpoint("127.0.0.1:59051"));
    private static readonly RpcContact Third = RpcContact.FromEndpoint(HyperVectors.Endpoint("127.0.0.1:49741"));
    private static readonly UdpEndpoint Ephemeral = HyperVectors.Endpoint("127.0.0.1:54028");
    private static readonly Key256 Target = Key256.Read(Convert.FromHexString("bea4bbfe44f2db4c9e32775c1178c391ee22155316be750be8c9d15606e5df10"));
    private static readonly byte[] Token = [.. Enumerable.Repeat((byte)9, 32)];
    private static readonly byte[] RefreshToken = [.. Enumerable.Repeat((byte)6, 32)];

    private readonly byte[] _buffer = new byte[RpcReader.MaxDatagramLength];

    [Fact]
    public void Ping_request()
    {
        RpcWriter writer = RpcWriter.Request(_buffer, 38704, Ours.Endpoint);
        writer.Command(RpcInternalCommand.Ping);
        RpcMessage message = Read(GoldenPackets.PingRequest, writer.Length);

        message.Kind.ShouldBe(RpcKind.Request);
        message.IsInternal.ShouldBeTrue();
        message.Command.ShouldBe((uint)RpcInternalCommand.Ping);
        message.To.ShouldBe(Ours.Endpoint);
        message.TryGetContact(Ephemeral, out _).ShouldBeFalse();
    }

    [Fact]
    public void Ping_response()
    {
        RpcWriter writer = RpcWriter.Response(_buffer, 38704, Ephemeral);
        writer.Id(Ours.Id);
        RpcMessage message = Read(GoldenPackets.PingResponse, writer.Length);

        message.Kind.ShouldBe(RpcKind.Response);
        message.Transaction.ShouldBe((ushort)38704);
        message.TryGetContact(Ours.Endpoint, out RpcContact sender).ShouldBeTrue();
        sender.ShouldBe(Ours);
        message.TryGetContact(Theirs.Endpoint, out _).ShouldBeFalse("the id of another endpoint is no id");
    }

    [Fact]
    public void Ping_nat_request()
    {
        RpcWriter writer = RpcWriter.Request(_buffer, 38707, Ours.Endpoint);
        writer.Command(RpcInternalCommand.PingNat);
        RpcInternalValue.WritePort(ref writer.BeginValue(), 56828);
        writer.EndValue();

        RpcInternalValue.TryReadPort(Read(GoldenPackets.PingNatRequest, writer.Length).Value, out ushort port).ShouldBeTrue();
        port.ShouldBe((ushort)56828);
    }

    [Fact]
    public void Find_node_request()
    {
        RpcWriter writer = RpcWriter.Request(_buffer, 38715, Theirs.Endpoint);
        writer.Id(Ours.Id);
        writer.Command(RpcInternalCommand.FindNode);
        writer.Target(Target);
        RpcMessage message = Read(GoldenPackets.FindNodeRequest, writer.Length);

        message.HasTarget.ShouldBeTrue();
        message.Target.ShouldBe(Target);
    }

    [Fact]
    public void Find_node_response()
    {
        RpcWriter writer = RpcWriter.Response(_buffer, 38715, Ours.Endpoint);
        writer.Id(Theirs.Id);
        writer.CloserNodes([Ours, Third]);
        RpcMessage message = Read(GoldenPackets.FindNodeResponse, writer.Length);

        message.CloserNodes.Count.ShouldBe(2);
        RpcContact.FromEndpoint(message.CloserNodes[1]).Id.ShouldBe(Third.Id);
    }

    [Fact]
    public void Lookup_request()
    {
        RpcWriter writer = RpcWriter.Request(_buffer, 38717, Theirs.Endpoint);
        writer.Command(HyperCommand.Lookup);
        writer.Target(Target);
        RpcMessage message = Read(GoldenPackets.LookupRequest, writer.Length);

        message.IsInternal.ShouldBeFalse();
        message.Command.ShouldBe((uint)HyperCommand.Lookup);
    }

    [Fact]
    public void Lookup_response_written_piece_by_piece()
    {
        RpcWriter writer = RpcWriter.Response(_buffer, 38717, Ours.Endpoint);
        writer.Id(Theirs.Id);
        writer.Token(Token);
        writer.CloserNodes([Third]);
        ref CompactWriter value = ref writer.BeginValue();
        value.UInt(2);
        new HyperPeer(PublicKey(0), default).Write(ref value);
        new HyperPeer(PublicKey(1), RpcEndpoints.FromPacked([1, 2, 3, 4, 80, 0])).Write(ref value);
        value.UInt(1_700_000_000_000);
        writer.EndValue();
        RpcMessage message = Read(GoldenPackets.LookupResponse, writer.Length);

        message.Token.ToArray().ShouldBe(Token);
        LookupAnswer.TryRead(message.Value, out LookupAnswer answer).ShouldBeTrue();
        answer.Peers.Count.ShouldBe(2);
        answer.Bump.ShouldBe(1_700_000_000_000);
    }

    [Fact]
    public void Announce_request_that_refreshes()
    {
        RpcWriter writer = RpcWriter.Request(_buffer, 38725, Third.Endpoint);
        writer.Token(Token);
        writer.Command(HyperCommand.Announce);
        writer.Target(Target);
        writer.Value(new Announcement { Refresh = RefreshToken });

        Announcement.TryRead(Read(GoldenPackets.RefreshRequest, writer.Length).Value, out Announcement read).ShouldBeTrue();
        read.Refresh.ToArray().ShouldBe(RefreshToken);
    }

    [Fact]
    public void Response_to_an_invalid_token()
    {
        RpcWriter writer = RpcWriter.Response(_buffer, 38820, Ephemeral);
        writer.Token(Token);
        writer.CloserNodes([Third]);
        writer.Error(RpcError.InvalidToken);

        Read(GoldenPackets.InvalidTokenResponse, writer.Length).Error.ShouldBe(RpcError.InvalidToken);
    }

    [Fact]
    public void Request_of_an_application_with_an_empty_value()
    {
        RpcWriter writer = RpcWriter.Request(_buffer, 1, Ours.Endpoint);
        writer.Command(1000);
        writer.Value([]);
        RpcMessage message = Read(GoldenPackets.ApplicationRequest, writer.Length);

        message.Command.ShouldBe(1000u);
        message.HasValue.ShouldBeTrue("an empty value is not none");
        message.Value.Length.ShouldBe(0);
    }

    [Fact]
    public void What_is_not_there_takes_no_byte()
    {
        RpcWriter writer = RpcWriter.Response(_buffer, 1, Ours.Endpoint);
        writer.CloserNodes([]);
        writer.Error(RpcError.None);
        writer.Length.ShouldBe(10);
        _buffer[1].ShouldBe((byte)0);
    }

    [Fact]
    public void A_message_that_does_not_fit_is_not_sent()
    {
        for (int capacity = 0; capacity < 92; capacity++)
        {
            RpcWriter writer = RpcWriter.Response(_buffer.AsSpan(0, capacity), 1, Ours.Endpoint);
            writer.Id(Ours.Id);
            writer.CloserNodes([Third]);
            writer.Error(RpcError.InvalidToken);
            writer.Value(new Announcement { Refresh = RefreshToken, Bump = 300 });
            writer.Overflowed.ShouldBe(capacity < 87);
            writer.Length.ShouldBe(capacity < 87 ? 0 : 87);
        }
    }

    [Theory]
    [InlineData("", RpcMalformed.NotRpc)]
    [InlineData("00", RpcMalformed.NotRpc)]
    [InlineData("ff010000d2070000000040000100000001000000", RpcMalformed.NotRpc)]
    [InlineData("02043097 7f0000014cc2 00", RpcMalformed.NotRpc)]
    [InlineData("23043097 7f0000014cc2 00", RpcMalformed.NotRpc)]
    [InlineData("03", RpcMalformed.Truncated)]
    [InlineData("0304", RpcMalformed.Truncated)]
    [InlineData("03043097 7f0000014cc2", RpcMalformed.Truncated)]
    [InlineData("030c3097 7f0000014cc2 02 00112233", RpcMalformed.Truncated)]
    [InlineData("03143097 7f0000014cc2 01 05fcdd", RpcMalformed.Truncated)]
    [InlineData("13043097 7f0000014cc2 ff0000000000000100 7f0000014cc2", RpcMalformed.Truncated)]
    [InlineData("03043097 7f0000014cc2 ffffffffffffffffff", RpcMalformed.NumberTooLarge)]
    [InlineData("13083097 7f0000014cc2 ff00000000000020000000", RpcMalformed.NumberTooLarge)]
    [InlineData("03fd0400 3097 7f0000014cc2 00", RpcMalformed.None)]
    [InlineData("03e43097 7f0000014cc2 00 aabbcc", RpcMalformed.None)]
    internal void What_is_no_message_is_dropped_for_a_reason(string hex, RpcMalformed expected)
    {
        bool isRead = RpcReader.TryRead(Convert.FromHexString(hex.Replace(" ", "")), out RpcMessage message, out RpcMalformed why);
        why.ShouldBe(expected);
        isRead.ShouldBe(expected == RpcMalformed.None);
        message.To.ShouldBe(isRead ? Ours.Endpoint : default);
    }

    [Fact]
    public void A_datagram_longer_than_the_buffers_of_the_network_is_dropped()
    {
        byte[] packet = new byte[RpcReader.MaxDatagramLength + 1];
        AnnotatedHex.Bytes(GoldenPackets.PingRequest).CopyTo(packet, 0);
        RpcReader.TryRead(packet, out _, out RpcMalformed why).ShouldBeFalse();
        why.ShouldBe(RpcMalformed.TooLong);
        RpcReader.TryRead(packet.AsSpan(1..).Slice(0, 0), out _, out _).ShouldBeFalse();
        RpcReader.TryRead(packet.AsSpan(0, RpcReader.MaxDatagramLength), out _, out _).ShouldBeTrue("padding is allowed");
    }

    [Fact]
    public void A_command_beyond_32_bits_is_no_known_one()
    {
        RpcReader.TryRead(Convert.FromHexString("03003097" + "7f0000014cc2" + "ff0400000001000000"), out RpcMessage message, out _).ShouldBeTrue();
        message.Command.ShouldBe(uint.MaxValue);
    }

    private static byte[] PublicKey(int place) => HyperVectors.List("keyPairs").ElementAt(place).Hex("publicKey");

    private RpcMessage Read(string golden, int length)
    {
        _buffer.AsSpan(0, length).ToArray().ShouldBe(AnnotatedHex.Bytes(golden));
        RpcReader.TryRead(_buffer.AsSpan(0, length), out RpcMessage message, out RpcMalformed why).ShouldBeTrue(why.ToString());
        return message;
    }
}
