using Kadstone.Crypto;
using Kadstone.Kademlia;

namespace Kadstone.Datagrams.Tests;

public sealed class RequestTableTests
{
    private static readonly UdpEndpoint s_alice = UdpEndpoint.FromIPv4(0x0A000001, 6881);
    private static readonly UdpEndpoint s_bob = UdpEndpoint.FromIPv4(0x0A000002, 6881);

    private static Instant At(double seconds) => new((long)(seconds * TimeSpan.TicksPerSecond));

    [Fact]
    public void An_answer_with_transaction_endpoint_and_socket_closes_once()
    {
        var table = new RequestTable<string>(new Random(1));
        table.TryOpen(s_alice, 0, "find", At(1), out uint transaction).ShouldBeTrue();
        table.Count.ShouldBe(1);

        table.TryClose(transaction, s_alice, 0, out string tag).ShouldBeTrue();
        tag.ShouldBe("find");
        table.Count.ShouldBe(0);
        table.TryClose(transaction, s_alice, 0, out _).ShouldBeFalse();
    }

    [Fact]
    public void An_answer_from_elsewhere_closes_nothing()
    {
        var table = new RequestTable<int>(new Random(1));
        table.TryOpen(s_alice, 0, 7, At(1), out uint transaction);

        table.TryClose(transaction + 1, s_alice, 0, out _).ShouldBeFalse();
        table.TryClose(transaction, s_bob, 0, out _).ShouldBeFalse();
        table.TryClose(transaction, s_alice.WithPort(6882), 0, out _).ShouldBeFalse();
        table.TryClose(transaction, UdpEndpoint.FromIPv6(0, 0x0A000001, 6881), 0, out _).ShouldBeFalse();
        table.TryClose(transaction, s_alice, 1, out _).ShouldBeFalse();
        table.Count.ShouldBe(1);
        table.TryClose(transaction, s_alice, 0, out int tag).ShouldBeTrue();
        tag.ShouldBe(7);
    }

    [Fact]
    public void A_million_blind_answers_close_nothing()
    {
        var table = new RequestTable<int>(new Random(2));
        for (int i = 0; i < 4; i++)
        {
            table.TryOpen(s_alice, 0, i, At(1), out _).ShouldBeTrue();
        }

        // The forger knows whom we asked and guesses one of four transactions of 32 bits: 0.001 expected in a million.
        var forger = new Random(3);
        int accepted = 0;
        for (int i = 0; i < 1_000_000; i++)
        {
            accepted += table.TryClose((uint)forger.NextInt64(1L << 32), s_alice, 0, out _) ? 1 : 0;
        }

        accepted.ShouldBe(0);
        table.Count.ShouldBe(4);
    }

    [Fact]
    public void Requests_expire_in_the_order_of_their_deadlines()
    {
        var table = new RequestTable<int>(new Random(4));
        var chance = new Random(5);
        int[] seconds = [.. Enumerable.Range(0, 500)];
        chance.Shuffle(seconds);
        foreach (int second in seconds)
        {
            table.TryOpen(s_alice.WithPort((ushort)(1 + (second % 7))), 0, second, At(second), out _);
        }

        table.NextDeadline.ShouldBe(At(0));
        for (int expected = 0; expected < 500; expected++)
        {
            table.TryExpire(At(499), out _, out UdpEndpoint to, out int tag).ShouldBeTrue();
            tag.ShouldBe(expected);
            to.Port.ShouldBe((ushort)(1 + (expected % 7)));
        }

        table.TryExpire(At(499), out _, out _, out _).ShouldBeFalse();
        table.NextDeadline.ShouldBe(Instant.Never);
    }

    [Fact]
    public void A_request_expires_at_its_deadline_and_not_before()
    {
        var table = new RequestTable<int>(new Random(1));
        table.TryOpen(s_alice, 0, 1, At(1), out uint opened);

        table.TryExpire(At(0.999), out _, out _, out _).ShouldBeFalse();
        table.TryExpire(At(1), out uint expired, out UdpEndpoint to, out _).ShouldBeTrue();
        expired.ShouldBe(opened);
        to.ShouldBe(s_alice);
        table.TryClose(opened, s_alice, 0, out _).ShouldBeFalse();
    }

    [Fact]
    public void A_request_without_deadline_never_expires()
    {
        var table = new RequestTable<int>(new Random(1));
        table.TryExpire(Instant.Never, out _, out _, out _).ShouldBeFalse();
        table.TryOpen(s_alice, 0, 1, Instant.Never, out _);
        table.TryExpire(At(1e9), out _, out _, out _).ShouldBeFalse();
    }

    [Fact]
    public void A_full_table_opens_nothing_until_one_closes()
    {
        var table = new RequestTable<int>(new Random(1), capacity: 10);
        uint last = 0;
        for (int i = 0; i < 10; i++)
        {
            table.TryOpen(s_alice, 0, i, At(1), out last).ShouldBeTrue();
        }

        table.TryOpen(s_bob, 0, 10, At(1), out _).ShouldBeFalse();
        table.Cancel(last, s_alice, 0, out int tag).ShouldBeTrue();
        tag.ShouldBe(9);
        table.TryOpen(s_bob, 0, 10, At(1), out _).ShouldBeTrue();
    }

    [Fact]
    public void An_endpoint_has_at_most_its_share()
    {
        var table = new RequestTable<int>(new Random(1), transactionBits: 16, maxPerEndpoint: 4);
        for (int i = 0; i < 4; i++)
        {
            table.TryOpen(s_alice, 0, i, At(1), out uint transaction).ShouldBeTrue();
            transaction.ShouldBeLessThanOrEqualTo(ushort.MaxValue);
        }

        table.TryOpen(s_alice, 1, 4, At(1), out _).ShouldBeFalse();
        table.TryOpen(s_bob, 0, 4, At(1), out _).ShouldBeTrue();
    }

    [Fact]
    public void Transactions_to_one_endpoint_differ_even_when_they_are_scarce()
    {
        var table = new RequestTable<int>(new Random(1), transactionBits: 8);
        var seen = new HashSet<uint>();
        for (int i = 0; i < 128; i++)
        {
            table.TryOpen(s_alice, 0, i, At(1), out uint transaction).ShouldBeTrue();
            seen.Add(transaction).ShouldBeTrue();
        }

        // Whoever runs out of numbers is refused, not given one twice.
        for (int i = 0; i < 10_000; i++)
        {
            if (table.TryOpen(s_alice, 0, i, At(1), out uint transaction))
            {
                seen.Add(transaction).ShouldBeTrue();
            }
        }

        table.Count.ShouldBeLessThanOrEqualTo(256);
    }

    [Fact]
    public void Awaiting_follows_what_is_open()
    {
        var table = new RequestTable<int>(new Random(1));
        table.IsAwaiting(s_alice).ShouldBeFalse();
        table.TryOpen(s_alice, 0, 1, At(1), out uint first);
        table.TryOpen(s_alice, 0, 2, At(2), out uint second);
        table.IsAwaiting(s_alice).ShouldBeTrue();
        table.IsAwaiting(s_bob).ShouldBeFalse();
        table.IsAwaiting(s_alice.WithPort(1)).ShouldBeFalse();

        table.TryClose(first, s_alice, 0, out _);
        table.IsAwaiting(s_alice).ShouldBeTrue();
        table.TryClose(second, s_alice, 0, out _);
        table.IsAwaiting(s_alice).ShouldBeFalse();
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void It_behaves_as_a_plain_dictionary_would(int seed)
    {
        var chance = new Random(seed);
        var table = new RequestTable<int>(new Random(seed + 100), capacity: 200);
        var model = new Dictionary<(uint, UdpEndpoint, byte), (int Tag, Instant Deadline)>();
        for (int step = 0; step < 20_000; step++)
        {
            UdpEndpoint to = UdpEndpoint.FromIPv4((uint)chance.Next(1, 20), 1);
            byte socket = (byte)chance.Next(2);
            switch (chance.Next(10))
            {
                case < 5:
                    Instant deadline = At(step + chance.Next(300));
                    if (table.TryOpen(to, socket, step, deadline, out uint opened))
                    {
                        model.Add((opened, to, socket), (step, deadline));
                    }
                    else
                    {
                        model.Count.ShouldBe(200);
                    }

                    break;
                case < 9:
                    if (model.Count > 0)
                    {
                        (uint Transaction, UdpEndpoint To, byte Socket) key = model.Keys.ElementAt(chance.Next(model.Count));
                        table.TryClose(key.Transaction, key.To, key.Socket, out int tag).ShouldBeTrue();
                        tag.ShouldBe(model[key].Tag);
                        model.Remove(key);
                    }

                    break;
                default:
                    while (table.TryExpire(At(step), out uint expired, out UdpEndpoint from, out int gone))
                    {
                        (uint, UdpEndpoint, byte) key = model.Single(entry => entry.Value.Tag == gone).Key;
                        key.Item1.ShouldBe(expired);
                        key.Item2.ShouldBe(from);
                        model[key].Deadline.ShouldBeLessThanOrEqualTo(At(step));
                        model.Remove(key);
                    }

                    break;
            }

            table.Count.ShouldBe(model.Count);
            table.NextDeadline.ShouldBe(model.Count == 0 ? Instant.Never : model.Values.Min(value => value.Deadline));
            table.IsAwaiting(to).ShouldBe(model.Keys.Any(key => key.Item2 == to));
        }
    }

    [Fact]
    public void All_requests_to_one_endpoint_are_counted_and_given_up_and_those_to_others_stay()
    {
        var table = new RequestTable<int>(new SecureRandom());
        table.TryGiveUp(s_alice, out _).ShouldBeFalse();
        for (int i = 0; i < 40; i++)
        {
            table.TryOpen(i % 2 == 0 ? s_alice : s_alice.WithPort((ushort)(i + 1)), 0, i, At(i), out _).ShouldBeTrue();
        }

        table.CountOpenTo(s_alice).ShouldBe(20);
        List<int> tags = [];
        while (table.TryGiveUp(s_alice, out int tag))
        {
            tags.Add(tag);
        }

        tags.ShouldBe(Enumerable.Range(0, 20).Select(i => 2 * i), ignoreOrder: true);
        (table.Count, table.CountOpenTo(s_alice), table.IsAwaiting(s_alice), table.NextDeadline).ShouldBe((20, 0, false, At(1)));
    }

    [Fact]
    public void Opening_and_closing_allocates_nothing_once_the_table_has_its_size()
    {
        var table = new RequestTable<int>(new SecureRandom());
        Allocations.Least(() => Exchange(10_000)).ShouldBe(0);

        void Exchange(int rounds)
        {
            for (int i = 0; i < rounds; i++)
            {
                table.TryOpen(s_alice, 0, i, At(i), out uint transaction);
                table.IsAwaiting(s_alice);
                table.TryClose(transaction, s_alice, 0, out _);
            }
        }
    }
}
