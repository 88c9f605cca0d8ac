using Kadstone.Kademlia;

namespace Kadstone.Hyperswarm;

/// <summary>Writing to single nodes with the tokens that they gave.</summary>
public sealed partial class HyperDht
{
    private enum CommitOutcome
    {
        Stored,
        Refused,
        Silent,
    }

    private async Task<ClosestAnswers> FindClosestAsync(
        Key256 target,
        HyperCommand command,
        ReadOnlyMemory<byte>? value,
        RpcQueryOptions? options,
        CancellationToken cancellationToken)
    {
        ClosestAnswers closest = new(target);
        await foreach (RpcAnswer answer in QueryAsync(target, command, value, options, cancellationToken).ConfigureAwait(false))
        {
            closest.Add(answer);
        }

        return closest;
    }

    /// <summary>Writes to one node; a token that has grown too old is exchanged once for the fresh one that comes with the refusal.</summary>
    private async Task<CommitOutcome> CommitAsync(
        RpcAnswer answer,
        HyperCommand command,
        Key256 target,
        Func<ReadOnlyMemory<byte>, ReadOnlyMemory<byte>> valueFor,
        CancellationToken cancellationToken)
    {
        try
        {
            ReadOnlyMemory<byte> token = answer.Token.GetValueOrDefault();
            RpcAnswer reply = await _node.RequestAsync(answer.From, CommandOf(command), target, valueFor(token), token, cancellationToken).ConfigureAwait(false);
            if (reply is { Error: (uint)RpcError.InvalidToken, Token: ReadOnlyMemory<byte> fresh })
            {
                reply = await _node.RequestAsync(answer.From, CommandOf(command), target, valueFor(fresh), fresh, cancellationToken).ConfigureAwait(false);
            }

            return reply.Error == 0 ? CommitOutcome.Stored : CommitOutcome.Refused;
        }
        catch (NoAnswerException)
        {
            return CommitOutcome.Silent;
        }
    }

    private static RpcCommit Count(IEnumerable<RpcAnswer> answers, CommitOutcome[] outcomes) => new(
        [.. answers.Select(answer => RpcContact.FromEndpoint(answer.From))],
        outcomes.Count(outcome => outcome == CommitOutcome.Stored),
        outcomes.Count(outcome => outcome == CommitOutcome.Refused),
        outcomes.Count(outcome => outcome == CommitOutcome.Silent));
}
