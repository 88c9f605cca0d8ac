using Kadstone.Datagrams;
using Kadstone.Kademlia;
using Kadstone.Mainline.Core;
using Kadstone.Mainline.Core.Queries;

namespace Kadstone.Mainline.Tests.Core;

/// <summary>BEP 33 and BEP 51.</summary>
public sealed class ScrapeAndSampleTests
{
    private static readonly Key160 s_key = new(1, 2, 3);
    private static readonly UdpEndpoint s_asker = Conversation.At(9_999);

    private readonly Conversation _talk = new(Conversation.Unlimited);

    [Fact]
    public void A_scrape_counts_seeds_and_other_peers_apart()
    {
        for (int i = 0; i < 60; i++)
        {
            _talk.Announce(Conversation.At(i), s_key, 1, isSeed: i < 20).ErrorCode.ShouldBe(0);
        }

        Packet answer = _talk.Ask("get_peers", s_asker, ("info_hash", s_key), ("scrape", 1));
        Estimate(answer.Text("BFsd")).ShouldBeInRange(18, 22);
        Estimate(answer.Text("BFpe")).ShouldBeInRange(37, 43);
        answer.Has("token").ShouldBeTrue();
        _talk.Ask("get_peers", s_asker, ("info_hash", s_key)).Has("BFsd").ShouldBeFalse();
        _talk.Ask("get_peers", s_asker, ("info_hash", new Key160(4, 4, 4)), ("scrape", 1)).Has("BFsd").ShouldBeFalse();
    }

    [Fact]
    public void Noseed_prefers_peers_that_are_none()
    {
        for (int i = 0; i < 20; i++)
        {
            _talk.Announce(Conversation.At(i), s_key, 1, isSeed: i < 10);
        }

        _talk.Ask("get_peers", s_asker, ("info_hash", s_key), ("noseed", 1)).Peers.Take(10)
            .ShouldAllBe(peer => Enumerable.Range(10, 10).Select(i => Conversation.At(i).WithPort(1)).Contains(peer));
    }

    [Fact]
    public void A_sample_names_twenty_keys_their_number_and_the_interval_and_stays_the_same_until_then()
    {
        HashSet<Key160> stored = [];
        for (int i = 0; i < 100; i++)
        {
            Key160 key = _talk.NewKey();
            stored.Add(key);
            _talk.Announce(Conversation.At(i), key, 1);
        }

        Packet first = Sample();
        first.Values["num"].ShouldBe(100L);
        long interval = (long)first.Values["interval"];
        interval.ShouldBeInRange(1, 21_600);
        first.Text("samples").Length.ShouldBe(400);
        first.Text("samples").Chunk(20).ShouldAllBe(key => stored.Contains(Key160.Read(key)));
        first.Has("nodes").ShouldBeTrue();
        _talk.Now += TimeSpan.FromSeconds(interval / 2);
        Sample().Text("samples").ShouldBe(first.Text("samples"));
        _talk.Now += TimeSpan.FromSeconds(interval);
        Sample().Text("samples").ShouldNotBe(first.Text("samples"));
    }

    [Fact]
    public void A_node_that_stores_nothing_says_so()
    {
        Packet answer = Sample();
        answer.Values["num"].ShouldBe(0L);
        answer.Text("samples").ShouldBeEmpty();
    }

    [Fact]
    public void A_node_is_not_sampled_again_before_the_interval_it_named()
    {
        Conversation talk = new();
        Neighbours network = new(talk, 8) { Adds = query => query.Method == "sample_infohashes" ? [("interval", 600), ("num", 3), ("samples", new byte[60])] : [] };
        talk.Node.AddSaved(network.All);
        talk.Node.Join(talk.Now);
        talk.Pass(TimeSpan.FromSeconds(10));
        Samples(talk).ShouldBe(8);
        talk.Pass(TimeSpan.FromSeconds(540));
        Samples(talk).ShouldBe(0);
        talk.Pass(TimeSpan.FromSeconds(60));
        Samples(talk).ShouldBe(8);
    }

    private static int Samples(Conversation talk)
    {
        int before = talk.Sent.Count;
        talk.Node.Start(new SampleQuery(talk.NewKey(), talk.Node.SampleSchedule, 100), talk.Now);
        talk.Drain();
        talk.Pass(TimeSpan.FromSeconds(5));
        return talk.Sent.Skip(before).Count(packet => packet.IsQuery && packet.Method == "sample_infohashes");
    }

    private Packet Sample() => _talk.Ask("sample_infohashes", s_asker, ("target", s_key));

    // BEP 33, "Estimation", written down a second time.
    private static double Estimate(byte[] filter)
    {
        const double Bits = 2_048;
        double zeros = Math.Min(Bits - 1, filter.Sum(part => 8 - System.Numerics.BitOperations.PopCount(part)));
        return Math.Log(zeros / Bits) / (2 * Math.Log(1 - (1 / Bits)));
    }
}
