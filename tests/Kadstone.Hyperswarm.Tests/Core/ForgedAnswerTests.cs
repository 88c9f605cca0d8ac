using Kadstone.Datagrams;
using Kadstone.Hyperswarm.Core;
using Kadstone.Hyperswarm.Core.Gen1;
using Kadstone.Hyperswarm.Tests.Gen1;
using Kadstone.Kademlia;
using static Kadstone.Hyperswarm.Tests.Core.RpcConversation;

namespace Kadstone.Hyperswarm.Tests.Core;

/// <summary>Bar 17: who forges the address of one that was asked has few tries at the number, though it has no more than 16 bits.</summary>
public sealed class ForgedAnswerTests(ITestOutputHelper output)
{
    [Theory]
    [InlineData(1, 64)]
    [InlineData(4, 64)]
    [InlineData(16, 16)]
    [InlineData(64, 8)]
    public void After_so_many_wrong_numbers_nothing_of_that_endpoint_is_waited_for(int open, int tries)
    {
        RpcConversation talk = new(new RpcSettings { IsPersistent = true, Limits = RateLimits.None });
        DirectQuery[] queries = Ask(talk, open);
        DirectQuery other = new();
        talk.Node.Start(other, Question.Ping, RpcContact.FromEndpoint(At(2)), 1, talk.Now);
        talk.Drain();
        HashSet<ushort> asked = [.. talk.Sent.Select(sent => sent.Read().Transaction)];
        byte[] answer = Response(talk.Sent[0], IdOf(At(1)));
        ushort[] wrong = [.. Enumerable.Range(0, 65_536).Select(i => (ushort)i).Where(number => !asked.Contains(number)).Take(tries)];
        for (int i = 0; i < tries; i++)
        {
            queries.ShouldAllBe(query => query.Outcome == DirectOutcome.Open, $"{i} wrong ones");
            talk.Deliver(Numbered(answer, wrong[i]), At(1));
        }

        queries.ShouldAllBe(query => query.Outcome == DirectOutcome.Silent);
        (talk.Node.OpenRequests, talk.Node.Counters.GivenUp, other.Outcome).ShouldBe((1, (long)open, DirectOutcome.Open));

        // Even the true answer comes too late now.
        talk.Deliver(answer, At(1));
        (talk.Node.Table.Count, talk.Node.Counters.Answers).ShouldBe((0, 0));
    }

    [Fact]
    public void A_true_answer_in_between_clears_the_name()
    {
        RpcConversation talk = new(new RpcSettings { IsPersistent = true, Limits = RateLimits.None });
        for (int round = 0; round < 10; round++)
        {
            int before = talk.Sent.Count;
            Ask(talk, 1);
            byte[] answer = Response(talk.Sent[before], IdOf(At(1)));
            ushort number = talk.Sent[before].Read().Transaction;
            for (int i = 1; i < 60; i++)
            {
                talk.Deliver(Numbered(answer, (ushort)(number + i)), At(1));
            }

            talk.Deliver(answer, At(1));
        }

        (talk.Node.Counters.Answers, talk.Node.Counters.GivenUp).ShouldBe((10, 0));
    }

    [Fact]
    public void Who_is_named_by_a_forger_keeps_its_place_in_the_table()
    {
        RpcConversation talk = new();
        talk.Meet(1);
        Ask(talk, 1);
        byte[] answer = Response(talk.Sent.Last(sent => sent.IsRequest), IdOf(At(1)));
        ushort number = talk.Sent.Last(sent => sent.IsRequest).Read().Transaction;
        for (int i = 1; i <= 64; i++)
        {
            talk.Deliver(Numbered(answer, (ushort)(number + i)), At(1));
        }

        talk.Node.Counters.GivenUp.ShouldBe(1);
        talk.Node.Table.Entries.Single().Failures.ShouldBe(0);
    }

    [Fact]
    public void Wrong_answers_leave_nothing_behind_when_nobody_is_asked_any_more()
    {
        WrongAnswers wrong = new();
        wrong.IsTooMany(At(1), open: 0).ShouldBeFalse();
        wrong.Count.ShouldBe(0);
        for (int i = 0; i < 1_024; i++)
        {
            wrong.IsTooMany(At(i), open: 1).ShouldBeFalse();
        }

        wrong.IsTooMany(At(5_000), open: 1).ShouldBeTrue("there is no room to count");
        wrong.IsTooMany(At(5), open: 1).ShouldBeFalse();
        for (int i = 0; i < 1_024; i++)
        {
            wrong.Forget(At(i));
        }

        wrong.Count.ShouldBe(0);
    }

    [Fact]
    public void A_million_blind_answers_hit_no_more_often_than_256_in_65536_attacks_allow()
    {
        RpcConversation talk = new(new RpcSettings { IsPersistent = true, Limits = RateLimits.None }) { Keeps = false };
        RpcSent? last = null;
        talk.Network = sent => last = sent.IsRequest ? sent : last;
        Random chance = new(11);
        int attacks = 0;
        int forged = 0;
        while (forged < 1_000_000)
        {
            attacks++;
            Ask(talk, 4);
            byte[] answer = Response(last!, IdOf(At(1)));
            while (talk.Node.OpenRequests > 0)
            {
                forged++;
                talk.Node.Receive(Numbered(answer, (ushort)chance.Next(65_536)), At(1), 0, talk.Now);
            }

            talk.Pass(TimeSpan.FromSeconds(3));
        }

        double hits = talk.Node.Counters.Answers / (double)attacks;
        output.WriteLine($"{forged:N0} forged, {attacks:N0} attacks, {talk.Node.Counters.Answers} hits: {hits:P2} an attack");
        hits.ShouldBeLessThanOrEqualTo(1.5 * 256 / 65_536);
    }

    [Fact]
    public void The_first_generation_counts_as_well()
    {
        Gen1Conversation talk = new();
        Gen1DirectQuery[] queries = [.. Enumerable.Range(0, 4).Select(_ => new Gen1DirectQuery())];
        foreach (Gen1DirectQuery query in queries)
        {
            talk.Node.Ping(query, Gen1Conversation.At(1), talk.Now);
        }

        talk.Drain();
        HashSet<int> asked = [.. talk.Sent.Select(sent => (int)sent.Read().Transaction)];
        byte[] answer = Gen1Conversation.Response(talk.Sent[0], Gen1Conversation.IdOf(1));
        int wrong = 0;
        for (int number = 0; wrong < 64; number++)
        {
            if (!asked.Contains(number))
            {
                queries.ShouldAllBe(query => query.Outcome == DirectOutcome.Open);
                byte[] bent = [.. answer];
                (bent[0], bent[1]) = ((byte)(number >> 8), (byte)number);
                talk.Deliver(bent, Gen1Conversation.At(1));
                wrong++;
            }
        }

        queries.ShouldAllBe(query => query.Outcome == DirectOutcome.Silent);
        talk.Deliver(answer, Gen1Conversation.At(1));
        (talk.Node.OpenRequests, talk.Node.Counters.GivenUp, talk.Node.Counters.Answers, talk.Node.Table.Count).ShouldBe((0, 4, 0, 0));
    }

    private static DirectQuery[] Ask(RpcConversation talk, int open)
    {
        DirectQuery[] queries = [.. Enumerable.Range(0, open).Select(_ => new DirectQuery())];
        foreach (DirectQuery query in queries)
        {
            talk.Node.Start(query, Question.Ping, RpcContact.FromEndpoint(At(1)), 1, talk.Now);
        }

        talk.Drain();
        return queries;
    }

    private static byte[] Numbered(byte[] answer, ushort number)
    {
        byte[] bent = [.. answer];
        (bent[2], bent[3]) = ((byte)number, (byte)(number >> 8));
        return bent;
    }
}
