using Kadstone.Kademlia;

namespace Kadstone.Datagrams.Tests;

/// <summary>What strangers get of a small budget while one of them wants all of it. The totals are those of a node of the profiles laptop, server and router.</summary>
public sealed class FairShareTests
{
    private const int Ping = 56;
    private const int Pong = 47;
    private const int FindNode = 95;
    private const int Flood = 3000;
    private const double FloodSeconds = 1.7;

    public enum Flooder
    {
        /// <summary>One socket.</summary>
        Source,

        /// <summary>All ports of an address.</summary>
        Host,

        /// <summary>All addresses of a /24.</summary>
        Prefix,

        /// <summary>Three addresses in each of three /24s.</summary>
        ThreePrefixes,
    }

    public static TheoryData<int, Flooder> Floods { get; } =
        [.. from total in (int[])[50, 500, 5000] from flooder in Enum.GetValues<Flooder>() select (total, flooder)];

    private static Instant At(double seconds) => new((long)(seconds * TimeSpan.TicksPerSecond));

    private static RateLimiter Limiter(int total) => new(new RateLimits { TotalRate = total }, new Random(1));

    private static UdpEndpoint Next(Flooder flooder, int i) => flooder switch
    {
        Flooder.Source => UdpEndpoint.FromIPv4(0x0A000001, 6881),
        Flooder.Host => UdpEndpoint.FromIPv4(0x0A000001, (ushort)(1024 + (i % 60_000))),
        Flooder.Prefix => UdpEndpoint.FromIPv4(0x0A000000 + ((uint)i % 256), (ushort)(1024 + (i % 60_000))),
        _ => UdpEndpoint.FromIPv4(0x0A000000 + (((uint)i % 3) << 8) + ((uint)i / 3 % 3), 6881),
    };

    [Theory]
    [MemberData(nameof(Floods))]
    public void Thirty_strangers_are_answered_during_a_flood(int total, Flooder flooder)
    {
        // Bar 14, after the flood had a minute to take what it can.
        RateLimiter limiter = Limiter(total);
        int answered = 0;
        for (int i = 0; i < 36 * Flood; i++)
        {
            Instant now = At(i * FloodSeconds / Flood);
            if (limiter.Admit(Next(flooder, i), FindNode, now, out int allowance, out _))
            {
                limiter.Charge(Next(flooder, i), Math.Min(allowance, 430), now);
            }

            if (i >= 35 * Flood && i % 100 == 0)
            {
                UdpEndpoint honest = UdpEndpoint.FromIPv4(0x0B000001 + (((uint)i / 100 % 30) << 8), 6881);
                answered += limiter.Admit(honest, Ping, now, out int room, out _) && room >= Pong ? 1 : 0;
            }
        }

        answered.ShouldBe(30);
    }

    [Theory]
    [InlineData(50)]
    [InlineData(500)]
    [InlineData(5000)]
    public void In_the_long_run_a_source_takes_an_eighth_of_what_strangers_have_a_host_a_quarter_and_a_prefix_half(int total)
    {
        const int Seconds = 20;
        double strangers = total * 0.4;
        foreach ((Flooder flooder, double part) in ((Flooder, double)[])[(Flooder.Source, 0.125), (Flooder.Host, 0.25), (Flooder.Prefix, 0.5)])
        {
            RateLimiter limiter = Limiter(total);
            int admitted = 0;
            for (int i = 0; i < Seconds * 10_000; i++)
            {
                admitted += limiter.Admit(Next(flooder, i), FindNode, At(i / 10_000.0), out _, out _) ? 1 : 0;
            }

            // And the first burst: no more than half of what there was.
            double most = Math.Min((part * strangers * Seconds) + (strangers / 2), flooder == Flooder.Source ? (Seconds * 100) + 500 : double.MaxValue);
            ((double)admitted).ShouldBeLessThanOrEqualTo(most + 1, $"{flooder}");
            admitted.ShouldBeGreaterThan((int)(most / 4), $"{flooder}: what nobody else wants may be had");
        }
    }

    [Fact]
    public void Neighbours_of_a_flooding_source_are_answered_on_its_own_host()
    {
        RateLimiter limiter = Limiter(500);
        int answered = 0;
        for (int i = 0; i < 4 * Flood; i++)
        {
            Instant now = At(i * FloodSeconds / Flood);
            limiter.Admit(Next(Flooder.Source, i), FindNode, now, out _, out _);
            if (i % 200 == 0)
            {
                answered += limiter.Admit(UdpEndpoint.FromIPv4(0x0A000001, (ushort)(7000 + (i / 200))), Ping, now, out _, out _) ? 1 : 0;
            }
        }

        answered.ShouldBe(60);
    }

    [Fact]
    public void A_proved_source_that_floods_leaves_three_quarters_to_the_others()
    {
        RateLimiter limiter = Limiter(50);
        limiter.Prove(Next(Flooder.Source, 0), At(0));
        int answered = 0;
        int flooded = 0;
        for (int i = 0; i < 10 * Flood; i++)
        {
            Instant now = At(i * FloodSeconds / Flood);
            flooded += limiter.Admit(Next(Flooder.Source, i), FindNode, now, out _, out _) ? 1 : 0;
            if (i % 100 == 0)
            {
                answered += limiter.Admit(UdpEndpoint.FromIPv4(0x0B000001 + (((uint)i / 100) << 8), 6881), Ping, now, out _, out _) ? 1 : 0;
            }
        }

        answered.ShouldBe(300);
        flooded.ShouldBeLessThanOrEqualTo(25 + (int)(17 * 12.5) + 1);
    }

    [Fact]
    public void A_flood_that_was_refused_for_want_of_credit_took_nothing_from_others()
    {
        RateLimiter limiter = new(new RateLimits { TotalRate = 50, FreeAnswers = 0 }, new Random(1));
        for (int i = 0; i < 40; i++)
        {
            limiter.Admit(UdpEndpoint.FromIPv4((uint)i << 8, 1), 10, At(0), out _, out Refusal why).ShouldBeFalse();
            why.ShouldBe(Refusal.Credit);
        }

        limiter.Admit(UdpEndpoint.FromIPv4(0x0B000001, 1), Ping, At(0), out _, out _).ShouldBeTrue();
    }

    [Fact]
    public void Everybody_who_has_taken_nothing_has_a_turn_until_nothing_is_left()
    {
        RateLimiter limiter = Limiter(50);
        Enumerable.Range(0, 30).Count(i => limiter.Admit(UdpEndpoint.FromIPv4((uint)i << 8, 1), Ping, At(0), out _, out _)).ShouldBe(20);
        limiter.Refused(Refusal.Total).ShouldBe(10);
    }

    [Fact]
    public void A_stranger_alone_has_a_burst_of_a_third()
    {
        RateLimiter limiter = Limiter(50);
        Enumerable.Range(0, 30).Count(_ => limiter.Admit(Next(Flooder.Source, 0), Ping, At(0), out int _, out Refusal _)).ShouldBe(7);
        limiter.Refused(Refusal.Source).ShouldBe(23);
    }
}
