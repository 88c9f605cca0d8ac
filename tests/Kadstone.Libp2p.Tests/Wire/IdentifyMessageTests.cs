using System.Text.Json;

namespace Kadstone.Libp2p.Tests.Wire;

public sealed class IdentifyMessageTests
{
    [Theory]
    [InlineData("plain")]
    [InlineData("with_signed_peer_record")]
    public void A_message_is_read_and_written_as_others_write_it(string name)
    {
        JsonElement item = LibP2pVectors.Named("identify", name);
        IdentifyMessage message = IdentifyMessage.TryAdd(new IdentifyMessage(), item.Hex("bytes")).ShouldNotBeNull();
        message.Protocols.ShouldBe(["/ipfs/id/1.0.0", "/ipfs/lan/kad/1.0.0", "/ipfs/ping/1.0.0"]);
        message.Addresses.ShouldNotBeNull().Select(address => address.ToString()).ShouldBe(["/ip4/127.0.0.1/tcp/4001", "/ip4/127.0.0.1/tcp/4002"]);
        (message.ProtocolVersion, message.AgentVersion).ShouldBe(("ipfs/0.1.0", "test/1"));
        message.ObservedAddress.ShouldNotBeNull().ToString().ShouldBe("/ip4/127.0.0.1/tcp/55555");
        message.SignedRecord.HasValue.ShouldBe(name != "plain");

        // Fields may stand in any order, so it is read again rather than compared.
        IdentifyMessage again = IdentifyMessage.TryAdd(new IdentifyMessage(), message.Encode()).ShouldNotBeNull();
        again.Encode().ShouldBe(message.Encode());
        again.Encode().Length.ShouldBe(item.Hex("bytes").Length);
    }

    [Fact]
    public void Several_frames_are_one_message()
    {
        IdentifyMessage first = new() { Protocols = ["/a"], AgentVersion = "one" };
        IdentifyMessage second = new() { Protocols = ["/b"], Addresses = [Multiaddr.Parse("/ip4/1.2.3.4/tcp/1")] };
        IdentifyMessage both = IdentifyMessage.TryAdd(IdentifyMessage.TryAdd(new IdentifyMessage(), first.Encode())!, second.Encode()).ShouldNotBeNull();
        both.Protocols.ShouldBe(["/a", "/b"]);
        (both.AgentVersion, both.Addresses!.Count).ShouldBe(("one", 1));
    }

    [Fact]
    public void An_address_that_nobody_understands_does_not_spoil_the_message()
    {
        byte[] frame = [0x12, 3, 0xFF, 0xFF, 0xFF, 0x12, 8, .. Multiaddr.Parse("/ip4/1.2.3.4/tcp/1").Bytes.Span, 0x1A, 2, (byte)'/', (byte)'a', 0x1A, 1, 0xFF, 0x38, 1];
        IdentifyMessage message = IdentifyMessage.TryAdd(new IdentifyMessage(), frame).ShouldNotBeNull();
        message.Addresses.ShouldNotBeNull().ShouldHaveSingleItem().ToString().ShouldBe("/ip4/1.2.3.4/tcp/1");
        message.Protocols.ShouldBe(["/a"]);
    }

    [Theory]
    [InlineData("0A00", "keys of nothing")]
    [InlineData("1202A202", "relays")]
    [InlineData("1210A202A202A202A202A202A202A202A202", "eight relays in a row")]
    [InlineData("120106", "addresses that are none")]
    [InlineData("1A0161", "protocols of a letter")]
    [InlineData("2202A202", "addresses that we have")]
    [InlineData("2A00", "versions of nothing")]
    [InlineData("32016B", "agents of a letter")]
    [InlineData("420108", "records")]
    public void What_comes_again_and_again_costs_no_more_than_a_message_may(string repeated, string what)
    {
        // Sixteen times what came, and not twice as of most messages: an address of two bytes is an object like any other.
        byte[] unit = Convert.FromHexString(repeated);
        byte[] frame = [.. Enumerable.Repeat(unit, IdentifyMessage.MaxLength / unit.Length).SelectMany(bytes => bytes)];
        IdentifyMessage before = new();
        Allocations.Least(() => IdentifyMessage.TryAdd(before, frame)).ShouldBeLessThanOrEqualTo((16 * frame.Length) + (64 * 1024), what);
    }

    [Fact]
    public void Of_what_is_there_once_the_last_counts()
    {
        byte[] frame = [0x32, 1, (byte)'a', 0x32, 1, (byte)'b', 0x2A, 1, (byte)'p', 0x2A, 1, 0xFF];
        IdentifyMessage message = IdentifyMessage.TryAdd(new IdentifyMessage { ProtocolVersion = "before" }, frame).ShouldNotBeNull();
        (message.AgentVersion, message.ProtocolVersion).ShouldBe(("b", null));
    }

    [Fact]
    public void What_does_not_fit_is_left_out_and_the_rest_is_told()
    {
        IdentifyMessage large = new() { Protocols = [.. Enumerable.Range(0, 2000).Select(i => $"/protocol/{i}")], AgentVersion = "a" };
        byte[] frame = large.Encode();
        frame.Length.ShouldBeLessThanOrEqualTo(IdentifyMessage.MaxLength);
        IdentifyMessage.TryAdd(new IdentifyMessage(), frame).ShouldNotBeNull().Protocols.ShouldNotBeNull().Count.ShouldBeInRange(300, 500);
    }
}
