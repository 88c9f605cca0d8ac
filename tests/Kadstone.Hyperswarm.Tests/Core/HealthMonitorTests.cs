using Kadstone.Hyperswarm.Core;

namespace Kadstone.Hyperswarm.Tests.Core;

/// <summary>What answers and silence say of the network.</summary>
public sealed class HealthMonitorTests
{
    private readonly HealthMonitor _monitor = new();

    [Fact]
    public void Too_few_requests_say_nothing()
    {
        _monitor.Health.ShouldBe(RpcHealth.Idle);
        Tick(3, 0).ShouldBe(RpcHealth.Idle);
    }

    [Fact]
    public void Answers_are_online_and_silence_for_two_ticks_is_offline()
    {
        Tick(10, 0).ShouldBe(RpcHealth.Online);
        Tick(0, 5).ShouldBe(RpcHealth.Online);
        Tick(0, 1).ShouldBe(RpcHealth.Offline);
        Tick(1, 0).ShouldBe(RpcHealth.Online);
    }

    [Fact]
    public void More_silence_than_answers_is_degraded_until_the_window_has_passed()
    {
        Tick(5, 9).ShouldBe(RpcHealth.Degraded);
        Tick(1, 0).ShouldBe(RpcHealth.Degraded);
        Tick(1, 0).ShouldBe(RpcHealth.Degraded);
        Tick(1, 0).ShouldBe(RpcHealth.Degraded);
        Tick(1, 0).ShouldBe(RpcHealth.Online);
    }

    [Fact]
    public void Who_asks_nobody_is_not_cut_off()
    {
        Tick(6, 1).ShouldBe(RpcHealth.Online);
        Tick(0, 0).ShouldBe(RpcHealth.Online);
        Tick(0, 0).ShouldBe(RpcHealth.Online);
        Tick(0, 0).ShouldBe(RpcHealth.Online);
        Tick(0, 0).ShouldBe(RpcHealth.Idle);
    }

    private RpcHealth Tick(int answered, int silent)
    {
        for (int i = 0; i < answered; i++)
        {
            _monitor.Answered();
        }

        for (int i = 0; i < silent; i++)
        {
            _monitor.Silent();
        }

        _monitor.Tick();
        return _monitor.Health;
    }
}
