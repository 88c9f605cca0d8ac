using Kadstone.Ipfs.Core;
using Kadstone.Kademlia;

namespace Kadstone.Ipfs.Tests.Core;

public sealed class RequestBudgetTests
{
    private Instant _now = new(TimeSpan.TicksPerDay);

    [Fact]
    public void A_peer_has_ten_seconds_worth_at_once_and_then_so_many_a_second()
    {
        RequestBudget budget = new(5);
        Take(budget, 1, 100).ShouldBe(50);
        Take(budget, 2, 100).ShouldBe(50);
        _now += TimeSpan.FromSeconds(2);
        Take(budget, 1, 100).ShouldBe(10);
        _now += TimeSpan.FromHours(1);
        Take(budget, 1, 100).ShouldBe(50);
    }

    [Fact]
    public void Many_strangers_at_once_take_no_more_room_than_there_is_and_nothing_from_those_that_are_known()
    {
        RequestBudget budget = new(5, capacity: 8);
        for (int peer = 0; peer < 8; peer++)
        {
            Take(budget, peer, 1).ShouldBe(1);
        }

        Take(budget, 9, 1).ShouldBe(0);
        Take(budget, 0, 1).ShouldBe(1);
        _now += TimeSpan.FromSeconds(10);
        Take(budget, 9, 1).ShouldBe(1);
    }

    private int Take(RequestBudget budget, int peer, int times) => Enumerable.Range(0, times).Count(_ => budget.TryTake(Peers.Id(peer), _now));
}
