using Kadstone.Datagrams;
using Kadstone.Kademlia;
using Kadstone.Mainline.Core;

namespace Kadstone.Mainline.Tests.Core;

/// <summary>Bar 13: what one packet may cost whoever's address it bears, with a full table and full peer lists.</summary>
public sealed class AmplificationTests
{
    private static readonly Key160 s_key = new(1, 2, 3);
    private static readonly UdpEndpoint s_asker4 = Conversation.At(1);
    private static readonly UdpEndpoint s_asker6 = Conversation.At6(1);
    private static readonly object[] s_both = ["n4", "n6"];

    private readonly Conversation _talk = new(Conversation.Unlimited, 1, Conversation.Home, Conversation.Home6);

    public AmplificationTests()
    {
        _talk.FillTable(400);
        _talk.FillTable(400, socket: 1);
        for (int i = 0; i < 2_500; i++)
        {
            _talk.Node.Peers.Announce(s_key, Conversation.At(i), i % 2 == 0, _talk.Now);
            _talk.Node.Peers.Announce(s_key, Conversation.At6(i), i % 2 == 0, _talk.Now);
            _talk.Node.Peers.Announce(_talk.NewKey(), Conversation.At(i), false, _talk.Now);
        }
    }

    public static TheoryData<bool> Families => [true, false];

    [Theory]
    [MemberData(nameof(Families))]
    public void Find_node_costs_at_most_4_5_for_one_family_and_6_for_both(bool ipv4)
    {
        foreach (string method in (string[])["find_node", "", "x", "vote"])
        {
            Factor(ipv4, 4.5, method, ("target", s_key));
            Factor(ipv4, 4.5, method, ("target", s_key), ("want", new object[] { "n6" }));
            Factor(ipv4, 6.0, method, ("target", s_key), ("want", s_both));
        }

        Factor(ipv4, 4.5, "vote", ("info_hash", s_key));
    }

    [Theory]
    [MemberData(nameof(Families))]
    public void Find_node_has_room_for_all_eight_nodes_of_each_family(bool ipv4)
    {
        Factor(ipv4, 4.5, "find_node", ("target", s_key)).Nodes.Count.ShouldBe(8);
        Factor(ipv4, 6.0, "find_node", ("target", s_key), ("want", s_both)).Nodes.Count.ShouldBeGreaterThanOrEqualTo(ipv4 ? 16 : 15);
    }

    [Theory]
    [MemberData(nameof(Families))]
    public void Get_peers_costs_at_most_11_6(bool ipv4)
    {
        Packet plain = Factor(ipv4, 11.6, "get_peers", ("info_hash", s_key));
        plain.Nodes.Count.ShouldBe(8);
        plain.Peers.Count.ShouldBeGreaterThan(ipv4 ? 80 : 20);
        Factor(ipv4, 11.6, "get_peers", ("info_hash", s_key), ("want", s_both));
        Factor(ipv4, 11.6, "get_peers", ("info_hash", s_key), ("scrape", 1));
        Factor(ipv4, 11.6, "get_peers", ("info_hash", s_key), ("scrape", 1), ("noseed", 1), ("want", s_both));
        Factor(ipv4, 11.6, "get_peers", ("info_hash", new Key160(9, 9, 9)), ("want", s_both));
    }

    [Theory]
    [MemberData(nameof(Families))]
    public void The_other_queries_stay_within_the_factor_of_get_peers(bool ipv4)
    {
        Factor(ipv4, 11.6, "sample_infohashes", ("target", s_key));
        Factor(ipv4, 11.6, "sample_infohashes", ("target", s_key), ("want", s_both));
        Factor(ipv4, 11.6, "ping");
        Factor(ipv4, 11.6, "announce_peer");
        Factor(ipv4, 11.6, "no such method");
        Factor(ipv4, 11.6, "put");
    }

    [Theory]
    [MemberData(nameof(Families))]
    public void Get_without_a_value_costs_at_most_5(bool ipv4)
    {
        Item item = SignedItems.Sign(Krpc.Encode(new string('v', 900)), sequence: 7);
        foreach (object[]? want in (object[]?[])[null, s_both])
        {
            (string, object)[] wanted = want is null ? [] : [("want", want)];
            _talk.Serves(null);
            Factor(ipv4, 5, "get", [("target", s_key), .. wanted]);
            _talk.Serves(item);
            Packet known = Factor(ipv4, 5, "get", [("target", item.Target), ("seq", 7), .. wanted]);
            known.Has("v").ShouldBeFalse();
            known.Values["seq"].ShouldBe(7L);
            known.Token.Length.ShouldBe(TokenIssuer.Length);
        }
    }

    [Theory]
    [MemberData(nameof(Families))]
    public void Get_with_a_value_costs_at_most_15_and_1280_bytes(bool ipv4)
    {
        foreach (int length in (int[])[1, 100, 500, 900, 996])
        {
            byte[] value = Krpc.Encode(new string('v', length));
            foreach (Item item in (Item[])[new Item { Value = value }, SignedItems.Sign(value, long.MaxValue, [.. Enumerable.Repeat((byte)1, 64)])])
            {
                _talk.Serves(item);
                Packet answer = Factor(ipv4, 15, 1_280, "get", ("target", item.Target), ("want", s_both));
                answer.Has("v").ShouldBeTrue($"{length} bytes");
                answer.Values["v"].ShouldBe(System.Text.Encoding.ASCII.GetBytes(new string('v', length)));
                Factor(ipv4, 15, 1_280, "get", ("target", item.Target));
                if (!ipv4)
                {
                    answer.Has("nodes6").ShouldBeFalse("with a value none over IPv6");
                }
            }
        }
    }

    private Packet Factor(bool ipv4, double most, string method, params (string, object)[] arguments) =>
        Factor(ipv4, most, ipv4 ? 1_400 : 1_024, method, arguments);

    private Packet Factor(bool ipv4, double most, int mostBytes, string method, params (string, object)[] arguments)
    {
        byte[] query = Krpc.Query(method, string.Empty, _talk.NewKey(), arguments);
        Packet answer = _talk.Ask(query, ipv4 ? s_asker4 : s_asker6, (byte)(ipv4 ? 0 : 1)).ShouldNotBeNull();
        Figures.Note($"{method} {(ipv4 ? 4 : 6)}: {answer.Bytes.Length} bytes for {query.Length}, {(double)answer.Bytes.Length / query.Length:0.00}");
        ((double)answer.Bytes.Length / query.Length).ShouldBeLessThanOrEqualTo(most, $"{method}: {answer.Bytes.Length} bytes for {query.Length}");
        answer.Bytes.Length.ShouldBeLessThanOrEqualTo(mostBytes);
        return answer;
    }
}
