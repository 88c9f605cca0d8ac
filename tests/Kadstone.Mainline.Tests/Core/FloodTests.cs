using Kadstone.Datagrams;
using Kadstone.Kademlia;
using Kadstone.Mainline.Core;

namespace Kadstone.Mainline.Tests.Core;

/// <summary>Bars 14, 15 and 52: who is answered, and what one who never proves itself can make us send.</summary>
public sealed class FloodTests
{
    private static readonly Key160 s_key = new(1, 2, 3);

    private readonly Conversation _talk = new();

    public FloodTests() => _talk.FillTable(400);

    [Theory]
    [InlineData("ping")]
    [InlineData("find_node")]
    [InlineData("get_peers")]
    [InlineData("get")]
    [InlineData("sample_infohashes")]
    [InlineData("nonsense")]
    public void A_flood_from_one_unproved_source_gets_no_more_than_it_sends_and_others_are_served(string method)
    {
        for (int i = 0; i < 500; i++)
        {
            _talk.Node.Peers.Announce(s_key, Conversation.At(i), false, _talk.Now);
        }

        _talk.Serves(SignedItems.Sign(Krpc.Encode(new string('v', 900)), 1));
        UdpEndpoint flooder = Conversation.At(1);
        byte[] query = Krpc.Query(method, s_key, method == "nonsense" ? [] : [("target", s_key), ("info_hash", s_key)]);
        int served = 0;
        for (int i = 0; i < 3_000; i++)
        {
            _talk.Deliver(query, flooder);
            served += i % 100 == 50 && _talk.Ask(Krpc.Query("ping", _talk.NewKey()), Conversation.At(1_000 + i)) is not null ? 1 : 0;
            _talk.Pass(TimeSpan.FromSeconds(1.7 / 3_000));
        }

        served.ShouldBeGreaterThanOrEqualTo(29);
        Packet[] toFlooder = [.. _talk.Sent.Where(packet => packet.To == flooder)];
        toFlooder.Length.ShouldBeGreaterThanOrEqualTo(10);
        int afterFree = toFlooder.Skip(10).Sum(packet => packet.Bytes.Length);
        Figures.Note($"{method}: {afterFree} bytes out after the free ones for {2_990 * query.Length} in; {served} of 30 others served");
        afterFree.ShouldBeLessThanOrEqualTo(2_990 * query.Length);
        toFlooder.Sum(packet => packet.Bytes.Length).ShouldBeLessThanOrEqualTo(3_000 * query.Length);
    }

    [Fact]
    public void Gets_that_wait_for_the_store_together_do_not_spend_the_same_credit_twice()
    {
        UdpEndpoint flooder = Conversation.At(1);
        Item item = SignedItems.Sign(Krpc.Encode(new string('v', 900)), 1);
        byte[] query = Krpc.ReadOnlyQuery("get", s_key, ("target", item.Target));
        _talk.Node.InboundItems.Arrived = () => { };
        for (int i = 0; i < 400; i++)
        {
            _talk.Deliver(query, flooder);
        }

        while (_talk.Node.InboundItems.TryTake(out InboundItem? inbound))
        {
            _talk.Node.AnswerGet(inbound!, item, _talk.Now);
            _talk.Drain();
        }

        Packet[] toFlooder = [.. _talk.Sent.Where(packet => packet.To == flooder)];
        toFlooder.Skip(10).Sum(packet => packet.Bytes.Length).ShouldBeLessThanOrEqualTo(390 * query.Length);
    }

    [Theory]
    [InlineData(1, "ping")]
    [InlineData(1, "find_node")]
    [InlineData(10, "find_node")]
    [InlineData(200, "find_node")]
    [InlineData(200, "nonsense")]
    public void A_victim_whose_address_is_forged_receives_no_more_than_the_forger_sends(int queriesPerSecond, string method)
    {
        UdpEndpoint victim = Conversation.At(1);
        long bytesIn = 0;
        int packets = 0;
        List<(Instant At, int Bytes)> incoming = [];
        for (int i = 0; i < queriesPerSecond * 300; i++)
        {
            // Another id each time: a forger knows how to look like many.
            byte[] query = Krpc.Query(method, _talk.NewKey(), method == "nonsense" ? [] : [("target", s_key)]);
            _talk.Deliver(query, victim);
            incoming.Add((_talk.Now, query.Length));
            _talk.Pass(TimeSpan.FromSeconds(1.0 / queriesPerSecond));
            bytesIn += ++packets > 10 ? query.Length : 0;
        }

        Packet[] toVictim = [.. _talk.Sent.Where(packet => packet.To == victim)];
        Instant tenth = toVictim[9].At;
        long after = toVictim.Skip(10).Sum(packet => (long)packet.Bytes.Length);
        double ratio = (double)after / incoming.Where(entry => entry.At > tenth).Sum(entry => entry.Bytes);
        Figures.Note($"{queriesPerSecond} a second: out/in {ratio:0.000}, {toVictim.Count(packet => packet.IsQuery)} pings in 5 minutes");
        ratio.ShouldBeLessThanOrEqualTo(1.0);
        toVictim.Count(packet => packet.IsQuery).ShouldBeLessThanOrEqualTo(6, "one ping a minute");
    }

    [Fact]
    [Trait("Category", "Bars")]
    public void A_thousand_honest_askers_at_one_query_a_second_are_answered()
    {
        Conversation talk = new() { Keeps = false };
        talk.Node.InboundItems.Arrived = null;
        int answered = 0;
        Dictionary<UdpEndpoint, Key160> askers = Enumerable.Range(0, 1_000).ToDictionary(Conversation.At, i => Conversation.IdOf(Conversation.At(i)));
        talk.Network = packet =>
        {
            if (packet.IsQuery)
            {
                talk.Post(Krpc.Response(packet.Transaction, askers[packet.To]), packet.To, TimeSpan.FromMilliseconds(80));
            }
            else
            {
                answered++;
            }
        };
        const int Seconds = 900;
        for (int second = 0; second < Seconds; second++)
        {
            foreach ((UdpEndpoint asker, Key160 id) in askers)
            {
                talk.Deliver(Krpc.Query("find_node", id, ("target", id)), asker);
                talk.Pass(TimeSpan.FromMilliseconds(1));
            }
        }

        Figures.Note($"answered {100.0 * answered / (1_000 * Seconds):0.000} %");
        ((double)answered / (1_000 * Seconds)).ShouldBeGreaterThanOrEqualTo(0.99);
    }

    [Fact]
    public void A_thousand_read_only_askers_at_ten_queries_a_minute_are_answered()
    {
        Conversation talk = new() { Keeps = false };
        int answered = 0;
        talk.Network = packet => answered += packet.IsQuery ? 0 : 1;
        const int Rounds = 50;
        for (int round = 0; round < Rounds; round++)
        {
            for (int i = 0; i < 1_000; i++)
            {
                UdpEndpoint asker = Conversation.At(i);
                talk.Deliver(Krpc.ReadOnlyQuery("find_node", Conversation.IdOf(asker), ("target", s_key)), asker);
                talk.Pass(TimeSpan.FromMilliseconds(6));
            }
        }

        Figures.Note($"answered {100.0 * answered / (1_000 * Rounds):0.000} %");
        ((double)answered / (1_000 * Rounds)).ShouldBeGreaterThanOrEqualTo(0.99);
    }
}
