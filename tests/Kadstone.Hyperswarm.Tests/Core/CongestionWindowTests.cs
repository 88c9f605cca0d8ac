using Kadstone.Hyperswarm.Core;
using Kadstone.Kademlia;

namespace Kadstone.Hyperswarm.Tests.Core;

/// <summary>How many requests may be under way.</summary>
public sealed class CongestionWindowTests
{
    private static readonly TimeSpan s_slot = TimeSpan.FromMilliseconds(750);

    private readonly CongestionWindow _window = new();
    private Instant _now = new(TimeSpan.FromHours(1).Ticks);

    [Fact]
    public void Eighty_begin_in_a_slot_and_a_hundred_and_sixty_in_all()
    {
        Fill().ShouldBe(80);
        _now = _window.NextTurn;
        Fill().ShouldBe(80);
        _now = _window.NextTurn;
        Fill().ShouldBe(0);
        _window.Count.ShouldBe(160);
    }

    [Fact]
    public void What_is_lost_gives_its_room_back_after_three_seconds()
    {
        Fill();
        Instant end = _now + (4 * s_slot);
        while (_window.NextTurn < end)
        {
            _now = _window.NextTurn;
            _window.HasRoom(_now);
        }

        _window.Count.ShouldBe(80);
        _window.HasRoom(_window.NextTurn).ShouldBeTrue();
        _window.Count.ShouldBe(0);
    }

    [Fact]
    public void An_answer_gives_room_at_once()
    {
        Fill();
        _window.Answered(_now);
        Fill().ShouldBe(1);
        for (int i = 0; i < 200; i++)
        {
            _window.Answered(_now);
        }

        _window.Count.ShouldBe(0);
    }

    [Fact]
    public void A_long_pause_or_the_end_of_time_is_no_loop()
    {
        Fill();
        _now += TimeSpan.FromDays(300_000);
        _window.HasRoom(_now).ShouldBeTrue();
        _window.Count.ShouldBe(0);
        _window.HasRoom(Instant.Never).ShouldBeTrue();
        _window.HasRoom(Instant.Never).ShouldBeTrue();
    }

    private int Fill()
    {
        int sent = 0;
        while (_window.HasRoom(_now))
        {
            _window.Sent(_now);
            sent++;
        }

        return sent;
    }
}
