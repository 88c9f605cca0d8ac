using System.Collections.Concurrent;
using Kadstone.Datagrams;
using Kadstone.Kademlia;

namespace Kadstone.Hyperswarm.Tests.Facade;

/// <summary>M059 to M072: queries and commits as a caller sees them.</summary>
public sealed class RpcQueryTests
{
    private static readonly RpcCommand s_command = new("custom", 99);

    [Fact]
    public async Task Answers_come_one_by_one_with_value_and_node()
    {
        await using RpcDevnet devnet = await RpcDevnet.StartAsync(6);
        devnet.ServeAll(s_command, (node, _) => new RpcReply(BitConverter.GetBytes(node.LocalEndpoint.Port)));
        RpcQuery query = devnet[5].QueryAsync(RpcDevnet.RandomKey(), s_command);
        IReadOnlyList<RpcAnswer> answers = await query.ToListAsync(RpcDevnet.Guard());
        answers.Select(answer => answer.From).ShouldBe(devnet.Nodes.Take(5).Select(node => node.Endpoint()), ignoreOrder: true);
        answers.ShouldAllBe(answer => answer.Phase == RpcPhase.Walk && BitConverter.ToInt32(answer.Value!.Value.ToArray()) == answer.From.Port);
        (query.Responses, query.Errors, query.Commits, query.FailedCommits).ShouldBe((5, 0, 0, 0));
        query.Closest.Count.ShouldBe(5);
        query.Warnings.ShouldBeEmpty();
    }

    [Fact]
    public async Task The_first_answer_is_there_while_others_are_still_awaited()
    {
        await using RpcDevnet devnet = await RpcDevnet.StartAsync(4);
        TaskCompletionSource release = new(TaskCreationOptions.RunContinuationsAsynchronously);
        devnet[0].OnQuery(s_command, (_, _) => ValueTask.FromResult(RpcReply.Empty));
        foreach (RpcNode slow in devnet.Nodes.Skip(1).Take(2))
        {
            slow.OnQuery(s_command, async (_, cancellationToken) =>
            {
                await release.Task.WaitAsync(cancellationToken);
                return RpcReply.Empty;
            });
        }

        int answers = 0;
        await foreach (RpcAnswer answer in devnet[3].QueryAsync(RpcDevnet.RandomKey(), s_command).WithCancellation(RpcDevnet.Guard()))
        {
            if (answers++ == 0)
            {
                answer.From.ShouldBe(devnet[0].Endpoint());
                release.SetResult();
            }
        }

        answers.ShouldBe(3);
    }

    [Fact]
    public async Task The_list_is_what_the_loop_gives_and_a_query_runs_once()
    {
        await using RpcDevnet devnet = await RpcDevnet.StartAsync(4);
        devnet.ServeAll(s_command, (_, _) => RpcReply.Empty);
        RpcQuery query = devnet[3].QueryAsync(RpcDevnet.RandomKey(), s_command);
        List<UdpEndpoint> looped = [];
        await foreach (RpcAnswer answer in query.WithCancellation(RpcDevnet.Guard()))
        {
            looped.Add(answer.From);
        }

        IReadOnlyList<RpcAnswer> listed = await devnet[3].QueryAsync(RpcDevnet.RandomKey(), s_command).ToListAsync(RpcDevnet.Guard());
        listed.Select(answer => answer.From).ShouldBe(looped, ignoreOrder: true);
        await Should.ThrowAsync<InvalidOperationException>(() => query.ToListAsync(RpcDevnet.Guard()));
    }

    [Fact]
    public void A_target_has_32_bytes_and_the_sentence_says_so()
    {
        // A missing one the compiler refuses: a target is a value, and never null.
        typeof(IRpcNode).GetMethod(nameof(IRpcNode.QueryAsync))!.GetParameters()[0].ParameterType.ShouldBe(typeof(Key256));
        foreach (int length in (int[])[0, 31])
        {
            Should.Throw<ArgumentException>(() => Key256.Read(new byte[length])).Message.ShouldContain("has 32 bytes");
        }
    }

    [Fact]
    public async Task Only_the_nodes_that_were_named_hear_of_it()
    {
        await using RpcDevnet devnet = await RpcDevnet.StartAsync(8);
        ConcurrentBag<int> asked = [];
        devnet.ServeAll(s_command, (node, _) =>
        {
            asked.Add(devnet.Nodes.ToList().IndexOf(node));
            return RpcReply.Empty;
        });
        UdpEndpoint[] named = [devnet[2].Endpoint(), devnet[5].Endpoint(), devnet[2].Endpoint()];
        RpcQuery query = devnet[7].ClosestAsync(RpcDevnet.RandomKey(), s_command, options: new RpcQueryOptions { Nodes = named });
        (await query.ToListAsync(RpcDevnet.Guard())).Select(answer => answer.From).ShouldBe(named.Distinct(), ignoreOrder: true);
        asked.Order().ShouldBe([2, 2, 5, 5]);
        (query.Responses, query.Commits).ShouldBe((2, 2));
    }

    [Fact]
    public async Task Named_nodes_are_asked_before_the_join_is_over_and_without_one()
    {
        await using RpcDevnet devnet = await RpcDevnet.StartAsync(1);
        devnet.ServeAll(s_command, (_, _) => RpcReply.Empty);
        await using RpcNode node = RpcNode.Create(RpcDevnet.OptionsOf("127.0.0.1:9"));
        IReadOnlyList<RpcAnswer> answers = await node.QueryAsync(default(Key256), s_command, options: new RpcQueryOptions { Nodes = [devnet[0].Endpoint()] }).ToListAsync(RpcDevnet.Guard());
        answers.ShouldHaveSingleItem();
    }

    [Fact]
    public async Task Exactly_the_twenty_closest_get_a_commit_and_each_answer_is_an_item()
    {
        await using RpcDevnet devnet = await RpcDevnet.StartAsync(26);
        ConcurrentBag<UdpEndpoint> committed = [];
        devnet.ServeAll(s_command, (node, request) =>
        {
            if (request.IsCommit)
            {
                committed.Add(node.Endpoint());
            }

            return RpcReply.Empty;
        });
        Key256 target = RpcDevnet.RandomKey();
        RpcQuery query = devnet[25].ClosestAsync(target, s_command, "v"u8.ToArray());
        IReadOnlyList<RpcAnswer> acks = await query.ToListAsync(RpcDevnet.Guard());
        UdpEndpoint[] closest = [.. devnet.Nodes.Take(25).OrderBy(node => node.Id!.Value ^ target).Take(20).Select(node => node.Endpoint())];
        committed.ShouldBe(closest, ignoreOrder: true);
        acks.Select(ack => ack.From).ShouldBe(closest, ignoreOrder: true);
        acks.ShouldAllBe(ack => ack.Phase == RpcPhase.Commit);
        (query.Commits, query.FailedCommits).ShouldBe((20, 0));
        query.Closest.Select(contact => contact.Endpoint).ShouldBe(closest);
    }

    [Fact]
    public async Task Verbose_gives_the_walk_as_well_and_says_which_is_which()
    {
        await using RpcDevnet devnet = await RpcDevnet.StartAsync(5);
        devnet.ServeAll(s_command, (_, _) => RpcReply.Empty);
        RpcQuery query = devnet[4].ClosestAsync(RpcDevnet.RandomKey(), s_command, options: new RpcQueryOptions { Verbose = true });
        IReadOnlyList<RpcAnswer> answers = await query.ToListAsync(RpcDevnet.Guard());
        answers.Count(answer => answer.Phase == RpcPhase.Walk).ShouldBe(4);
        answers.Count(answer => answer.Phase == RpcPhase.Commit).ShouldBe(4);
    }

    [Fact]
    public async Task What_went_wrong_with_single_nodes_is_counted_and_told()
    {
        await using RpcDevnet devnet = await RpcDevnet.StartAsync(4);
        devnet[0].OnQuery(s_command, (_, _) => ValueTask.FromResult(RpcReply.Empty));
        devnet[0].OnClosest(s_command, (_, _) => ValueTask.FromResult(RpcReply.Refused(16)));
        devnet[1].OnQuery(s_command, (_, _) => ValueTask.FromResult(RpcReply.Refused(5)));
        devnet[2].OnQuery(s_command, (_, _) => throw new RpcDropException());
        RpcQuery query = devnet[3].ClosestAsync(RpcDevnet.RandomKey(), s_command);
        (await query.ToListAsync(RpcDevnet.Guard())).ShouldBeEmpty();
        (query.Responses, query.Errors, query.Commits, query.FailedCommits).ShouldBe((1, 2, 0, 1));
        query.Warnings.ShouldContain($"{devnet[1].Endpoint()} answered with error 5.");
        query.Warnings.ShouldContain($"{devnet[2].Endpoint()} did not answer.");
        query.Warnings.ShouldContain($"{devnet[0].Endpoint()} refused the commit with error 16.");
    }

    [Fact]
    public async Task Nobody_to_ask_is_an_exception_and_so_is_silence_after_the_walk()
    {
        await using RpcDevnet devnet = await RpcDevnet.StartAsync(1);
        await Should.ThrowAsync<NoAnswerException>(() => devnet[0].QueryAsync(RpcDevnet.RandomKey(), s_command).ToListAsync(RpcDevnet.Guard()));
        await Should.ThrowAsync<NoAnswerException>(() => devnet[0].FindNodeAsync(RpcDevnet.RandomKey(), RpcDevnet.Guard()));

        RpcNode asker = await devnet.AddAsync();
        devnet[0].OnQuery(s_command, (_, _) => ValueTask.FromResult(RpcReply.Empty));
        devnet[0].OnClosest(s_command, (_, _) => throw new RpcDropException());
        RpcQuery query = asker.ClosestAsync(RpcDevnet.RandomKey(), s_command);
        (await Should.ThrowAsync<NoAnswerException>(() => query.ToListAsync(RpcDevnet.Guard()))).Message.ShouldContain("commit");
        (query.Responses, query.FailedCommits).ShouldBe((1, 1));
    }

    [Fact]
    public async Task A_query_that_takes_too_long_is_a_timeout_and_one_that_was_cancelled_is_not()
    {
        await using RpcDevnet devnet = await RpcDevnet.StartAsync(2);
        devnet[0].OnQuery(s_command, (_, _) => throw new RpcDropException());
        RpcQueryOptions hasty = new() { Timeout = TimeSpan.FromMilliseconds(50) };
        await Should.ThrowAsync<TimeoutException>(() => devnet[1].QueryAsync(RpcDevnet.RandomKey(), s_command, options: hasty).ToListAsync(RpcDevnet.Guard()));
        using CancellationTokenSource cancelled = new();
        Task<IReadOnlyList<RpcAnswer>> query = devnet[1].QueryAsync(RpcDevnet.RandomKey(), s_command).ToListAsync(cancelled.Token);
        await cancelled.CancelAsync();
        await Should.ThrowAsync<OperationCanceledException>(() => query.Guarded());
    }

    [Fact]
    public async Task Leaving_the_loop_ends_the_query()
    {
        await using RpcDevnet devnet = await RpcDevnet.StartAsync(30);
        int asked = 0;
        devnet.ServeAll(s_command, (_, _) =>
        {
            Interlocked.Increment(ref asked);
            return RpcReply.Empty;
        });
        RpcQuery query = devnet[29].QueryAsync(RpcDevnet.RandomKey(), s_command, options: new RpcQueryOptions { Concurrency = 1 });
        await foreach (RpcAnswer _ in query.WithCancellation(RpcDevnet.Guard()))
        {
            break;
        }

        // One answer was taken and one request may have been under way; the other twenty were never made.
        asked.ShouldBeInRange(1, 3);
    }

    [Fact]
    public void Options_out_of_range_are_told()
    {
        RpcNode node = RpcNode.Create();
        foreach (RpcQueryOptions options in (RpcQueryOptions[])[
            new() { Concurrency = 0 },
            new() { Concurrency = 257 },
            new() { Timeout = TimeSpan.Zero },
            new() { Nodes = [] },
            new() { Nodes = [UdpEndpoint.FromIPv6(1, 1, 1)] }])
        {
            Should.Throw<ArgumentException>(() => node.QueryAsync(default(Key256), s_command, options: options));
        }
    }
}
