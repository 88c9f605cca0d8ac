using System.Collections.Concurrent;
using Kadstone.Kademlia;

namespace Kadstone.Hyperswarm.Tests.Facade;

/// <summary>M052 to M058: what handlers see, and what becomes of what they answer.</summary>
public sealed class RpcHandlerTests
{
    private static readonly RpcCommand s_command = new("custom", 99);

    [Fact]
    public async Task Commits_go_to_their_handler_and_plain_queries_to_the_other()
    {
        await using RpcDevnet devnet = await RpcDevnet.StartAsync(2);
        ConcurrentQueue<(string Handler, RpcRequest Request)> seen = new();
        devnet[0].OnQuery(s_command, (request, _) => Note("query", request));
        devnet[0].OnClosest(s_command, (request, _) => Note("closest", request));
        Key256 target = RpcDevnet.RandomKey();
        byte[] value = [.. Enumerable.Range(0, 1_000).Select(i => (byte)i)];

        RpcAnswer plain = await devnet[1].RequestAsync(devnet[0].Endpoint(), s_command, target, value, cancellationToken: RpcDevnet.Guard());
        await devnet[1].RequestAsync(devnet[0].Endpoint(), s_command, target, Array.Empty<byte>(), plain.Token, RpcDevnet.Guard());
        (await devnet[1].RequestAsync(devnet[0].Endpoint(), s_command, target, null, new byte[32], RpcDevnet.Guard())).Error.ShouldBe(2u);

        seen.Select(call => (call.Handler, call.Request.IsCommit)).ShouldBe([("query", false), ("closest", true)]);
        RpcRequest first = seen.First().Request;
        (first.From, first.FromId, first.Command, first.Target).ShouldBe((devnet[1].Endpoint(), devnet[1].Id, s_command.Number, target));
        first.Value.ShouldNotBeNull().ToArray().ShouldBe(value);
        seen.Last().Request.Value.ShouldNotBeNull().Length.ShouldBe(0);
        plain.Value.ShouldBeNull();

        ValueTask<RpcReply> Note(string handler, RpcRequest request)
        {
            seen.Enqueue((handler, request));
            return ValueTask.FromResult(RpcReply.Empty);
        }
    }

    [Fact]
    public async Task Without_a_handler_of_their_own_commits_go_to_that_of_queries()
    {
        await using RpcDevnet devnet = await RpcDevnet.StartAsync(2);
        int commits = 0;
        devnet.ServeAll(s_command, (_, request) =>
        {
            Interlocked.Add(ref commits, request.IsCommit ? 1 : 0);
            return RpcReply.Empty;
        });
        (await devnet[1].ClosestAsync(RpcDevnet.RandomKey(), s_command).ToListAsync(RpcDevnet.Guard())).Count.ShouldBe(1);
        commits.ShouldBe(1);
    }

    [Fact]
    public async Task Where_commits_alone_have_a_handler_the_walk_still_gets_its_token()
    {
        await using RpcDevnet devnet = await RpcDevnet.StartAsync(2);
        devnet[0].OnClosest(s_command, (request, _) => ValueTask.FromResult(new RpcReply(request.Value)));
        RpcAnswer plain = await devnet[1].RequestAsync(devnet[0].Endpoint(), s_command, RpcDevnet.RandomKey(), "x"u8.ToArray(), cancellationToken: RpcDevnet.Guard());
        (plain.Error, plain.Value, plain.Token.HasValue).ShouldBe((0u, null, true));
        IReadOnlyList<RpcAnswer> stored = await devnet[1].ClosestAsync(RpcDevnet.RandomKey(), s_command, "x"u8.ToArray()).ToListAsync(RpcDevnet.Guard());
        stored.ShouldHaveSingleItem().Value.ShouldNotBeNull().ToArray().ShouldBe("x"u8.ToArray());
    }

    [Fact]
    public async Task What_a_handler_throws_is_silence_for_the_asker_and_the_node_stays_up()
    {
        await using RpcDevnet devnet = await RpcDevnet.StartAsync(2);
        int calls = 0;
        devnet[0].OnQuery(s_command, (_, _) => (Interlocked.Increment(ref calls) % 2) switch
        {
            0 => throw new RpcDropException(),
            _ => throw new InvalidOperationException("as a test"),
        });
        await Should.ThrowAsync<NoAnswerException>(() => devnet[1].RequestAsync(devnet[0].Endpoint(), s_command, cancellationToken: RpcDevnet.Guard()));
        calls.ShouldBeGreaterThan(1);
        await devnet[1].PingAsync(devnet[0].Endpoint(), RpcDevnet.Guard());
    }

    [Fact]
    public async Task A_second_handler_takes_the_first_ones_place_and_an_error_reaches_the_asker()
    {
        await using RpcDevnet devnet = await RpcDevnet.StartAsync(2);
        devnet[0].OnQuery(s_command, (_, _) => ValueTask.FromResult(RpcReply.Empty));
        devnet[0].OnQuery(s_command, (_, _) => ValueTask.FromResult(RpcReply.Refused(77)));
        RpcAnswer answer = await devnet[1].RequestAsync(devnet[0].Endpoint(), s_command, cancellationToken: RpcDevnet.Guard());
        (answer.Error, answer.Token.HasValue).ShouldBe((77u, false));
    }

    [Fact]
    public async Task A_handler_may_ask_and_end_its_own_node()
    {
        await using RpcDevnet devnet = await RpcDevnet.StartAsync(3);
        TaskCompletionSource ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
        devnet[0].OnQuery(s_command, async (request, cancellationToken) =>
        {
            await devnet[0].PingAsync(devnet[2].Endpoint(), cancellationToken);
            _ = devnet[0].DisposeAsync().AsTask().ContinueWith(_ => ended.TrySetResult(), TaskScheduler.Default);
            return RpcReply.Empty;
        });
        Task<RpcAnswer> asked = devnet[1].RequestAsync(devnet[0].Endpoint(), s_command, cancellationToken: RpcDevnet.Guard());
        await ended.Task.Guarded();
        await asked.ContinueWith(_ => { }, TaskScheduler.Default).Guarded();
    }
}
