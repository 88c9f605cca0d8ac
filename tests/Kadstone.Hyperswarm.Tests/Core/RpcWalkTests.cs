using Kadstone.Datagrams;
using Kadstone.Hyperswarm.Core;
using Kadstone.Kademlia;
using static Kadstone.Hyperswarm.Tests.Core.RpcConversation;

namespace Kadstone.Hyperswarm.Tests.Core;

/// <summary>M062, M065, M066, M070: whom a query asks, how much at once, and who gets the commit. In virtual time.</summary>
public sealed class RpcWalkTests
{
    private const uint Command = 42;
    private static readonly Key256 s_target = new(7, 9);
    private static readonly Question s_question = new(Command, IsInternal: false, s_target, new byte[] { 1 });
    private static readonly RpcSettings s_settings = new() { IsPersistent = true, Limits = RateLimits.None };

    [Fact]
    public void Only_the_nodes_that_were_named_are_asked_though_they_name_others()
    {
        RpcConversation talk = new(s_settings);
        RpcNeighbours network = new(talk, 30);
        network.Serves = sent => Response(sent, IdOf(sent.To), RpcNeighbours.Token, closer: network.Closest(s_target));
        UdpEndpoint[] named = [At(28), At(29), At(30)];
        Walk walk = talk.Node.Start(new WalkPlan(s_question, s_target) { Nodes = named, Commits = true }, talk.Now);
        talk.Drain();
        talk.Pass(TimeSpan.FromSeconds(5));
        walk.IsFinished.ShouldBeTrue();
        talk.Sent.Select(sent => sent.To).Distinct().ShouldBe(named, ignoreOrder: true);
        (walk.Good, walk.Stored, walk.Closest().Length).ShouldBe((3, 3, 3));
    }

    [Fact]
    public void A_named_node_without_an_id_is_asked_and_gets_the_commit_as_well()
    {
        RpcConversation talk = new(s_settings);
        _ = new RpcNeighbours(talk, 3) { Serves = sent => Response(sent, token: RpcNeighbours.Token) };
        Walk walk = talk.Node.Start(new WalkPlan(s_question, s_target) { Nodes = [At(2), At(9)], Commits = true }, talk.Now);
        talk.Drain();
        talk.Pass(TimeSpan.FromSeconds(30));
        (walk.IsFinished, walk.Good, walk.Unanswered, walk.Stored).ShouldBe((true, 1, 1, 1));
    }

    [Fact]
    public void The_twenty_closest_of_two_hundred_get_the_commit_each_with_its_own_token()
    {
        RpcConversation talk = new(s_settings);
        RpcNeighbours network = new(talk, 200);
        network.Serves = sent => Response(sent, IdOf(sent.To), TokenOf(sent.To), closer: network.Closest(s_target));
        network.Join();
        Walk walk = talk.Node.Start(s_question, s_target, keeps: false, commits: true, () => { }, talk.Now);
        talk.Drain();
        talk.Pass(TimeSpan.FromSeconds(5));
        RpcSent[] commits = [.. talk.Sent.Where(sent => sent.IsRequest && sent.Read().HasToken)];
        commits.Select(sent => sent.To).ShouldBe(network.Closest(s_target), ignoreOrder: true);
        commits.Select(sent => sent.Read().Token.ToArray()).ShouldBe(commits.Select(sent => TokenOf(sent.To)));
        (walk.Stored, walk.RefusedCommits, walk.SilentCommits).ShouldBe((20, 0, 0));
    }

    [Fact]
    public void A_token_that_has_died_meanwhile_is_renewed_once()
    {
        RpcConversation talk = new(s_settings);
        RpcNeighbours network = new(talk, 2);
        byte[] fresh = new byte[32];
        network.Serves = sent => (sent.Read().HasToken, sent.Read().Token.SequenceEqual(fresh), sent.To == At(1)) switch
        {
            (true, false, _) or (true, true, true) => Response(sent, IdOf(sent.To), fresh, error: RpcError.InvalidToken),
            _ => Response(sent, IdOf(sent.To), RpcNeighbours.Token, closer: network.All),
        };
        network.Join();
        Walk walk = talk.Node.Start(s_question, s_target, keeps: false, commits: true, () => { }, talk.Now);
        talk.Drain();
        talk.Pass(TimeSpan.FromSeconds(30));
        (walk.IsFinished, walk.Stored, walk.RefusedCommits, walk.CommitError).ShouldBe((true, 1, 1, (uint)RpcError.InvalidToken));
        talk.Sent.Count(sent => sent.IsRequest && sent.Read().HasToken).ShouldBe(4);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(16)]
    public void No_more_is_under_way_than_was_allowed(int concurrency)
    {
        RpcConversation talk = new(s_settings);
        RpcNeighbours network = new(talk, 100);
        network.Join();
        network.Serves = _ => null;
        int before = talk.Sent.Count;
        talk.Node.Start(new WalkPlan(s_question, s_target) { Concurrency = concurrency }, talk.Now);
        talk.Drain();
        talk.Sent.Skip(before).Count(sent => sent.IsRequest).ShouldBe(concurrency);
    }

    [Fact]
    public void While_nobody_takes_the_answers_no_more_is_asked()
    {
        RpcConversation talk = new(s_settings);
        RpcNeighbours network = new(talk, 200);
        network.Serves = sent => Response(sent, IdOf(sent.To), RpcNeighbours.Token, closer: network.Closest(s_target));
        network.Join();
        int before = talk.Sent.Count(Asks);
        Walk walk = talk.Node.Start(new WalkPlan(s_question, s_target) { Keeps = true, Concurrency = 16 }, talk.Now);
        talk.Drain();
        talk.Pass(TimeSpan.FromMinutes(1));
        int held = talk.Sent.Count(Asks) - before;
        held.ShouldBeInRange(16, 32);
        walk.IsFinished.ShouldBeFalse();

        List<RpcAnswer> answers = [];
        while (walk.TryTake(out RpcAnswer? answer))
        {
            answers.Add(answer);
            talk.Node.Resume();
            talk.Drain();
        }

        talk.Pass(TimeSpan.FromSeconds(10));
        (walk.IsFinished, answers.Count).ShouldBe((true, talk.Sent.Count(Asks) - before));
        answers.Count.ShouldBeGreaterThanOrEqualTo(20);

        static bool Asks(RpcSent sent) => sent.IsRequest && sent.Read().Command == Command;
    }

    [Fact]
    public void A_query_that_waits_for_its_caller_wakes_nobody()
    {
        RpcConversation talk = new(s_settings);
        RpcNeighbours network = new(talk, 100);
        network.Serves = sent => sent.To.Address % 3 == 0 ? null : Response(sent, IdOf(sent.To), RpcNeighbours.Token, closer: network.Closest(s_target));
        network.Join();
        Walk walk = talk.Node.Start(new WalkPlan(s_question, s_target) { Keeps = true, Concurrency = 8 }, talk.Now);
        talk.Drain();
        talk.Pass(TimeSpan.FromSeconds(30));
        walk.IsPaused.ShouldBeTrue();
        for (int i = 0; i < 3; i++)
        {
            talk.Node.Elapse(talk.Now);
            talk.Drain();
            talk.Node.NextDeadline.ShouldBeGreaterThan(talk.Now);
        }
    }

    [Fact]
    public void Of_a_query_that_was_left_nothing_is_sent_any_more()
    {
        RpcConversation talk = new(s_settings);
        RpcNeighbours network = new(talk, 50);
        network.Join();
        network.Serves = _ => null;
        int known = talk.Node.Table.Count;
        Walk walk = talk.Node.Start(s_question, s_target, keeps: true, commits: true, () => { }, talk.Now);
        DirectQuery direct = new();
        talk.Node.Start(direct, s_question, RpcContact.FromEndpoint(At(3)), 4, talk.Now);
        talk.Drain();
        walk.Stop();
        direct.Leave();
        int before = talk.Sent.Count(sent => sent.Read().Command == Command);
        talk.Pass(TimeSpan.FromSeconds(20));
        talk.Sent.Count(sent => sent.Read().Command == Command).ShouldBe(before);

        // One datagram without an answer proves nothing: nobody loses a place by it.
        (talk.Node.Table.Count, talk.Node.Table.SoundCount).ShouldBe((known, known));
        talk.Node.OpenRequests.ShouldBe(0);
    }

    [Fact]
    public void Whoever_named_a_silent_node_is_told_and_fifty_hints_a_tick_are_the_most()
    {
        RpcConversation talk = new(s_settings);
        RpcNeighbours network = new(talk, 60);
        network.Join();
        UdpEndpoint gone = At(500);
        network.Serves = sent => Response(sent, IdOf(sent.To), closer: [gone]);
        Walk walk = talk.Node.Start(new WalkPlan(s_question, IdOf(gone)) { Concurrency = 20 }, talk.Now);
        talk.Drain();
        talk.Pass(TimeSpan.FromSeconds(20));
        UdpEndpoint[] namers = [.. talk.Sent.Where(sent => sent.IsRequest && sent.Read().Command == Command && sent.To != gone).Select(sent => sent.To)];
        RpcSent[] hints = [.. talk.Sent.Where(IsHint)];
        hints.Select(sent => sent.To).ShouldBe(namers, ignoreOrder: true);
        hints.Select(Named).Distinct().ShouldBe([gone]);
        walk.IsFinished.ShouldBeTrue();

        // Many silent ones at once: no more than fifty in a tick, whoever wants them named.
        int before = talk.Sent.Count;
        network.Serves = sent => Response(sent, IdOf(sent.To), closer: [.. Enumerable.Range(600, 20).Select(At)]);
        talk.Node.Start(new WalkPlan(s_question, IdOf(At(605))) { Concurrency = 20 }, talk.Now);
        talk.Drain();
        talk.Pass(TimeSpan.FromSeconds(4));
        talk.Sent.Skip(before).Count(IsHint).ShouldBeInRange(40, 100);

        static bool IsHint(RpcSent sent) => sent.IsRequest && sent.Read() is { IsInternal: true, Command: (uint)RpcInternalCommand.DownHint };

        static UdpEndpoint Named(RpcSent sent)
        {
            RpcInternalValue.TryReadHint(sent.Read().Value, out UdpEndpoint silent).ShouldBeTrue();
            return silent;
        }
    }

    [Fact]
    public void What_does_not_fit_the_window_waits_and_goes_out_later()
    {
        RpcConversation talk = new(s_settings);
        DirectQuery[] queries = [.. Enumerable.Range(1, 200).Select(_ => new DirectQuery())];
        for (int i = 0; i < queries.Length; i++)
        {
            talk.Node.Start(queries[i], Question.Ping, RpcContact.FromEndpoint(At(i)), 1, talk.Now);
        }

        talk.Drain();
        talk.Sent.Count.ShouldBe(80);
        talk.Pass(TimeSpan.FromMilliseconds(760));
        talk.Sent.Count.ShouldBe(160);

        // An answer makes room for one more at once.
        RpcSent answered = talk.Sent[100];
        talk.Deliver(Response(answered, IdOf(answered.To)), answered.To);
        talk.Sent.Count.ShouldBe(161);
        talk.Pass(TimeSpan.FromSeconds(10));
        queries.ShouldAllBe(query => query.Outcome == DirectOutcome.Silent || query.Outcome == DirectOutcome.Answered);

        // And the queue before the window is bounded: 80 go, 1,024 wait, the others are told at once.
        talk.Node.Counters.WindowFull.ShouldBe(0);
        DirectQuery[] many = [.. Enumerable.Range(1, 1_500).Select(_ => new DirectQuery())];
        for (int i = 0; i < many.Length; i++)
        {
            talk.Node.Start(many[i], Question.Ping, RpcContact.FromEndpoint(At(1_000 + i)), 1, talk.Now);
        }

        talk.Node.Counters.WindowFull.ShouldBe(1_500 - 1_024 - 80);
        many.Count(query => query.Outcome == DirectOutcome.NotSent).ShouldBe(1_500 - 1_024 - 80);
    }

    [Fact]
    public void Saved_contacts_let_a_node_join_with_every_bootstrap_node_dead()
    {
        RpcConversation talk = new(s_settings);
        RpcNeighbours network = new(talk, 12);
        talk.Node.AddBootstrap(At(700), talk.Now);
        talk.Node.AddSaved(At(701));
        talk.Node.AddSaved(network.All[4]);
        talk.Node.Join(talk.Now);
        talk.Drain();
        talk.Pass(TimeSpan.FromSeconds(20));
        (talk.Node.HasJoined, talk.Node.Table.Count).ShouldBe((true, 12));
    }

    [Fact]
    public void Whoever_lost_everybody_asks_those_it_knew_and_has_names_resolved_again()
    {
        RpcConversation talk = new(s_settings);
        RpcNeighbours network = new(talk, 12);
        network.Join();
        int wanted = 0;
        talk.Node.RunEmpty = () => wanted++;
        network.Silent.UnionWith(network.All);
        talk.Pass(TimeSpan.FromHours(4));
        talk.Node.Table.Count.ShouldBe(0);
        wanted.ShouldBeGreaterThan(0);

        // The bootstrap node stays away.
        network.Silent.ExceptWith(network.All.Skip(1));
        talk.Pass(TimeSpan.FromMinutes(2));
        talk.Node.Table.Count.ShouldBe(11);
    }

    private static byte[] TokenOf(UdpEndpoint node)
    {
        byte[] token = new byte[32];
        IdOf(node).Write(token);
        return token;
    }
}
