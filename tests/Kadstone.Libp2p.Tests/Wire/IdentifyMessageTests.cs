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

    [Fact]
    public void What_does_not_fit_is_left_out_and_the_rest_is_told()
    {
        IdentifyMessage large = new() { Protocols = [.. Enumerable.Range(0, 2000).Select(i => $"/protocol/{i}")], AgentVersion = "a" };
        byte[] frame = large.Encode();
        frame.Length.ShouldBeLessThanOrEqualTo(IdentifyMessage.MaxLength);
        IdentifyMessage.TryAdd(new IdentifyMessage(), frame).ShouldNotBeNull().Protocols.ShouldNotBeNull().Count.ShouldBeInRange(300, 500);
    }
}
