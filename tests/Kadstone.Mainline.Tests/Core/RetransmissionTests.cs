using Kadstone.Datagrams;
using Kadstone.Kademlia;
using Kadstone.Mainline.Core;
using Kadstone.Mainline.Core.Queries;

namespace Kadstone.Mainline.Tests.Core;

/// <summary>Lost datagrams, late answers, and the pace of what we publish.</summary>
public sealed class RetransmissionTests
{
    private readonly Conversation _talk = new();

    [Fact]
    public void A_question_that_was_lost_is_asked_once_more_under_the_same_transaction()
    {
        Neighbours network = Joined(40);
        _talk.Sent.Clear();
        HashSet<UdpEndpoint> lost = [];
        network.Loses = packet => packet.Method == "get_peers" && lost.Add(packet.To);
        GetPeersQuery lookup = new(_talk.NewKey());
        _talk.Node.Start(lookup, _talk.Now);
        _talk.Drain();
        _talk.Pass(TimeSpan.FromSeconds(20));
        lookup.IsFinished.ShouldBeTrue();
        lookup.Walks[0].Lookup.End.ShouldBe(LookupEnd.Quorum);
        foreach (IGrouping<UdpEndpoint, Packet> asked in _talk.Questions().Where(packet => packet.Method == "get_peers").GroupBy(packet => packet.To))
        {
            asked.Count().ShouldBe(2);
            asked.First().Bytes.ShouldBe(asked.Last().Bytes);
        }
    }

    [Fact]
    public void An_answer_that_comes_late_still_counts()
    {
        Neighbours network = Joined(40);
        network.RoundTrip = _talk.Node.RoundTrips.Patience * 3;
        GetPeersQuery lookup = new(_talk.NewKey());
        _talk.Node.Start(lookup, _talk.Now);
        _talk.Drain();
        _talk.Pass(TimeSpan.FromSeconds(30));
        lookup.IsFinished.ShouldBeTrue();
        NodeContact[] found = new NodeContact[8];
        lookup.Walks[0].Lookup.CopyClosest(found).ShouldBe(8);

        // Who is late no longer holds up the end, so one of the eight may be missing; that most are there shows that late answers count.
        found.Intersect(network.Closest(lookup.Target)).Count().ShouldBeGreaterThanOrEqualTo(7);
    }

    [Fact]
    public void An_announce_is_tried_three_times_with_each_of_the_eight_nearest()
    {
        Neighbours network = Joined(40);
        _talk.Sent.Clear();
        network.Loses = packet => packet.Method == "announce_peer";
        GetPeersQuery lookup = new(_talk.NewKey(), new Announcement(77, IsSeed: false));
        _talk.Node.Start(lookup, _talk.Now);
        _talk.Drain();
        _talk.Pass(TimeSpan.FromSeconds(30));
        Packet[] announces = [.. _talk.Questions().Where(packet => packet.Method == "announce_peer")];
        announces.CountBy(packet => packet.To).ShouldAllBe(pair => pair.Value == 3);
        announces.Select(packet => packet.To).Distinct().ShouldBe(network.Closest(lookup.Target).Select(contact => contact.Endpoint), ignoreOrder: true);
        lookup.Committed().Silent.ShouldBe(8);
    }

    [Fact]
    public void A_thousand_keys_come_back_after_a_restart_without_a_minute_above_thrice_the_mean()
    {
        TimeSpan interval = _talk.Settings.AnnounceInterval;
        Neighbours network = new(_talk, 200);
        _talk.Node.AddSaved(network.All.Take(40));
        _talk.Node.Join(_talk.Now);
        Instant begun = _talk.Now;
        for (int i = 0; i < 1_000; i++)
        {
            Key160 key = _talk.NewKey();
            _talk.Node.Publish(new Publication(key, interval, () => new GetPeersQuery(key, new Announcement(77, IsSeed: false))), _talk.Now);
        }

        _talk.Drain();
        _talk.Pass(TimeSpan.FromHours(2));
        Dictionary<long, int> byMinute = _talk.Questions().Where(packet => packet.Method == "announce_peer")
            .CountBy(packet => (packet.At - begun).Ticks / TimeSpan.TicksPerMinute).ToDictionary();
        double steady = byMinute.Where(pair => pair.Key >= 60).Sum(pair => pair.Value) / 60.0;
        Figures.Note($"announces: steady {steady:0} a minute, most {byMinute.Max(pair => pair.Value)}");
        byMinute.Max(pair => pair.Value).ShouldBeLessThanOrEqualTo((int)(3 * steady));
        Dictionary<long, int> all = _talk.Questions().CountBy(packet => (packet.At - begun).Ticks / TimeSpan.TicksPerMinute).ToDictionary();
        all.Max(pair => pair.Value).ShouldBeLessThanOrEqualTo((int)(3 * all.Where(pair => pair.Key >= 60).Sum(pair => pair.Value) / 60.0));
        _talk.Node.Published.ShouldAllBe(publication => publication.Rounds >= 7 && publication.LastStored == 8);
        _talk.Questions().Where(packet => packet.Method == "announce_peer" && packet.At < begun + TimeSpan.FromMinutes(30))
            .Select(packet => Key160.Read((byte[])packet.Arguments["info_hash"])).Distinct().Count().ShouldBe(1_000);
    }

    private Neighbours Joined(int count)
    {
        Neighbours network = new(_talk, count);
        _talk.Node.AddSaved(network.All.Take(20));
        _talk.Node.Join(_talk.Now);
        _talk.Drain();
        _talk.Pass(TimeSpan.FromSeconds(30));
        return network;
    }
}
