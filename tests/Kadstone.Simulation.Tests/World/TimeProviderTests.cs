namespace Kadstone.Simulation.Tests.World;

public sealed class TimeProviderTests
{
    private readonly SimulatedNetwork _network = new(51);

    [Fact]
    public void Its_clocks_are_virtual()
    {
        TimeProvider time = _network.TimeProvider;
        long before = time.GetTimestamp();
        DateTimeOffset wall = time.GetUtcNow();
        _network.RunFor(TimeSpan.FromHours(3));
        time.GetElapsedTime(before).ShouldBe(TimeSpan.FromHours(3));
        (time.GetUtcNow() - wall).ShouldBe(TimeSpan.FromHours(3));
        time.GetTimestamp().ShouldBe(_network.Now.Ticks);
    }

    [Fact]
    public void The_wall_clock_may_jump_and_timers_do_not_care()
    {
        TimeProvider time = _network.TimeProvider;
        List<TimeSpan> rang = [];
        using ITimer timer = time.CreateTimer(_ => rang.Add(_network.Elapsed), null, TimeSpan.FromSeconds(10), Timeout.InfiniteTimeSpan);
        DateTimeOffset wall = time.GetUtcNow();
        _network.ShiftWallClock(TimeSpan.FromHours(-1));
        time.GetUtcNow().ShouldBe(wall - TimeSpan.FromHours(1));
        _network.RunFor(TimeSpan.FromMinutes(1));
        rang.ShouldBe([TimeSpan.FromSeconds(10)]);
    }

    [Fact]
    public void A_periodic_timer_rings_until_it_is_changed_or_disposed()
    {
        List<double> rang = [];
        ITimer timer = _network.TimeProvider.CreateTimer(
            state => rang.Add(_network.Elapsed.TotalSeconds + (int)state!), 100, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(2));
        _network.RunFor(TimeSpan.FromSeconds(6));
        rang.ShouldBe([101, 103, 105]);

        timer.Change(TimeSpan.FromSeconds(4), Timeout.InfiniteTimeSpan).ShouldBeTrue();
        _network.RunFor(TimeSpan.FromSeconds(20));
        rang.ShouldBe([101, 103, 105, 110]);

        timer.Change(TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(1));
        timer.Dispose();
        timer.Change(TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(1)).ShouldBeFalse();
        _network.RunFor(TimeSpan.FromSeconds(20));
        rang.Count.ShouldBe(4);
        _network.Wakes.Count.ShouldBe(0);
    }

    [Fact]
    public void A_delay_ends_in_virtual_time_and_goes_on_inside_the_event_loop()
    {
        List<TimeSpan> passed = [];
        Task task = Wait();
        _network.RunFor(TimeSpan.FromHours(1));
        task.IsCompletedSuccessfully.ShouldBeTrue();
        passed.ShouldBe([TimeSpan.FromMinutes(10), TimeSpan.FromMinutes(30)]);

        async Task Wait()
        {
            await Task.Delay(TimeSpan.FromMinutes(10), _network.TimeProvider, TestContext.Current.CancellationToken);
            passed.Add(_network.Elapsed);
            await Task.Delay(TimeSpan.FromMinutes(20), _network.TimeProvider, TestContext.Current.CancellationToken);
            passed.Add(_network.Elapsed);
        }
    }

    [Fact]
    public void A_timer_may_end_itself()
    {
        int rang = 0;
        ITimer? timer = null;
        timer = _network.TimeProvider.CreateTimer(
            _ =>
            {
                rang++;
                timer?.Dispose();
            },
            null,
            TimeSpan.FromSeconds(1),
            TimeSpan.FromSeconds(1));
        _network.RunFor(TimeSpan.FromMinutes(1));
        rang.ShouldBe(1);
    }
}
