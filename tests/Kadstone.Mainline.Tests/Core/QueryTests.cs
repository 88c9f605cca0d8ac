using Kadstone.Datagrams;
using Kadstone.Kademlia;
using Kadstone.Mainline.Core;

namespace Kadstone.Mainline.Tests.Core;

/// <summary>BEP 5's four queries and what surrounds them.</summary>
public sealed class QueryTests
{
    private static readonly UdpEndpoint s_asker = Conversation.At(1);
    private static readonly Key160 s_key = new(1, 2, 3);

    [Fact]
    public void A_ping_is_answered_with_our_id_and_the_askers_address()
    {
        Conversation talk = new();
        Packet answer = talk.Ask("ping", s_asker);
        answer.Text("id").ShouldBe(talk.Local.Id.ToByteArray());
        ((byte[])answer.Message["ip"]).ShouldBe(Krpc.Compact(s_asker));
        answer.Values.Count.ShouldBe(1);
    }

    [Fact]
    public void Find_node_gives_the_eight_nearest_that_have_answered_us()
    {
        Conversation talk = new(Conversation.Unlimited);
        talk.FillTable();
        Packet answer = talk.Ask("find_node", s_asker, ("target", s_key));
        NodeContact[] nearest = [.. talk.Local.Table.Entries.Select(entry => entry.Contact).OrderBy(contact => contact.Id ^ s_key).Take(8)];
        answer.Nodes.Order(Comparer<NodeContact>.Create((a, b) => (a.Id ^ s_key).CompareTo(b.Id ^ s_key))).ShouldBe(nearest);
        answer.Nodes.Select(node => node.Id).Order().ShouldBe(nearest.Select(node => node.Id).Order());
    }

    [Theory]
    [InlineData("n4", true, false)]
    [InlineData("n6", false, true)]
    [InlineData("n4 n6", true, true)]
    [InlineData("n5", true, false)]
    [InlineData("", true, false)]
    public void Want_chooses_the_families_and_without_it_the_packets_own_counts(string want, bool expects4, bool expects6)
    {
        Conversation talk = new(Conversation.Unlimited, 1, Conversation.Home, Conversation.Home6);
        talk.FillTable(50);
        talk.FillTable(50, socket: 1);
        Packet answer = talk.Ask("find_node", s_asker, ("target", s_key), ("want", want.Split(' ', StringSplitOptions.RemoveEmptyEntries).ToArray<object>()));
        answer.Has("nodes").ShouldBe(expects4);
        answer.Has("nodes6").ShouldBe(expects6);
        answer.Nodes.Count.ShouldBe(expects4 && expects6 ? 16 : 8);
    }

    [Fact]
    public void A_peer_that_was_announced_is_given_to_others_beside_nodes()
    {
        Conversation talk = new();
        talk.FillTable(40);
        talk.Announce(s_asker, s_key, 4242).ErrorCode.ShouldBe(0);
        Packet answer = talk.Ask("get_peers", Conversation.At(2), ("info_hash", s_key));
        answer.Peers.ShouldBe([s_asker.WithPort(4242)]);
        answer.Nodes.Count.ShouldBe(8);
        answer.Token.Length.ShouldBe(TokenIssuer.Length);
    }

    [Fact]
    public void Implied_port_takes_the_port_of_the_packet_whatever_port_says()
    {
        Conversation talk = new();
        byte[] token = talk.TokenFor(s_asker, s_key);
        talk.Ask("announce_peer", s_asker, ("info_hash", s_key), ("implied_port", 1), ("port", 9), ("token", token)).ErrorCode.ShouldBe(0);
        talk.Ask("announce_peer", s_asker.WithPort(7000), ("info_hash", s_key), ("implied_port", 0), ("port", 9), ("token", token)).ErrorCode.ShouldBe(0);
        talk.Ask("get_peers", Conversation.At(2), ("info_hash", s_key)).Peers.ShouldBe([s_asker, s_asker.WithPort(9)], ignoreOrder: true);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    [InlineData(65_536)]
    [InlineData(long.MaxValue)]
    [InlineData(long.MinValue)]
    public void A_port_that_is_none_is_refused_with_203(long port)
    {
        Conversation talk = new();
        byte[] token = talk.TokenFor(s_asker, s_key);
        talk.Ask("announce_peer", s_asker, ("info_hash", s_key), ("port", port), ("token", token)).ErrorCode.ShouldBe(203);
        talk.Node.Peers.PeerCount.ShouldBe(0);
    }

    [Fact]
    public void An_unknown_method_with_a_target_is_answered_as_find_node()
    {
        Conversation talk = new(Conversation.Unlimited);
        talk.FillTable(40);
        talk.Ask("vote", s_asker, ("target", s_key)).Nodes.Count.ShouldBe(8);
        talk.Ask("vote", s_asker, ("info_hash", s_key)).Nodes.Count.ShouldBe(8);
    }

    [Fact]
    public void An_unknown_method_without_a_target_is_refused_with_204() =>
        new Conversation().Ask("vote", s_asker).ErrorCode.ShouldBe(204);

    [Fact]
    public void A_transaction_of_0_to_32_bytes_comes_back_as_it_was_and_a_longer_one_is_dropped()
    {
        Conversation talk = new(Conversation.Unlimited);
        for (int length = 0; length <= 32; length++)
        {
            byte[] transaction = new byte[length];
            talk.Chance.NextBytes(transaction);
            talk.Ask(Krpc.Query("ping", transaction, s_key), s_asker)!.Transaction.ShouldBe(transaction);
            talk.Ask(Krpc.Query("vote", transaction, s_key), s_asker)!.Transaction.ShouldBe(transaction);
        }

        talk.Ask(Krpc.Query("ping", new byte[33], s_key), s_asker).ShouldBeNull();
        talk.Ask(Krpc.Query("ping", new byte[1_000], s_key), s_asker).ShouldBeNull();
    }

    [Fact]
    public void Each_fault_in_the_arguments_is_203()
    {
        Conversation talk = new(Conversation.Unlimited);
        byte[] token = talk.TokenFor(s_asker, s_key);
        (string Method, (string, object)[] Arguments)[] faults =
        [
            ("find_node", []),
            ("find_node", [("target", "short")]),
            ("find_node", [("target", Array.Empty<object>())]),
            ("get_peers", []),
            ("get_peers", [("info_hash", new string('x', 21))]),
            ("get_peers", [("target", s_key)]),
            ("announce_peer", [("info_hash", s_key), ("port", 1)]),
            ("announce_peer", [("info_hash", s_key), ("port", 1), ("token", 7)]),
            ("announce_peer", [("info_hash", s_key), ("token", token)]),
            ("announce_peer", [("info_hash", s_key), ("port", "1"), ("token", token)]),
            ("get", []),
            ("put", [("token", token)]),
            ("sample_infohashes", [("target", 5)]),
            ("ping", [("id", "short")]),
        ];
        foreach ((string method, (string, object)[] arguments) in faults)
        {
            Packet answer = talk.Ask(Krpc.Query(method, s_key, arguments), s_asker).ShouldNotBeNull(method);
            answer.ErrorCode.ShouldBe(203, method);
            answer.Transaction.ShouldBe("aa"u8.ToArray());
        }
    }

    [Fact]
    public void A_response_or_an_error_that_nobody_awaits_is_never_answered()
    {
        Conversation talk = new();
        talk.Deliver(Krpc.Response("aa", s_key), s_asker);
        talk.Deliver(Krpc.Error("aa", 201, "no"), s_asker);
        talk.Deliver(Krpc.Message(("r", Krpc.Dictionary(("id", s_key))), ("t", "aa"), ("y", "r"), ("z", 1)), s_asker);
        talk.Sent.ShouldBeEmpty();
        talk.Node.Counters.Unmatched.ShouldBe(3);
    }

    [Fact]
    public void Everything_that_the_node_sends_is_canonical_bencode()
    {
        Conversation talk = new(Conversation.Unlimited);
        Neighbours network = new(talk, 60) { Adds = _ => [("samples", new byte[40]), ("interval", 10), ("num", 2)] };
        talk.Node.AddSaved(network.All.Take(8));
        talk.Node.Join(talk.Now);
        talk.Pass(TimeSpan.FromSeconds(20));
        byte[] value = Krpc.Encode("value");
        Item item = SignedItems.Sign(value, sequence: 3, salt: "salt"u8.ToArray());
        talk.Node.Start(new Kadstone.Mainline.Core.Queries.GetItemQuery(item.Target, item.Salt, _ => item, cas: 2), talk.Now);
        talk.Node.Start(new Kadstone.Mainline.Core.Queries.GetPeersQuery(s_key, new(77, IsSeed: true), scrapes: true, prefersLeechers: true), talk.Now);
        talk.Node.Start(new Kadstone.Mainline.Core.Queries.SampleQuery(s_key, talk.Node.SampleSchedule, 100), talk.Now);
        talk.Deliver(Krpc.Query("ping", s_key), Conversation.At(500));
        talk.Pass(TimeSpan.FromSeconds(20));
        string[] methods = [.. talk.Sent.Where(packet => packet.IsQuery).Select(packet => packet.Method).Distinct().Order(StringComparer.Ordinal)];
        methods.ShouldBe(["announce_peer", "find_node", "get", "get_peers", "ping", "put", "sample_infohashes"], ignoreOrder: true);

        // Krpc.Decode throws on keys out of order.
        talk.Sent.ShouldAllBe(packet => packet.Message.Count > 0);
    }
}
