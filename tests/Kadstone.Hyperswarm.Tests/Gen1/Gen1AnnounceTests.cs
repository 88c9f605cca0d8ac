using Kadstone.Datagrams;
using Kadstone.Hyperswarm.Core.Gen1;
using Kadstone.Kademlia;
using static Kadstone.Hyperswarm.Tests.Gen1.Gen1Conversation;

namespace Kadstone.Hyperswarm.Tests.Gen1;

/// <summary>The command peers, as the storing node answers it.</summary>
public sealed class Gen1AnnounceTests
{
    private static readonly Key256 s_topic = new(1, 2);

    private readonly List<HyperTraffic> _heard = [];
    private readonly Gen1Conversation _talk = new();

    public Gen1AnnounceTests() => _talk.Node.Heard = _heard.Add;

    [Fact]
    public void An_announce_counts_with_a_token_of_ours_only()
    {
        Announce(1, token: null).ShouldNotBeNull();
        Announce(1, token: new byte[32]).ShouldNotBeNull();
        Announce(1, token: _talk.TokenFor(At(2))).ShouldNotBeNull();
        _talk.Node.Peers.Count.ShouldBe(0);
        Announce(1, _talk.TokenFor(At(1)));
        Lookup(9).ShouldBe([At(1)]);
    }

    [Fact]
    public void Without_a_port_the_source_port_of_the_packet_is_listed_and_else_the_port_named()
    {
        Announce(1, _talk.TokenFor(At(1)));
        Announce(2, _talk.TokenFor(At(2)), port: 10_000);
        Lookup(9).ShouldBe([At(1), At(2).WithPort(10_000)], ignoreOrder: true);
    }

    [Fact]
    public void Who_announced_is_told_of_the_others_alone()
    {
        Announce(1, _talk.TokenFor(At(1)), port: 10_000);
        Announce(2, _talk.TokenFor(At(2)));
        Peers(Announce(1, _talk.TokenFor(At(1)), port: 10_000)).ShouldBe([At(2)]);
        Peers(Announce(2, _talk.TokenFor(At(2)))).ShouldBe([At(1).WithPort(10_000)]);
    }

    [Fact]
    public void An_unannounce_of_the_same_port_takes_back_and_is_answered_without_a_value()
    {
        Announce(1, _talk.TokenFor(At(1)), port: 10_000);
        Announce(2, _talk.TokenFor(At(2)));
        Unannounce(1, port: 10_001);
        _talk.Node.Peers.Count.ShouldBe(2);
        Unannounce(1, port: 10_000).ShouldNotBeNull().Read().HasValue.ShouldBeFalse();
        Lookup(9).ShouldBe([At(2)]);

        // Without a token it takes nothing back.
        _talk.Ask(Peers(Gen1PeersType.Unannounce, 0, null), At(2));
        Lookup(9).ShouldBe([At(2)]);
    }

    [Fact]
    public void A_lookup_changes_nothing_and_who_finds_nobody_gets_no_value()
    {
        Gen1Message answer = _talk.Ask(Peers(Gen1PeersType.Lookup, 0, null), At(1)).ShouldNotBeNull().Read();
        (answer.HasValue, answer.HasToken, _talk.Node.Peers.Count).ShouldBe((false, true, 0));
        _talk.Ask(Peers(Gen1PeersType.Lookup, 0, _talk.TokenFor(At(1))), At(1));
        _talk.Node.Peers.Count.ShouldBe(0);
    }

    [Fact]
    public void What_others_ask_is_told()
    {
        Announce(1, _talk.TokenFor(At(1)), port: 10_000);
        Lookup(9);
        Unannounce(1, port: 10_000);
        Announce(2, token: null);
        _heard.ShouldBe([
            new HyperTraffic(HyperTrafficKind.Announce, s_topic, At(1), 10_000),
            new HyperTraffic(HyperTrafficKind.Lookup, s_topic, At(9), 0),
            new HyperTraffic(HyperTrafficKind.Unannounce, s_topic, At(1), 10_000),
        ]);
    }

    [Fact]
    public void A_crashed_announcer_is_gone_in_seven_minutes()
    {
        Announce(1, _talk.TokenFor(At(1)));
        _talk.Pass(TimeSpan.FromMinutes(6));
        Lookup(9).ShouldBe([At(1)]);
        _talk.Pass(TimeSpan.FromMinutes(1));
        Lookup(9).ShouldBeEmpty();
        _talk.Node.Peers.Topics.ShouldBe(0);
    }

    [Fact]
    public void Whatever_is_asked_the_answer_fits_a_datagram_and_what_cannot_be_read_is_answered_without_a_value()
    {
        for (int i = 10; i < 40; i++)
        {
            _talk.Meet(i);
        }

        for (int i = 0; i < 300; i++)
        {
            _talk.Node.Peers.Put(s_topic, At(1_000 + i), UdpEndpoint.FromIPv4(0xC0A80000 + (uint)i, 5), _talk.Now);
        }

        Gen1Sent answer = _talk.Ask(Peers(Gen1PeersType.Lookup, 0, null, UdpEndpoint.FromIPv4(0xC0A80909, 1)), At(10)).ShouldNotBeNull();
        answer.Bytes.Length.ShouldBeInRange(1_300, 1_400);
        Gen1Message full = answer.Read();
        (full.Value.Length >= 900, full.Nodes.IsEmpty, full.HasToken).ShouldBe((true, false, true));

        _talk.Ask(Request("peers", target: s_topic, value: [0x10]), At(11)).ShouldNotBeNull().Read().HasValue.ShouldBeFalse();
        _talk.Ask(Request("peers", target: s_topic), At(12)).ShouldNotBeNull().Read().HasValue.ShouldBeFalse();
        _talk.Node.Counters.TotalMalformed.ShouldBe(2);
    }

    [Fact]
    public void Our_own_store_is_asked_as_well()
    {
        _talk.Node.FindOwn(s_topic, 0, null, _talk.Now).ShouldBeNull();
        Announce(1, _talk.TokenFor(At(1)));
        PeersFound own = _talk.Node.FindOwn(s_topic, 0, null, _talk.Now).ShouldNotBeNull();
        (own.Node, own.Peers.Single()).ShouldBe((Home, At(1).ToIPEndPoint()));
    }

    private static byte[] Peers(Gen1PeersType type, ushort port, byte[]? token, UdpEndpoint? localAddress = null)
    {
        byte[] value = new byte[Gen1PeersRequest.MaxLength];
        return Request("peers", target: s_topic, value: value[..new Gen1PeersRequest(type, port, localAddress).Write(value)], token: token);
    }

    private static List<UdpEndpoint> Peers(Gen1Sent? answer)
    {
        List<UdpEndpoint> peers = [];
        Gen1Message message = answer.ShouldNotBeNull().Read();
        if (message.HasValue)
        {
            Gen1PeersResponse.TryRead(message.Value, out Gen1PeersResponse response, out _).ShouldBeTrue();
            foreach (UdpEndpoint peer in response.Peers)
            {
                peers.Add(peer);
            }
        }

        return peers;
    }

    private Gen1Sent? Announce(int number, byte[]? token, ushort port = 0) => _talk.Ask(Peers(Gen1PeersType.Announce, port, token), At(number));

    private Gen1Sent? Unannounce(int number, ushort port) => _talk.Ask(Peers(Gen1PeersType.Unannounce, port, _talk.TokenFor(At(number))), At(number));

    private List<UdpEndpoint> Lookup(int number) => Peers(_talk.Ask(Peers(Gen1PeersType.Lookup, 0, null), At(number)));
}
