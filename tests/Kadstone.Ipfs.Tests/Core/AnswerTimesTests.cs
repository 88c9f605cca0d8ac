using Kadstone.Ipfs.Core;
using Kadstone.Ipfs.Wire;
using Kadstone.Kademlia;

namespace Kadstone.Ipfs.Tests.Core;

/// <summary>When a slow request gives up its slot, and that it is waited for all the same.</summary>
public sealed class AnswerTimesTests
{
    private static readonly DateTimeOffset s_today = new(2026, 11, 20, 12, 0, 0, TimeSpan.Zero);
    private static readonly TimeSpan s_longest = TimeSpan.FromSeconds(3);

    private readonly Instant _start = new(TimeSpan.TicksPerDay);

    [Fact]
    public void Before_there_are_some_every_slot_is_held_for_the_longest_time()
    {
        AnswerTimes times = new(s_longest);
        Sample(times, 15, TimeSpan.FromSeconds(0.1));

        times.Patience.ShouldBe(s_longest);
        Sample(times, 1, TimeSpan.FromSeconds(0.1));
        times.Patience.ShouldBe(TimeSpan.FromSeconds(1));
    }

    [Fact]
    public void It_is_the_time_within_which_nine_of_ten_of_the_last_came()
    {
        AnswerTimes times = new(s_longest);
        Sample(times, 500, TimeSpan.FromSeconds(0.1));
        for (int i = 1; i <= 128; i++)
        {
            times.Sample(TimeSpan.FromSeconds(2) * (i / 128.0));
        }

        times.Patience.TotalSeconds.ShouldBeInRange(1.78, 1.83);
        Sample(times, 128, TimeSpan.FromSeconds(9));
        times.Patience.ShouldBe(s_longest);
    }

    [Fact]
    public void A_slow_peer_gives_up_its_slot_and_its_answer_counts_when_it_comes()
    {
        AnswerTimes times = new(s_longest);
        Sample(times, 16, TimeSpan.FromSeconds(0.1));
        KadQuery query = new(Swarm.SettingsOf(0), KadQueryKind.ClosestPeers, Peers.Content(1).Multihash) { IsUpkeep = true, Times = times };
        query.Begin([.. Enumerable.Range(1, 20).Select(i => PeerContact.From(Peers.Id(i), [Peers.Address(i)]))], _start);
        KadRequest[] first = [.. Take(query, _start)];
        first.Length.ShouldBe(KadSettings.UsualParallelism);

        Instant late = query.NextDeadline;
        late.ShouldBe(_start + TimeSpan.FromSeconds(1));
        query.Elapse(late);
        KadRequest[] second = [.. Take(query, late)];
        second.Length.ShouldBe(10);
        Array.ForEach(second, request => Answer(query, request, late));

        query.Phase.ShouldNotBe(KadQueryPhase.Finished);
        Array.ForEach(first[..9], request => Answer(query, request, late + TimeSpan.FromSeconds(1)));
        query.Phase.ShouldBe(KadQueryPhase.FollowingUp);
        query.NextDeadline.ShouldBe(_start + s_longest);
        query.Elapse(query.NextDeadline);

        query.Phase.ShouldBe(KadQueryPhase.Finished);
        query.Closest.Count.ShouldBe(19);
        query.Asked.ShouldBe(20);
    }

    private static void Sample(AnswerTimes times, int count, TimeSpan time)
    {
        for (int i = 0; i < count; i++)
        {
            times.Sample(time);
        }
    }

    private static void Answer(KadQuery query, KadRequest request, Instant now) =>
        query.OnAnswer(request, new KadMessage { Type = KadMessageType.FindNode }, [], s_today, now);

    private static IEnumerable<KadRequest> Take(KadQuery query, Instant now)
    {
        while (query.TryTakeRequest(now) is KadRequest request)
        {
            yield return request;
        }
    }
}
