using System.Net;
using Kadstone.Kademlia;

namespace Kadstone.Datagrams.Tests;

[Collection("Sockets")]
public sealed class SendBudgetTests
{
    private static readonly TimeSpan s_guard = TimeSpan.FromSeconds(30);

    [Theory]
    [InlineData(10)]
    [InlineData(200)]
    [InlineData(20_000)]
    public void No_second_has_more_datagrams_than_the_budget_and_its_burst(int perSecond)
    {
        SendBudget budget = new(perSecond);
        Instant now = new(TimeSpan.TicksPerDay);
        Instant end = now + TimeSpan.FromSeconds(10);
        int sent = 0;
        while (now < end)
        {
            if (budget.HasOne(now, out Instant until))
            {
                budget.Spend(now);
                sent++;
            }
            else
            {
                until.ShouldBeGreaterThan(now);
                now = until;
            }
        }

        sent.ShouldBeInRange(perSecond * 9, (perSecond * 10) + Math.Max(4, perSecond / 5));
        budget.SentLastSecond(end).ShouldBeInRange(perSecond * 9 / 10, perSecond + Math.Max(4, perSecond / 5));
        budget.SentLastSecond(end + TimeSpan.FromSeconds(5)).ShouldBe(0);
        budget.Pauses.ShouldBeGreaterThan(0);
    }

    [Fact]
    public void What_was_not_sent_yesterday_is_not_sent_today()
    {
        SendBudget budget = new(100);
        Instant now = new(TimeSpan.TicksPerDay);
        int sent = 0;
        for (; budget.HasOne(now, out _); sent++)
        {
            budget.Spend(now);
        }

        sent.ShouldBe(20, "a fifth of a second's worth, however long nothing left before");
    }

    [Fact]
    public void Whoever_asks_our_own_requests_leave_within_a_quarter_of_a_second()
    {
        // A laptop's budget: a quarter of it for answers in each of two networks, and everybody asks, the proved as well; proving pings come on top.
        SendBudget budget = new(200);
        RateLimiter[] networks = [new(new RateLimits { TotalRate = 50 }, new Random(1)), new(new RateLimits { TotalRate = 50 }, new Random(2))];
        Random chance = new(3);
        Queue<(bool IsOurs, Instant Since)> outbox = new();
        List<double> waits = [];
        for (int millisecond = 0; millisecond < 60_000; millisecond++)
        {
            Instant now = new(TimeSpan.TicksPerDay + (millisecond * TimeSpan.TicksPerMillisecond));
            for (int i = 0; i < 20; i++)
            {
                RateLimiter limiter = networks[i % 2];
                UdpEndpoint asker = UdpEndpoint.FromIPv4((uint)chance.NextInt64(1L << 32), 6881);
                if (chance.Next(4) == 0)
                {
                    limiter.Prove(asker, now);
                }

                if (limiter.Admit(asker, 95, now, out _, out _))
                {
                    outbox.Enqueue((false, now));
                }

                if (limiter.WantsProof(asker, now))
                {
                    outbox.Enqueue((false, now));
                }
            }

            if (millisecond % 25 == 0)
            {
                outbox.Enqueue((true, now));
            }

            while (outbox.Count > 0 && budget.HasOne(now, out _))
            {
                budget.Spend(now);
                if (outbox.Dequeue() is (true, Instant since))
                {
                    waits.Add((now - since).TotalMilliseconds);
                }
            }
        }

        waits.Count.ShouldBeGreaterThanOrEqualTo(2_390);
        waits.Max().ShouldBeLessThanOrEqualTo(1_000, "the burst of everybody's first second");
        waits.Skip(400).Max().ShouldBeLessThanOrEqualTo(250);
    }

    [Fact]
    public async Task A_driver_sends_the_rest_when_the_budget_lets_it()
    {
        SteppedClock clock = new();
        TaskCompletionSource first = new(TaskCreationOptions.RunContinuationsAsynchronously);
        TaskCompletionSource second = new(TaskCreationOptions.RunContinuationsAsynchronously);
        ScriptedProtocol listener = new();
        listener.OnReceive = (_, _, _, _) => _ = listener.Received switch { 20 => first.TrySetResult(), 21 => second.TrySetResult(), _ => false };
        await using DatagramDriver<ScriptedProtocol> there = new(listener, [UdpSocket.Open(new IPEndPoint(IPAddress.Loopback, 0))]);
        there.Start();
        SendBudget budget = new(100);
        await using DatagramDriver<ScriptedProtocol> driver = new(new ScriptedProtocol(), [UdpSocket.Open(new IPEndPoint(IPAddress.Loopback, 0))], clock) { Budget = budget };
        driver.Start();
        Task armed = clock.Armed(TimeSpan.FromMilliseconds(10));
        UdpEndpoint to = UdpEndpoint.From(there.LocalEndpoints[0]);
        driver.Run((protocol, _) =>
        {
            for (int i = 0; i < 21; i++)
            {
                protocol.Send(to, [1]);
            }
        });

        await first.Task.WaitAsync(s_guard, TestContext.Current.CancellationToken);
        await armed.WaitAsync(s_guard, TestContext.Current.CancellationToken);
        driver.Counters.DatagramsOut.ShouldBe(20);
        clock.Advance(TimeSpan.FromMilliseconds(10));
        await second.Task.WaitAsync(s_guard, TestContext.Current.CancellationToken);
    }
}
