using System.Text;
using Kadstone.Datagrams;
using Kadstone.Hyperswarm.Core;
using Kadstone.Hyperswarm.Core.Gen1;
using Kadstone.Kademlia;

namespace Kadstone.Hyperswarm;

/// <summary>What can be asked: single nodes, and the nodes closest to a key.</summary>
public sealed partial class Gen1RpcNode
{
    private const int LongestValue = 1_000;
    private const int MaxConcurrency = 256;

    /// <inheritdoc/>
    /// <remarks>The answer says how the node sees us (<see cref="RpcAnswer.To"/>).</remarks>
    public Task<RpcAnswer> PingAsync(UdpEndpoint node, CancellationToken cancellationToken = default) => PingAsync(node, null, cancellationToken);

    /// <inheritdoc/>
    /// <remarks>
    /// Both of us send: we to the node, which opens our NAT for it, and the node, told by the referrer, to us. Behind a NAT that has another port for
    /// each destination (a symmetric one) a node cannot be reached so: its answer comes from a port that nobody asked.
    /// </remarks>
    public Task HolepunchAsync(UdpEndpoint node, UdpEndpoint referrer, CancellationToken cancellationToken = default) =>
        IsOwn(node) || IsOwn(referrer) ? Task.CompletedTask : PingAsync(node, referrer, cancellationToken);

    /// <inheritdoc/>
    public RpcQuery QueryAsync(Key256 target, RpcCommand command, ReadOnlyMemory<byte>? value = null, RpcQueryOptions? options = null) =>
        Query(target, command, value, options, commits: false);

    /// <inheritdoc/>
    public RpcQuery ClosestAsync(Key256 target, RpcCommand command, ReadOnlyMemory<byte>? value = null, RpcQueryOptions? options = null) =>
        Query(target, command, value, options, commits: true);

    /// <inheritdoc/>
    public async Task<IReadOnlyList<RpcContact>> FindNodeAsync(Key256 target, CancellationToken cancellationToken = default)
    {
        RpcQuery query = new((self, token) => RunAsync(self, Gen1Question.FindNode(target), target, new RpcQueryOptions(), commits: false, token));
        await query.ToListAsync(cancellationToken).ConfigureAwait(false);
        return query.Closest;
    }

    private static void RequireName(RpcCommand command)
    {
        if (string.IsNullOrEmpty(command.Name) || command.Name is "_ping" or "_find_node" || Encoding.UTF8.GetByteCount(command.Name) > Gen1Reader.MaxCommandLength)
        {
            throw new ArgumentException("A command of this wire has a name of 1 to 128 bytes, which is none of the node's own.", nameof(command));
        }
    }

    private static RpcQueryOptions Checked(RpcQueryOptions options)
    {
        if (options.Nodes is not null && (options.Nodes.Count == 0 || options.Nodes.Any(node => !node.IsIPv4)))
        {
            throw new ArgumentException("RpcQueryOptions.Nodes is out of range: one node at least, and IPv4 alone.", nameof(options));
        }

        if (options.Concurrency is < 1 or > MaxConcurrency)
        {
            throw new ArgumentException($"RpcQueryOptions.Concurrency is out of range: 1 to {MaxConcurrency}.", nameof(options));
        }

        return options.Timeout is TimeSpan timeout && timeout <= TimeSpan.Zero
            ? throw new ArgumentException("RpcQueryOptions.Timeout is out of range: it must be above zero.", nameof(options))
            : options;
    }

    private RpcQuery Query(Key256 target, RpcCommand command, ReadOnlyMemory<byte>? value, RpcQueryOptions? options, bool commits)
    {
        RequireName(command);
        RpcQueryOptions how = Checked(options ?? new RpcQueryOptions());
        if (value is { Length: > LongestValue })
        {
            throw new ArgumentException($"A value has at most {LongestValue} bytes.", nameof(value));
        }

        Gen1Question question = Gen1Question.Of(command.Name, target, value);
        return new RpcQuery((query, token) => RunAsync(query, question, target, how, commits, token));
    }

    private bool IsOwn(UdpEndpoint endpoint)
    {
        DatagramDriver<Gen1Protocol> driver = Started();
        UdpEndpoint bound = UdpEndpoint.From(driver.LocalEndpoints[0]);
        return endpoint == bound || endpoint == driver.Run(0, static (protocol, _, _) => protocol.Own);
    }

    private async Task<RpcAnswer> PingAsync(UdpEndpoint node, UdpEndpoint? referrer, CancellationToken cancellationToken)
    {
        if (!node.IsIPv4)
        {
            throw new ArgumentException("This network is IPv4 alone.", nameof(node));
        }

        DatagramDriver<Gen1Protocol> driver = Started();
        using CancellationTokenSource any = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _closing.Token);
        Signal changed = new();
        Gen1DirectQuery query = new() { Changed = changed.Set, Keeps = true };
        driver.Run((protocol, now) => protocol.Ping(query, node, now, referrer));
        try
        {
            await changed.WaitAsync(any.Token).ConfigureAwait(false);
        }
        finally
        {
            driver.Run((_, _) => query.Leave());
        }

        (DirectOutcome outcome, RpcAnswer? answer) = driver.Run(query, static (_, ended, _) => (ended.Outcome, ended.Answer));
        return answer ?? throw new NoAnswerException(outcome == DirectOutcome.NotSent
            ? $"{node} cannot be asked: the address is not allowed here (a private network needs AddressScope.Private), it is our own, or too much is open to it."
            : referrer is null ? $"{node} did not answer."
            : $"{node} did not answer from that address, by way of {referrer} either: it is away, unknown to the referrer, or behind a NAT with another port for each destination.");
    }

    /// <summary>Runs a walk and gives its answers as they come.</summary>
    private async IAsyncEnumerator<RpcAnswer> RunAsync(
        RpcQuery query,
        Gen1Question question,
        Key256 target,
        RpcQueryOptions options,
        bool commits,
        CancellationToken cancellationToken)
    {
        DatagramDriver<Gen1Protocol> driver = Started();
        TimeSpan patience = options.Timeout ?? _options.QueryTimeout;
        using CancellationTokenSource timeout = new(patience, _time);
        using CancellationTokenSource any = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _closing.Token, timeout.Token);
        Signal changed = new();
        Gen1WalkOptions how = new()
        {
            Concurrency = options.Concurrency ?? new Gen1WalkOptions().Concurrency,
            Keeps = true,
            Commits = commits,
            IsVerbose = options.Verbose,
            Holepunches = options.Holepunching,
            Nodes = options.Nodes,
            Changed = changed.Set,
        };
        if (options.Nodes is null)
        {
            await WaitAsync(_joined.Task.WaitAsync(any.Token)).ConfigureAwait(false);
        }

        Gen1Walk walk = driver.Run((question, target, how), static (protocol, asked, now) => protocol.Start(asked.question, asked.target, asked.how, now));
        int heard = 0;
        try
        {
            bool isFinished;
            do
            {
                isFinished = driver.Run(walk, static (_, running, _) => running.IsFinished);
                while (Take(driver, walk) is RpcAnswer answer)
                {
                    yield return answer;

                    // A consumer that is slow does not run into the timeout by its own slowness; one whose node has gone ends.
                    if (!timeout.IsCancellationRequested)
                    {
                        any.Token.ThrowIfCancellationRequested();
                    }
                }

                if (!isFinished)
                {
                    await WaitAsync(changed.WaitAsync(any.Token).AsTask()).ConfigureAwait(false);
                }
            }
            while (!isFinished);
        }
        finally
        {
            heard = driver.Run((query, walk, commits), static (protocol, ended, _) =>
            {
                ended.walk.Stop();
                protocol.Resume();
                Count(ended.query, ended.walk, ended.commits);
                return ended.walk.Heard;
            });
        }

        if (heard == 0)
        {
            throw new NoAnswerException("No nodes responded.");
        }

        if (commits && query.Commits == 0)
        {
            throw new NoAnswerException("No close nodes responded.");
        }

        async Task WaitAsync(Task waiting)
        {
            try
            {
                await waiting.ConfigureAwait(false);
            }
            catch (OperationCanceledException) when (timeout.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
            {
                throw new TimeoutException($"The query did not end within {patience.TotalSeconds:0.#} s.");
            }
        }
    }

    private static RpcAnswer? Take(DatagramDriver<Gen1Protocol> driver, Gen1Walk walk) => driver.Run(walk, static (protocol, running, _) =>
    {
        protocol.Resume();
        return running.TryTake(out RpcAnswer? answer) ? answer : null;
    });

    private static void Count(RpcQuery query, Gen1Walk walk, bool commits)
    {
        query.Responses = walk.Good;
        query.Errors = walk.Silenced;
        query.Commits = walk.Stored;
        query.FailedCommits = walk.SilentCommits;
        query.Closest = [.. walk.Closest().Select(Public)];
        while (walk.TryTakeSilent(out UdpEndpoint silent))
        {
            query.Warn($"{silent} did not answer.");
        }

        if (commits && walk.SilentCommits > 0)
        {
            query.Warn($"{walk.SilentCommits} of the closest did not answer the commit.");
        }
    }
}
