using System.Runtime.CompilerServices;
using Kadstone.Datagrams;
using Kadstone.Hyperswarm.Core;
using Kadstone.Kademlia;

namespace Kadstone.Hyperswarm;

/// <summary>What can be asked: single nodes, and the nodes closest to a key.</summary>
public sealed partial class RpcNode
{
    // dht-rpc: three retries, a second apart.
    private const int DirectAttempts = 4;
    private const int MaxConcurrency = 256;

    /// <summary>Who hears of every lookup of this node, its own upkeep included. Null, the default: nobody, at no cost. Setting it starts the node.</summary>
    /// <exception cref="System.Net.Sockets.SocketException">The node did not listen yet, and its socket cannot be bound.</exception>
    public ILookupObserver<RpcContact>? LookupObserver
    {
        get => _driver?.Run(0, static (protocol, _, _) => protocol.LookupObserver);
        set => (_driver ?? Started()).Run((protocol, _) => protocol.LookupObserver = value);
    }

    /// <inheritdoc/>
    public Task<RpcAnswer> PingAsync(UdpEndpoint node, CancellationToken cancellationToken = default) =>
        AskAsync(node, Question.Ping, null, cancellationToken);

    /// <summary>Asks one node one question.</summary>
    /// <param name="node">Whom.</param>
    /// <param name="command">What.</param>
    /// <param name="target">The key that it is about; null for none.</param>
    /// <param name="value">A value; null for none.</param>
    /// <param name="token">The token that the node gave in an earlier answer, to change something; null for none.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>The answer, which may be an error.</returns>
    /// <exception cref="NoAnswerException">It did not answer.</exception>
    public Task<RpcAnswer> RequestAsync(
        UdpEndpoint node,
        RpcCommand command,
        Key256? target = null,
        ReadOnlyMemory<byte>? value = null,
        ReadOnlyMemory<byte>? token = null,
        CancellationToken cancellationToken = default)
    {
        if (token is ReadOnlyMemory<byte> given && given.Length != RpcReader.TokenLength)
        {
            throw new ArgumentException("A token has 32 bytes.", nameof(token));
        }

        return AskAsync(node, new Question(command.Number, IsInternal: false, target, value), token, cancellationToken);
    }

    /// <inheritdoc/>
    /// <exception cref="NotSupportedException">Any other address than our own: on this wire the way is opened as part of a connection.</exception>
    public Task HolepunchAsync(UdpEndpoint node, UdpEndpoint referrer, CancellationToken cancellationToken = default)
    {
        DatagramDriver<RpcProtocol> driver = Started();
        return driver.Run(node, static (protocol, peer, _) => protocol.IsOwn(peer))
            ? Task.CompletedTask
            : Task.FromException(new NotSupportedException("On today's wire the way to a node behind a NAT is opened as part of a connection, not by itself."));
    }

    /// <inheritdoc/>
    public async Task BootstrapAsync(CancellationToken cancellationToken = default)
    {
        await WaitForNetworkAsync(cancellationToken).ConfigureAwait(false);
        using CancellationTokenSource any = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _closing.Token);
        DatagramDriver<RpcProtocol> driver = Started();
        Signal changed = new();
        Walk walk = driver.Run(changed, static (protocol, signal, now) => protocol.JoinAgain(signal.Set, now));
        while (!driver.Run(walk, static (_, running, _) => running.IsFinished))
        {
            await changed.WaitAsync(any.Token).ConfigureAwait(false);
        }
    }

    /// <inheritdoc/>
    /// <exception cref="TimeoutException">It took longer than <see cref="RpcOptions.QueryTimeout"/>.</exception>
    public async Task<IReadOnlyList<RpcContact>> FindNodeAsync(Key256 target, CancellationToken cancellationToken = default)
    {
        RpcQuery query = Query(new WalkPlan(Question.FindNode(target), target), null);
        await foreach (RpcAnswer _ in query.WithCancellation(cancellationToken).ConfigureAwait(false))
        {
            // Nothing is kept: what counts is who answered.
        }

        return query.Closest;
    }

    /// <inheritdoc/>
    /// <remarks>Answers with an error are left out and counted. <see cref="RpcQueryOptions.Nodes"/> are asked at once, the first join is not waited for.</remarks>
    /// <exception cref="ArgumentException">An option is out of range.</exception>
    public RpcQuery QueryAsync(Key256 target, RpcCommand command, ReadOnlyMemory<byte>? value = null, RpcQueryOptions? options = null) =>
        Query(new WalkPlan(new Question(command.Number, IsInternal: false, target, value), target) { Keeps = true }, options);

    /// <inheritdoc/>
    /// <remarks>Enumerating throws <see cref="NoAnswerException"/> also when none of the closest answered the commit. A commit that is refused is counted and told in the warnings.</remarks>
    /// <exception cref="ArgumentException">An option is out of range.</exception>
    public RpcQuery ClosestAsync(Key256 target, RpcCommand command, ReadOnlyMemory<byte>? value = null, RpcQueryOptions? options = null) =>
        Query(
            new WalkPlan(new Question(command.Number, IsInternal: false, target, value), target)
            {
                Keeps = options?.Verbose == true,
                KeepsCommits = true,
                Commits = true,
            },
            options);

    /// <summary>Tells whoever watches the lookup what became of a write to one of its closest.</summary>
    internal void Note(NodeLookup<Key256, RpcContact>? lookup, LookupTurnKind kind, RpcContact contact, TimeSpan? roundTrip = null, uint code = 0)
    {
        if (lookup?.Listener is not null)
        {
            _driver?.Run((lookup, kind, contact, roundTrip, code), static (_, write, now) =>
            {
                write.lookup.Note(write.kind, write.contact, now, write.roundTrip, (int)write.code);
                return true;
            });
        }
    }

    private RpcQuery Query(WalkPlan plan, RpcQueryOptions? options)
    {
        options ??= new RpcQueryOptions();
        UdpEndpoint[]? nodes = options.Nodes is null ? null : [.. options.Nodes.Distinct()];
        if (nodes is not null && (nodes.Length == 0 || Array.Exists(nodes, node => !node.IsIPv4)))
        {
            throw new ArgumentException("RpcQueryOptions.Nodes is out of range: one node at least, and IPv4 alone.", nameof(options));
        }

        if (options.Concurrency is < 1 or > MaxConcurrency)
        {
            throw new ArgumentException($"RpcQueryOptions.Concurrency is out of range: 1 to {MaxConcurrency}.", nameof(options));
        }

        TimeSpan timeout = options.Timeout ?? _options.QueryTimeout;
        if (timeout <= TimeSpan.Zero)
        {
            throw new ArgumentException("RpcQueryOptions.Timeout is out of range: it must be above zero.", nameof(options));
        }

        WalkPlan asked = plan with { Nodes = nodes, Concurrency = options.Concurrency, Warns = true };
        return new RpcQuery((query, cancellationToken) => RunAsync(query, asked, timeout, cancellationToken).GetAsyncEnumerator(cancellationToken));
    }

    private async IAsyncEnumerable<RpcAnswer> RunAsync(
        RpcQuery query,
        WalkPlan plan,
        TimeSpan limit,
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        DatagramDriver<RpcProtocol> driver = Started();
        using CancellationTokenSource timeout = new(limit, _time);
        using CancellationTokenSource any = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _closing.Token, timeout.Token);
        Waiting waiting = new(limit, timeout.Token, any.Token, cancellationToken);
        if (plan.Nodes is null)
        {
            await waiting.ForAsync(_joined.Task.WaitAsync(any.Token)).ConfigureAwait(false);
        }

        Signal changed = new();
        Walk walk = driver.Run(plan with { Changed = changed.Set }, static (protocol, started, now) => protocol.Start(started, now));
        query.Lookup = walk.Lookup;
        try
        {
            bool isFinished;
            do
            {
                isFinished = driver.Run((walk, query), static (_, running, _) => Report(running.walk, running.query));
                while (driver.Run(walk, static (protocol, running, _) => Take(protocol, running)) is RpcAnswer answer)
                {
                    yield return answer;
                    waiting.ThrowIfOver();
                }

                if (!isFinished)
                {
                    await waiting.ForAsync(changed.WaitAsync(any.Token).AsTask()).ConfigureAwait(false);
                }
            }
            while (!isFinished);
        }
        finally
        {
            driver.Run((walk, query), static (protocol, ended, _) =>
            {
                ended.walk.Stop();
                protocol.Resume();
                return Report(ended.walk, ended.query);
            });
        }

        ThrowIfNobodyAnswered(query, plan, walk);
    }

    private static RpcAnswer? Take(RpcProtocol protocol, Walk walk)
    {
        protocol.Resume();
        return walk.TryTake(out RpcAnswer? answer) ? answer : null;
    }

    // Under the driver's lock, though the query belongs to the caller: its loop is what calls this.
    private static bool Report(Walk walk, RpcQuery query)
    {
        query.Responses = walk.Good;
        query.Errors = walk.Refused + walk.Unanswered;
        query.Commits = walk.Stored;
        query.FailedCommits = walk.RefusedCommits + walk.SilentCommits;
        while (walk.TryTakeWarning(out string? warning))
        {
            query.Warn(warning);
        }

        if (walk.IsFinished)
        {
            query.Closest = walk.Closest();
        }

        return walk.IsFinished;
    }

    private static void ThrowIfNobodyAnswered(RpcQuery query, WalkPlan plan, Walk walk)
    {
        if (walk.Good + walk.Refused == 0)
        {
            throw new NoAnswerException(plan.Nodes is null ? "No node of the network answered." : "None of the nodes answered.");
        }

        if (plan.Commits && query.Commits + walk.RefusedCommits == 0)
        {
            throw new NoAnswerException("None of the closest nodes answered the commit.");
        }
    }

    private async Task<RpcAnswer> AskAsync(UdpEndpoint node, Question question, ReadOnlyMemory<byte>? token, CancellationToken cancellationToken)
    {
        if (!node.IsIPv4)
        {
            throw new ArgumentException("This network is IPv4 alone.", nameof(node));
        }

        DatagramDriver<RpcProtocol> driver = Started();
        using CancellationTokenSource any = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _closing.Token);
        Signal changed = new();
        DirectQuery query = new() { Changed = changed.Set, Keeps = true };
        driver.Run((protocol, now) => protocol.Start(query, question, RpcContact.FromEndpoint(node), DirectAttempts, now, token));
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
            : $"{node} did not answer.");
    }

    /// <summary>Waits for a step of a query, and tells a timeout from a cancellation.</summary>
    private readonly struct Waiting(TimeSpan limit, CancellationToken timeout, CancellationToken any, CancellationToken caller)
    {
        internal async Task ForAsync(Task step)
        {
            try
            {
                await step.ConfigureAwait(false);
            }
            catch (OperationCanceledException) when (timeout.IsCancellationRequested && !caller.IsCancellationRequested)
            {
                throw new TimeoutException($"The query did not end within {limit.TotalSeconds:0.#} s.");
            }
        }

        // A consumer that is slow does not run into the timeout by its own slowness; one whose node has gone ends.
        internal void ThrowIfOver()
        {
            if (!timeout.IsCancellationRequested)
            {
                any.ThrowIfCancellationRequested();
            }
        }
    }
}
