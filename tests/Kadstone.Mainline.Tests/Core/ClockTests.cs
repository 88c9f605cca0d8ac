using Kadstone.Datagrams;
using Kadstone.Kademlia;
using Kadstone.Mainline.Core;
using Kadstone.Mainline.Core.Queries;

namespace Kadstone.Mainline.Tests.Core;

/// <summary>Bars 33 and 34: leaps of the clock, and an hour's traffic.</summary>
[Collection(MemoryMeasured.Name)]
public sealed class ClockTests
{
    [Fact]
    public void After_a_leap_of_eight_hours_a_minute_has_at_most_twice_the_normal_traffic()
    {
        Conversation talk = new();
        Neighbours network = new(talk, 1_000);
        talk.Node.AddSaved(network.All.Take(30));
        talk.Node.Join(talk.Now);
        talk.Pass(TimeSpan.FromMinutes(30));
        int before = talk.Sent.Count;
        const int Minutes = 60;
        talk.Pass(TimeSpan.FromMinutes(Minutes));
        double normal = (double)(talk.Sent.Count - before) / Minutes;
        int contacts = talk.Local.Table.Count;
        before = talk.Sent.Count;
        talk.Leap(TimeSpan.FromHours(8));
        talk.Pass(TimeSpan.FromMinutes(1));
        Figures.Note($"normal {normal:0.0} packets a minute, after the leap {talk.Sent.Count - before}; {contacts} contacts");
        (talk.Sent.Count - before).ShouldBeLessThanOrEqualTo((int)(2 * normal), $"normal: {normal:0.0} a minute, {contacts} contacts");
        talk.Local.Table.Count.ShouldBe(contacts);

        // And everybody is checked in the end.
        talk.Pass(TimeSpan.FromMinutes(30));
        talk.Local.Table.Entries.ShouldAllBe(entry => talk.Now - entry.LastSeen < TimeSpan.FromMinutes(31));
    }

    [Fact]
    public void A_clock_that_goes_back_expires_nothing_and_asks_nothing_new()
    {
        Conversation talk = new();
        Neighbours network = new(talk, 200);
        talk.Node.AddSaved(network.All.Take(30));
        talk.Node.Join(talk.Now);
        talk.Pass(TimeSpan.FromMinutes(30));
        talk.Announce(Conversation.At(5_000), new Key160(1, 2, 3), 1);
        int contacts = talk.Local.Table.Count;
        int before = talk.Sent.Count;
        talk.Leap(TimeSpan.FromHours(-1));
        talk.Ask("ping", Conversation.At(5_001)).ShouldNotBeNull();
        talk.Node.Peers.PeerCount.ShouldBe(1);
        talk.Local.Table.Count.ShouldBe(contacts);
        (talk.Sent.Count - before).ShouldBeLessThan(5);
    }

    [Fact]
    [Trait("Category", "Bars")]
    public void An_hour_at_500_queries_a_second_leaves_nothing_behind()
    {
        Conversation talk = new() { Keeps = false };
        Neighbours network = new(talk, 300);
        talk.Node.AddSaved(network.All.Take(30));
        talk.Node.Join(talk.Now);
        talk.Pass(TimeSpan.FromMinutes(1));
        byte[][] queries = [.. Enumerable.Range(0, 64).Select(i => i % 3 == 0
            ? Krpc.Query("ping", talk.NewKey())
            : Krpc.Query(i % 3 == 1 ? "find_node" : "get_peers", talk.NewKey(), ("target", talk.NewKey()), ("info_hash", talk.NewKey())))];
        long early = 0;
        Stopwatched(talk, minutes: 10);
        early = GC.GetTotalMemory(forceFullCollection: true);
        int openEarly = talk.Node.OpenRequests;
        Stopwatched(talk, minutes: 50);
        long growth = GC.GetTotalMemory(forceFullCollection: true) - early;
        Figures.Note($"{growth} bytes more after 50 minutes at 500 queries a second");
        growth.ShouldBeLessThan(1L << 20);
        talk.Node.OpenRequests.ShouldBeLessThan(openEarly + 300);
        talk.Pass(TimeSpan.FromSeconds(30));
        talk.Node.ActiveWalks.ShouldBe(0);
        talk.Node.OpenRequests.ShouldBe(0);

        void Stopwatched(Conversation talk, int minutes)
        {
            for (int i = 0; i < minutes * 60 * 500; i++)
            {
                talk.Deliver(queries[i % 64], Conversation.At(1_000 + talk.Chance.Next(20_000)));
                talk.Pass(TimeSpan.FromMilliseconds(2));
                if (i % 50_000 == 0)
                {
                    talk.Node.Start(new GetPeersQuery(talk.NewKey(), new Announcement(1, false)), talk.Now);
                }
            }
        }
    }
}
