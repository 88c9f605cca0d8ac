using Kadstone.Datagrams;
using Kadstone.Kademlia;
using Kadstone.Mainline.Core;

namespace Kadstone.Mainline.Tests.Core;

/// <summary>Bar 21: no write with a foreign, old or missing token.</summary>
public sealed class TokenTests
{
    private static readonly UdpEndpoint s_owner = Conversation.At(1);
    private static readonly Key160 s_key = new(1, 2, 3);

    private readonly Conversation _talk = new(Conversation.Unlimited, 1, Conversation.Home, UdpEndpoint.FromIPv4(0x05060709, 6881));

    [Fact]
    public void A_token_lives_five_to_ten_minutes()
    {
        byte[] token = _talk.TokenFor(s_owner, s_key);
        _talk.Now += TimeSpan.FromMinutes(4.9);
        Announce(s_owner, s_key, token).ErrorCode.ShouldBe(0);
        _talk.Now += TimeSpan.FromMinutes(6.1);
        Announce(s_owner, s_key, token).ErrorCode.ShouldBe(203);
    }

    [Fact]
    public void No_write_with_a_token_that_is_foreign_old_altered_or_missing()
    {
        byte[] token = _talk.TokenFor(s_owner, s_key);
        Refused(Announce(Conversation.At(2), s_key, token));
        Refused(Announce(UdpEndpoint.FromIPv4((uint)s_owner.AddressLow + 1, s_owner.Port), s_key, token));
        Refused(Announce(s_owner, new Key160(1, 2, 4), token));
        Refused(Announce(s_owner, s_key, token, socket: 1));
        Refused(Announce(s_owner, s_key, []));
        Refused(Announce(s_owner, s_key, token[..7]));
        Refused(Announce(s_owner, s_key, [.. token, 0]));
        Refused(Announce(s_owner, s_key, new byte[8]));
        Refused(Announce(s_owner, s_key, new byte[64]));
        for (int bit = 0; bit < 64; bit++)
        {
            byte[] altered = [.. token];
            altered[bit / 8] ^= (byte)(1 << (bit % 8));
            Refused(Announce(s_owner, s_key, altered));
        }

        Refused(_talk.Ask("announce_peer", s_owner, ("info_hash", s_key), ("port", 1)));
        _talk.Now += TimeSpan.FromMinutes(11);
        Refused(Announce(s_owner, s_key, token));
        _talk.Node.Peers.PeerCount.ShouldBe(0);
    }

    [Fact]
    public void A_put_needs_the_token_of_its_own_target()
    {
        _talk.Node.InboundItems.Arrived = () => { };
        Item item = SignedItems.Sign(Krpc.Encode("v"), 1);
        byte[] foreign = _talk.TokenFor(s_owner, s_key);
        Refused(_talk.Ask("put", s_owner, [.. item.Arguments(), ("token", foreign)]));
        Refused(_talk.Ask("put", s_owner, item.Arguments()));
        _talk.Node.InboundItems.TryTake(out _).ShouldBeFalse();
        byte[] own = _talk.TokenFor(s_owner, item.Target);
        _talk.Deliver(Krpc.Query("put", s_key, [.. item.Arguments(), ("token", own)]), s_owner);
        _talk.Node.InboundItems.TryTake(out _).ShouldBeTrue();
    }

    [Fact]
    public void A_token_outlives_a_changed_port_because_nats_rebind()
    {
        byte[] token = _talk.TokenFor(s_owner, s_key);
        Announce(s_owner.WithPort(1), s_key, token).ErrorCode.ShouldBe(0);
    }

    [Fact]
    public void Each_socket_answers_for_itself_and_takes_its_own_tokens_only()
    {
        byte[] first = _talk.TokenFor(s_owner, s_key, socket: 0);
        byte[] second = _talk.TokenFor(s_owner, s_key, socket: 1);
        first.ShouldNotBe(second);
        _talk.Sent.Where(packet => !packet.IsQuery).Select(packet => packet.Socket).ShouldBe([0, 1]);
        _talk.Sent.Where(packet => !packet.IsQuery).Select(packet => Key160.Read(packet.Text("id")))
            .ShouldBe(_talk.Node.Locals.Select(local => local.Id));
        Refused(Announce(s_owner, s_key, first, socket: 1));
        Announce(s_owner, s_key, second, socket: 1).ErrorCode.ShouldBe(0);
    }

    private Packet Announce(UdpEndpoint from, Key160 key, byte[] token, byte socket = 0) =>
        _talk.Ask(Krpc.Query("announce_peer", s_key, ("info_hash", key), ("port", 1), ("token", token)), from, socket).ShouldNotBeNull();

    private static void Refused(Packet answer) => answer.ErrorCode.ShouldBe(203);
}
