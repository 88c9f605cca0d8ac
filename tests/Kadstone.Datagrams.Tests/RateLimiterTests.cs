using Kadstone.Kademlia;

namespace Kadstone.Datagrams.Tests;

public sealed class RateLimiterTests
{
    private const int Ping = 56;
    private const int Pong = 47;
    private const int OurPing = 67;
    private const int FindNode = 95;
    private const int FullAnswer = 430;

    private static readonly UdpEndpoint s_alice = UdpEndpoint.FromIPv4(0x0A000001, 6881);

    private readonly RateLimiter _limiter = new(new RateLimits(), new Random(1));

    private static Instant At(double seconds) => new((long)(seconds * TimeSpan.TicksPerSecond));

    [Fact]
    public void A_stranger_has_ten_free_answers_a_minute_and_then_what_it_sent()
    {
        for (int i = 0; i < 10; i++)
        {
            _limiter.Admit(s_alice, FindNode, At(0), out int free, out _).ShouldBeTrue();
            free.ShouldBe(1400);
            _limiter.Charge(s_alice, FullAnswer, At(0));
        }

        _limiter.Admit(s_alice, FindNode, At(1), out int allowance, out _).ShouldBeTrue();
        allowance.ShouldBe(FindNode);
    }

    [Fact]
    public void Credit_that_was_not_used_is_there_for_the_next_answer()
    {
        UseUpFreeAnswers(s_alice, At(0));
        _limiter.Admit(s_alice, FindNode, At(1), out _, out _);
        _limiter.Charge(s_alice, 55, At(1));
        _limiter.Admit(s_alice, FindNode, At(1), out int allowance, out _);
        allowance.ShouldBe(40 + FindNode);
    }

    [Fact]
    public void A_stranger_without_credit_is_refused_before_decoding()
    {
        UseUpFreeAnswers(s_alice, At(0));
        _limiter.Admit(s_alice, FindNode, At(1), out _, out _);
        _limiter.Charge(s_alice, 1000, At(1));
        _limiter.Admit(s_alice, FindNode, At(1), out int allowance, out Refusal why).ShouldBeFalse();
        why.ShouldBe(Refusal.Credit);
        allowance.ShouldBe(0);
        _limiter.Refused(Refusal.Credit).ShouldBe(1);
    }

    [Fact]
    public void Answers_that_waited_share_one_credit()
    {
        UseUpFreeAnswers(s_alice, At(0));
        _limiter.Admit(s_alice, FindNode, At(1), out _, out _).ShouldBeTrue();
        _limiter.Admit(s_alice, FindNode, At(1), out _, out _).ShouldBeTrue();
        _limiter.AllowanceNow(s_alice, At(2)).ShouldBe(2 * FindNode);
        _limiter.Charge(s_alice, 2 * FindNode, At(2));
        _limiter.AllowanceNow(s_alice, At(2)).ShouldBe(0);
        _limiter.AllowanceNow(s_alice.WithPort(1), At(2)).ShouldBe(0);
        _limiter.Prove(s_alice, At(2));
        _limiter.AllowanceNow(s_alice, At(2)).ShouldBe(int.MaxValue);
    }

    [Fact]
    public void A_pong_always_fits_the_ping_it_answers()
    {
        for (int i = 0; i < 5000; i++)
        {
            Instant now = At(i * 0.05);
            _limiter.Admit(s_alice, Ping, now, out int allowance, out _).ShouldBeTrue();
            allowance.ShouldBeGreaterThanOrEqualTo(Pong);
            _limiter.Charge(s_alice, Pong, now);
        }
    }

    [Fact]
    public void The_next_minute_brings_ten_free_answers_again()
    {
        UseUpFreeAnswers(s_alice, At(0));
        _limiter.Admit(s_alice, FindNode, At(60), out int allowance, out _);
        allowance.ShouldBe(1400);
    }

    [Theory]
    [InlineData(100, FindNode)]
    [InlineData(100, 25)]
    [InlineData(10, FindNode)]
    [InlineData(1, FindNode)]
    [InlineData(0.5, 400)]
    public void A_spoofed_victim_never_gets_more_than_the_spoofer_sends_after_ten_packets(double rate, int queryBytes)
    {
        long bytesIn = 0;
        long bytesOut = 0;
        int packetsIn = 0;
        int packetsOut = 0;
        for (double time = 0; time < 600; time += 1 / rate)
        {
            if (++packetsIn > 10)
            {
                bytesIn += queryBytes;
            }

            if (_limiter.Admit(s_alice, queryBytes, At(time), out int allowance, out _))
            {
                Send(Math.Min(allowance, FullAnswer), time);
            }

            if (_limiter.WantsProof(s_alice, At(time)))
            {
                Send(OurPing, time);
            }
        }

        packetsOut.ShouldBeGreaterThan(10);

        // Slower than ten a minute, everything is within the free answers: nothing to weigh.
        bytesOut.ShouldBeLessThanOrEqualTo(bytesIn);

        void Send(int bytes, double time)
        {
            if (++packetsOut > 10)
            {
                bytesOut += bytes;
            }

            _limiter.Charge(s_alice, bytes, At(time));
        }
    }

    [Fact]
    public void A_flood_from_one_stranger_leaves_the_pings_of_others_answered()
    {
        // Bar 14: 3,000 queries in 1.7 s; 30 pings from others on the same host meanwhile.
        long bytesIn = 0;
        long bytesOut = 0;
        int answered = 0;
        for (int i = 0; i < 3000; i++)
        {
            Instant now = At(i * 1.7 / 3000);
            bytesIn += FindNode;
            if (_limiter.Admit(s_alice, FindNode, now, out int allowance, out _))
            {
                int bytes = Math.Min(allowance, FullAnswer);
                bytesOut += bytes;
                _limiter.Charge(s_alice, bytes, now);
            }

            if (i % 100 == 0)
            {
                UdpEndpoint honest = s_alice.WithPort((ushort)(i + 1));
                answered += _limiter.Admit(honest, Ping, now, out int room, out _) && room >= Pong ? 1 : 0;
            }
        }

        answered.ShouldBe(30);
        bytesOut.ShouldBeLessThanOrEqualTo(bytesIn);
        _limiter.Refused(Refusal.Source).ShouldBeGreaterThan(2000);
    }

    [Fact]
    public void Fifty_nodes_of_one_address_are_answered_while_one_of_them_floods()
    {
        // Bar 6. All are proved, the flooder too: it is limited as an endpoint.
        UdpEndpoint[] nodes = [.. Enumerable.Range(0, 50).Select(i => s_alice.WithPort((ushort)(10_000 + i)))];
        foreach (UdpEndpoint node in nodes)
        {
            _limiter.Prove(node, At(0));
        }

        int asked = 0;
        int answered = 0;
        for (int millisecond = 0; millisecond < 30_000; millisecond++)
        {
            Instant now = At(millisecond / 1000.0);
            for (int i = 0; i < 5; i++)
            {
                _limiter.Admit(nodes[0], FindNode, now, out _, out _);
            }

            if (millisecond % 20 == 0)
            {
                asked++;
                answered += _limiter.Admit(nodes[1 + (millisecond / 20 % 49)], FindNode, now, out int allowance, out _) && allowance == int.MaxValue ? 1 : 0;
            }
        }

        answered.ShouldBe(asked);
        _limiter.Refused(Refusal.Source).ShouldBeGreaterThan(140_000);
    }

    [Fact]
    public void A_flood_from_all_ports_of_an_address_leaves_its_proved_neighbours_answered()
    {
        UdpEndpoint neighbour = s_alice.WithPort(1);
        _limiter.Prove(neighbour, At(0));
        int answered = 0;
        for (int i = 0; i < 100_000; i++)
        {
            Instant now = At(i / 10_000.0);
            _limiter.Admit(s_alice.WithPort((ushort)(2 + (i % 60_000))), FindNode, now, out _, out _);
            if (i % 1000 == 0)
            {
                answered += _limiter.Admit(neighbour, FindNode, now, out _, out _) ? 1 : 0;
            }
        }

        answered.ShouldBe(100);
        _limiter.Refused(Refusal.Host).ShouldBeGreaterThan(50_000);
    }

    [Fact]
    public void A_thousand_addresses_that_answer_pings_are_served()
    {
        // Bar 52: one query a second each for a minute, four /24s.
        int asked = 0;
        int answered = 0;
        for (int second = 0; second < 60; second++)
        {
            for (int i = 0; i < 1000; i++)
            {
                UdpEndpoint asker = UdpEndpoint.FromIPv4((uint)(0x7F010000 + i), 6881);
                Instant now = At(second + (i / 1000.0));
                asked++;
                if (_limiter.Admit(asker, FindNode, now, out int allowance, out _) && allowance >= FullAnswer)
                {
                    answered++;
                    _limiter.Charge(asker, FullAnswer, now);
                }

                if (_limiter.WantsProof(asker, now))
                {
                    _limiter.Charge(asker, OurPing, now);
                    _limiter.Prove(asker, now);
                }
            }
        }

        answered.ShouldBeGreaterThanOrEqualTo(asked * 99 / 100);
    }

    [Fact]
    public void A_thousand_read_only_addresses_are_served_ten_times_a_minute()
    {
        // Bar 52, second run: ro = 1 askers are not pinged and never proved.
        int answered = 0;
        for (int round = 0; round < 30; round++)
        {
            for (int i = 0; i < 1000; i++)
            {
                UdpEndpoint asker = UdpEndpoint.FromIPv4((uint)(0x7F010000 + i), 6881);
                Instant now = At((round * 6.01) + (i / 1000.0));
                if (_limiter.Admit(asker, FindNode, now, out int allowance, out _) && allowance >= FullAnswer)
                {
                    answered++;
                    _limiter.Charge(asker, FullAnswer, now);
                }
            }
        }

        answered.ShouldBeGreaterThanOrEqualTo(29_700);
    }

    [Fact]
    public void Free_answers_do_not_multiply_with_the_ports_of_a_host()
    {
        int free = 0;
        for (int port = 1; port < 3000; port++)
        {
            _limiter.Admit(s_alice.WithPort((ushort)port), FindNode, At(0), out int allowance, out _);
            free += allowance == 1400 ? 1 : 0;
        }

        free.ShouldBe(512);
    }

    [Fact]
    public void Free_answers_do_not_multiply_with_the_hosts_of_a_prefix()
    {
        RateLimiter roomy = new(new RateLimits { TotalRate = 100_000 }, new Random(1));
        int free = 0;
        for (uint i = 0; i < 6000; i++)
        {
            UdpEndpoint asker = UdpEndpoint.FromIPv6(0x20010DB800000000, i, 6881);
            roomy.Admit(asker, FindNode, At(0), out int allowance, out _);
            free += allowance == 1400 ? 1 : 0;
        }

        free.ShouldBe(4096);
    }

    [Fact]
    public void A_source_is_pinged_at_most_once_a_minute()
    {
        int pings = 0;
        for (int i = 0; i < 3000; i++)
        {
            _limiter.Admit(s_alice, Ping, At(i * 0.1), out _, out _);
            pings += _limiter.WantsProof(s_alice, At(i * 0.1)) ? 1 : 0;
        }

        pings.ShouldBe(5);
    }

    [Fact]
    public void A_source_that_never_asked_or_has_no_budget_is_not_pinged()
    {
        _limiter.WantsProof(s_alice, At(0)).ShouldBeFalse();
        UseUpFreeAnswers(s_alice, At(0));
        _limiter.WantsProof(s_alice, At(0)).ShouldBeFalse();
    }

    [Fact]
    public void A_proof_lasts_ten_minutes_and_holds_for_its_port_alone()
    {
        _limiter.Prove(s_alice, At(0));
        _limiter.IsProved(s_alice, At(599.9)).ShouldBeTrue();
        _limiter.IsProved(s_alice.WithPort(1), At(1)).ShouldBeFalse();
        _limiter.WantsProof(s_alice, At(1)).ShouldBeFalse();
        _limiter.Admit(s_alice, Ping, At(1), out int allowance, out _).ShouldBeTrue();
        allowance.ShouldBe(int.MaxValue);
        _limiter.IsProved(s_alice, At(600)).ShouldBeFalse();
    }

    [Fact]
    public void A_proved_source_has_a_burst_of_500_and_then_100_a_second()
    {
        _limiter.Prove(s_alice, At(0));
        CountAdmitted(s_alice, 1000, At(0)).ShouldBe(500);
        CountAdmitted(s_alice, 1000, At(1)).ShouldBe(100);
        CountAdmitted(s_alice, 1000, At(1000)).ShouldBe(500);
    }

    [Fact]
    public void The_node_as_a_whole_has_a_rate_and_strangers_a_part_of_it()
    {
        int strangers = 0;
        for (uint i = 0; i < 30_000; i++)
        {
            strangers += _limiter.Admit(UdpEndpoint.FromIPv4(0x10000000 + (i << 8), 1), Ping, At(0), out _, out _) ? 1 : 0;
        }

        int proved = 0;
        for (uint i = 0; i < 30_000; i++)
        {
            UdpEndpoint friend = UdpEndpoint.FromIPv4(0x20000000 + (i << 8), 1);
            _limiter.Prove(friend, At(0));
            proved += _limiter.Admit(friend, Ping, At(0), out _, out _) ? 1 : 0;
        }

        strangers.ShouldBe(10_000);
        proved.ShouldBe(15_000);
        _limiter.Refused(Refusal.Total).ShouldBe(35_000);
    }

    [Fact]
    public void Without_limits_everything_passes_and_nothing_is_kept()
    {
        var open = new RateLimiter(RateLimits.None, new Random(1));
        for (int i = 0; i < 100_000; i++)
        {
            open.Admit(s_alice, FindNode, At(0), out int allowance, out _).ShouldBeTrue();
            allowance.ShouldBe(int.MaxValue);
            open.Charge(s_alice, 100_000, At(0));
        }

        open.WantsProof(s_alice, At(0)).ShouldBeFalse();
        open.TableBytes.ShouldBe(0);
    }

    [Fact]
    public void Memory_is_bounded_whoever_writes()
    {
        var chance = new Random(7);
        for (int i = 0; i < 1_000_000; i++)
        {
            UdpEndpoint spoofed = UdpEndpoint.FromIPv4((uint)chance.NextInt64(1L << 32), (ushort)chance.Next(1, 65_536));
            _limiter.Admit(spoofed, Ping, At(i / 5000.0), out _, out _);
        }

        _limiter.TableBytes.ShouldBeLessThan(8 << 20);
    }

    [Fact]
    public void A_flood_of_strangers_does_not_make_it_forget_the_proved()
    {
        for (int i = 0; i < 1000; i++)
        {
            _limiter.Prove(UdpEndpoint.FromIPv4((uint)(0x7F010000 + i), 6881), At(0));
        }

        Memory_is_bounded_whoever_writes();
        Enumerable.Range(0, 1000).Count(i => _limiter.IsProved(UdpEndpoint.FromIPv4((uint)(0x7F010000 + i), 6881), At(200))).ShouldBe(1000);
    }

    [Fact]
    public void A_quiet_node_holds_little()
    {
        _limiter.TableBytes.ShouldBe(0);
        _limiter.Admit(s_alice, Ping, At(0), out _, out _);
        _limiter.TableBytes.ShouldBeLessThan(1024);
    }

    [Fact]
    public void Places_of_the_silent_are_used_again_instead_of_growing()
    {
        for (int hour = 0; hour < 100; hour++)
        {
            for (uint i = 0; i < 100; i++)
            {
                _limiter.Admit(UdpEndpoint.FromIPv4((uint)(hour << 16) + (i << 8) + 1, 1), Ping, At(hour * 3600), out _, out _);
            }
        }

        _limiter.TableBytes.ShouldBeLessThan(64 << 10);
    }

    [Theory]
    [InlineData(3600)]
    [InlineData(-3600)]
    [InlineData(28_800)]
    [InlineData(315_360_000)]
    [InlineData(-315_360_000)]
    public void A_clock_that_jumps_breaks_nothing(double seconds)
    {
        UseUpFreeAnswers(s_alice, At(0));
        UdpEndpoint bob = UdpEndpoint.FromIPv4(0x0A000002, 1);
        _limiter.Prove(bob, At(0));
        _limiter.Admit(bob, Ping, At(seconds), out _, out _).ShouldBeTrue();
        _limiter.IsProved(bob, At(seconds)).ShouldBe(seconds < 0);
        CountAdmitted(bob, 2000, At(seconds)).ShouldBeLessThanOrEqualTo(500);
    }

    [Fact]
    public void Numbers_at_the_edge_do_not_overflow()
    {
        Instant[] moments = [new(long.MinValue), new(-1), new(0), new(1), Instant.Never, new(long.MaxValue - 1)];
        int[] sizes = [int.MinValue, -1, 0, 1, int.MaxValue];
        foreach (Instant first in moments)
        {
            var limiter = new RateLimiter(new RateLimits { SourceBurst = int.MaxValue, SourceRate = int.MaxValue, FreeAnswers = 0 }, new Random(1));
            foreach (Instant now in moments.Prepend(first))
            {
                foreach (int size in sizes)
                {
                    limiter.Admit(s_alice, size, now, out _, out _);
                    limiter.Charge(s_alice, size, now);
                    limiter.WantsProof(s_alice, now);
                    limiter.Prove(s_alice, now);
                }
            }
        }
    }

    [Fact]
    public void Weighing_allocates_nothing_once_the_tables_have_their_size()
    {
        Allocations.Least(WeighAll).ShouldBe(0);

        void WeighAll()
        {
            for (int i = 0; i < 5000; i++)
            {
                UdpEndpoint asker = UdpEndpoint.FromIPv4((uint)(0x0A000000 + (i % 500)), 1);
                _limiter.Admit(asker, Ping, At(i / 1000.0), out _, out _);
                _limiter.Charge(asker, Pong, At(i / 1000.0));
                _limiter.WantsProof(asker, At(i / 1000.0));
            }
        }
    }

    private void UseUpFreeAnswers(UdpEndpoint asker, Instant now)
    {
        for (int i = 0; i < 10; i++)
        {
            _limiter.Admit(asker, FindNode, now, out _, out _).ShouldBeTrue();
            _limiter.Charge(asker, FullAnswer, now);
        }
    }

    private int CountAdmitted(UdpEndpoint asker, int queries, Instant now)
    {
        int admitted = 0;
        for (int i = 0; i < queries; i++)
        {
            admitted += _limiter.Admit(asker, Ping, now, out _, out _) ? 1 : 0;
        }

        return admitted;
    }
}
