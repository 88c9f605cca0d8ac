using Kadstone.Ipfs.Core;
using Kadstone.Ipfs.Wire;

namespace Kadstone.Ipfs.Tests.Core;

public sealed class RetellScheduleTests
{
    private static readonly TimeSpan s_interval = TimeSpan.FromHours(22);
    private static readonly TimeSpan s_turn = TimeSpan.FromMinutes(1);
    private static readonly DateTimeOffset s_start = new(2026, 11, 20, 12, 0, 0, TimeSpan.Zero);

    [Fact]
    public void Many_that_were_told_at_once_are_told_again_apart_each_within_its_interval()
    {
        const int Count = 20_000;
        RetellSchedule schedule = new(s_interval, s_turn);
        Dictionary<int, DateTimeOffset> last = [];
        Dictionary<ContentKey, int> numbers = [];
        for (int i = 0; i < Count; i++)
        {
            ReadOnlyMemory<byte> content = Peers.Content(i).Multihash;
            schedule.Told(content, s_start);
            numbers.Add(new ContentKey(content), i);
            last[i] = s_start;
        }

        int most = 0;
        int told = 0;
        TimeSpan oldest = TimeSpan.Zero;
        int perTurn = schedule.PerTurn;
        for (DateTimeOffset now = s_start; now < s_start + (3 * s_interval); now += s_turn)
        {
            IReadOnlyList<ContentKey> due = schedule.Due(now);
            most = Math.Max(most, due.Count);
            told += due.Count;
            foreach (ContentKey content in due)
            {
                int number = numbers[content];
                oldest = TimeSpan.FromTicks(Math.Max(oldest.Ticks, (now - last[number]).Ticks));
                last[number] = now;
                schedule.Told(content.Bytes, now);
            }
        }

        perTurn.ShouldBe(31);
        most.ShouldBeLessThanOrEqualTo(perTurn);
        oldest.ShouldBeLessThanOrEqualTo(s_interval);

        // Once early, by half an interval on average a quarter of it, then at its time.
        told.ShouldBeInRange(3 * Count - (Count / 2), 4 * Count);
    }

    [Fact]
    public void After_a_week_offline_all_is_caught_up_with_at_eight_times_the_steady_rate()
    {
        RetellSchedule schedule = new(s_interval, s_turn);
        for (int i = 0; i < 13_200; i++)
        {
            schedule.Told(Peers.Content(i).Multihash, s_start);
        }

        DateTimeOffset back = s_start + TimeSpan.FromDays(7);
        int turns = 0;
        for (; schedule.Due(back) is { Count: > 0 } due; turns++)
        {
            due.Count.ShouldBeLessThanOrEqualTo(80);
            foreach (ContentKey content in due)
            {
                schedule.Told(content.Bytes, back);
            }
        }

        turns.ShouldBe(165);
    }

    [Fact]
    public void A_few_are_told_when_they_are_due_and_not_before()
    {
        RetellSchedule schedule = new(s_interval, s_turn);
        schedule.Told("a"u8.ToArray(), s_start);
        schedule.Told("b"u8.ToArray(), s_start + TimeSpan.FromMinutes(5));

        schedule.Due(s_start + s_interval - s_turn).ShouldBeEmpty();
        schedule.Due(s_start + s_interval).ShouldHaveSingleItem().Bytes.Span.SequenceEqual("a"u8).ShouldBeTrue();
        schedule.InRegion(default, 0, s_start + s_interval).Count.ShouldBe(2);
        schedule.InRegion(default, 0, s_start + TimeSpan.FromHours(10)).ShouldBeEmpty();
    }

    /// <summary>The figures behind the sweep: how many searches 2,000 contents cost, and how many of the true twenty hold each of them.</summary>
    [Fact]
    public void A_search_for_each_region_tells_nearly_the_same_peers_as_a_search_for_each_content()
    {
        const int Contents = 2000;
        Swarm swarm = new(200, seed: 6);
        RetellSchedule schedule = new(s_interval, s_turn);
        for (int i = 0; i < Contents; i++)
        {
            schedule.Told(Peers.Content(i).Multihash, s_start);
        }

        int searches = 0;
        int right = 0;
        int told = 0;
        DateTimeOffset now = s_start + s_interval;
        while (schedule.InRegion(default, 0, now) is { Count: > 0 } ripe)
        {
            ContentKey first = ripe[0];
            KadQuery query = new(Swarm.SettingsOf(7), KadQueryKind.ClosestPeers, first.Bytes) { IsUpkeep = true };
            swarm[7].Start(query, swarm.Now);
            swarm.Run(7);
            searches++;
            int bits = KeyRegion.BitsCovered(query.Key, query.Closest, 20);
            foreach (ContentKey content in schedule.InRegion(query.Key, bits, now).Prepend(first).Distinct())
            {
                HashSet<PeerId> nearest = [.. SwarmTests.Nearest(content.Bytes, except: 7)];
                right += query.Closest.Count(contact => nearest.Contains(contact.Id));
                told++;
                schedule.Told(content.Bytes, now);
            }
        }

        told.ShouldBe(Contents);
        TestContext.Current.TestOutputHelper?.WriteLine($"{searches} searches for {Contents} contents; {(double)right / Contents:F2} of the 20 closest hold each");
        searches.ShouldBeLessThanOrEqualTo(25);
        ((double)right / Contents).ShouldBeGreaterThanOrEqualTo(16);
    }
}
