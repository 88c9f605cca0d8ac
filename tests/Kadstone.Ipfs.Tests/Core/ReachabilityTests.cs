using Kadstone.Ipfs.Core;
using Kadstone.Ipfs.Wire;
using Kadstone.Kademlia;

namespace Kadstone.Ipfs.Tests.Core;

public sealed class ReachabilityTests
{
    private readonly Reachability _reachability = new();
    private Instant _now = new(TimeSpan.TicksPerDay);

    [Fact]
    public void One_who_reached_us_is_a_proof_and_as_many_as_confirmed_it_undo_it()
    {
        _reachability.IsReachable.ShouldBeNull();
        Hear(DialBackStatus.Refused, DialBackStatus.Misunderstood);
        _reachability.IsReachable.ShouldBeNull();

        Hear(DialBackStatus.Reached);
        _reachability.IsReachable.ShouldBe(true);
        Hear(DialBackStatus.Reached, DialBackStatus.Reached, DialBackStatus.Reached, DialBackStatus.NotReached, DialBackStatus.NotReached, DialBackStatus.NotReached);
        _reachability.IsReachable.ShouldBe(true);
        Hear(DialBackStatus.NotReached);
        _reachability.IsReachable.ShouldBe(false);
        Hear(DialBackStatus.Reached);
        _reachability.IsReachable.ShouldBe(true);
    }

    [Fact]
    public void Nobody_is_asked_twice_within_an_hour_nor_anybody_while_the_last_one_may_still_dial()
    {
        PeerId[] speakers = [Peers.Id(1), Peers.Id(2)];
        Take(speakers).ShouldBe(Peers.Id(1));
        Take(speakers).ShouldBeNull();
        _now += TimeSpan.FromMinutes(1);
        Take(speakers).ShouldBe(Peers.Id(2));
        _now += TimeSpan.FromMinutes(1);
        Take(speakers).ShouldBeNull();
        _now += TimeSpan.FromHours(1);
        Take(speakers).ShouldBe(Peers.Id(1));
    }

    [Fact]
    public void What_is_certain_is_asked_for_less_often()
    {
        PeerId[] speakers = [.. Enumerable.Range(1, 9).Select(Peers.Id)];
        Hear(DialBackStatus.Reached, DialBackStatus.Reached, DialBackStatus.Reached);
        Take(speakers).ShouldNotBeNull();
        _now += TimeSpan.FromMinutes(14);
        Take(speakers).ShouldBeNull();
        _now += TimeSpan.FromMinutes(1);
        Take(speakers).ShouldNotBeNull();
    }

    private PeerId? Take(PeerId[] speakers) => _reachability.TryTake(speakers, _now);

    private void Hear(params DialBackStatus[] statuses) => Array.ForEach(statuses, _reachability.Heard);
}
