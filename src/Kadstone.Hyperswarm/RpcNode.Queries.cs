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

    /// <summary>Asks a node whether it is there.</summary>
    /// <exception cref="NoAnswerException">It did not answer.</exception>
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

    /// <summary>The nodes closest to a key that answered, nearest first; 20 at most.</summary>
    /// <exception cref="NoAnswerException">Nobody answered.</exception>
    /// <exception cref="TimeoutException">It took longer than <see cref="RpcOptions.QueryTimeout"/>.</exception>
    public async Task<IReadOnlyList<RpcContact>> FindNodeAsync(Key256 target, CancellationToken cancellationToken = default)
    {
        Walk? walk = null;
        await foreach (Walk running in ProgressAsync(Question.FindNode(target), target, keeps: false, commits: false, cancellationToken).ConfigureAwait(false))
        {
            walk = running;
        }

        return _driver.Run(walk, static (_, ended, _) => ended?.Closest() ?? []);
    }

    /// <summary>Asks the nodes on the way to a target and those closest to it, and gives their answers as they come. Answers with an error are left out.</summary>
    /// <param name="target">The key that it is about.</param>
    /// <param name="command">What is asked.</param>
    /// <param name="value">A value; null for none.</param>
    /// <param name="cancellationToken">Gives up; leaving the loop does the same.</param>
    /// <remarks>While the consumer does not take what there is, no more is asked.</remarks>
    /// <exception cref="NoAnswerException">Nobody answered.</exception>
    /// <exception cref="TimeoutException">It took longer than <see cref="RpcOptions.QueryTimeout"/>.</exception>
    public async IAsyncEnumerable<RpcAnswer> QueryAsync(
        Key256 target,
        RpcCommand command,
        ReadOnlyMemory<byte>? value = null,
        [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        Question question = new(command.Number, IsInternal: false, target, value);
        await foreach (Walk walk in ProgressAsync(question, target, keeps: true, commits: false, cancellationToken).ConfigureAwait(false))
        {
            while (Take(walk) is RpcAnswer answer)
            {
                yield return answer;
            }
        }
    }

    /// <summary>Asks as <see cref="QueryAsync"/> does, and then asks the 20 closest the same once more, each with the token it gave: they change something.</summary>
    /// <exception cref="NoAnswerException">Nobody answered.</exception>
    /// <exception cref="TimeoutException">It took longer than <see cref="RpcOptions.QueryTimeout"/>.</exception>
    public async Task<RpcCommit> ClosestAsync(
        Key256 target,
        RpcCommand command,
        ReadOnlyMemory<byte>? value = null,
        CancellationToken cancellationToken = default)
    {
        Question question = new(command.Number, IsInternal: false, target, value);
        Walk? walk = null;
        await foreach (Walk running in ProgressAsync(question, target, keeps: false, commits: true, cancellationToken).ConfigureAwait(false))
        {
            walk = running;
        }

        return _driver.Run(walk, static (_, ended, _) => ended is null
            ? new RpcCommit([], 0, 0, 0)
            : new RpcCommit(ended.Closest(), ended.Stored, ended.RefusedCommits, ended.SilentCommits));
    }

    private RpcAnswer? Take(Walk walk) => _driver.Run(walk, static (protocol, running, _) =>
    {
        protocol.Resume();
        return running.TryTake(out RpcAnswer? answer) ? answer : null;
    });

    private async Task<RpcAnswer> AskAsync(UdpEndpoint node, Question question, ReadOnlyMemory<byte>? token, CancellationToken cancellationToken)
    {
        if (!node.IsIPv4)
        {
            throw new ArgumentException("This network is IPv4 alone.", nameof(node));
        }

        ObjectDisposedException.ThrowIf(_closing.IsCancellationRequested, this);
        using CancellationTokenSource any = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _closing.Token);
        Signal changed = new();
        DirectQuery query = new() { Changed = changed.Set, Keeps = true };
        _driver.Run((protocol, now) => protocol.Start(query, question, RpcContact.FromEndpoint(node), DirectAttempts, now, token));
        await changed.WaitAsync(any.Token).ConfigureAwait(false);
        (DirectOutcome outcome, RpcAnswer? answer) = _driver.Run(query, static (_, ended, _) => (ended.Outcome, ended.Answer));
        return answer ?? throw new NoAnswerException(outcome == DirectOutcome.NotSent
            ? $"{node} cannot be asked: the address is not allowed here (a private network needs AddressScope.Private), it is our own, or too much is open to it."
            : $"{node} did not answer.");
    }

    /// <summary>Runs a walk, and gives it whenever something changed, the last time when it has ended.</summary>
    private async IAsyncEnumerable<Walk> ProgressAsync(
        Question question,
        Key256 target,
        bool keeps,
        bool commits,
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        ObjectDisposedException.ThrowIf(_closing.IsCancellationRequested, this);
        using CancellationTokenSource timeout = new(_options.QueryTimeout, _time);
        using CancellationTokenSource any = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _closing.Token, timeout.Token);
        Signal changed = new();
        await WaitAsync(WaitForNetworkAsync(any.Token), timeout.Token, cancellationToken).ConfigureAwait(false);
        Walk walk = _driver.Run(changed, (protocol, signal, now) => protocol.Start(question, target, keeps, commits, signal.Set, now));
        try
        {
            bool isFinished;
            do
            {
                isFinished = _driver.Run(walk, static (_, running, _) => running.IsFinished);
                yield return walk;
                if (!isFinished)
                {
                    await WaitAsync(changed.WaitAsync(any.Token).AsTask(), timeout.Token, cancellationToken).ConfigureAwait(false);
                }
            }
            while (!isFinished);
        }
        finally
        {
            _driver.Run((protocol, _) =>
            {
                walk.Stop();
                protocol.Resume();
            });
        }

        if (_driver.Run(walk, static (_, ended, _) => ended.Good + ended.Refused) == 0)
        {
            throw new NoAnswerException("No node of the network answered.");
        }
    }

    private async Task WaitAsync(Task waiting, CancellationToken timeout, CancellationToken cancellationToken)
    {
        try
        {
            await waiting.ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (timeout.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            throw new TimeoutException($"The query did not end within {_options.QueryTimeout.TotalSeconds:0.#} s.");
        }
    }
}
