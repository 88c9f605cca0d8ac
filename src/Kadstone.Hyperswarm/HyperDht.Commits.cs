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
        RpcQuery query = QueryAsync(target, command, value, options);
        await foreach (RpcAnswer answer in query.WithCancellation(cancellationToken).ConfigureAwait(false))
        {
            closest.Add(answer);
        }

        closest.Lookup = query.Lookup;
        return closest;
    }

    /// <summary>Writes to one node; a token that has grown too old is exchanged once for the fresh one that comes with the refusal.</summary>
    private async Task<CommitOutcome> CommitAsync(
        NodeLookup<Key256, RpcContact>? lookup,
        RpcAnswer answer,
        HyperCommand command,
        Key256 target,
        Func<ReadOnlyMemory<byte>, ReadOnlyMemory<byte>> valueFor,
        CancellationToken cancellationToken)
    {
        RpcContact to = RpcContact.FromEndpoint(answer.From);
        _node.Note(lookup, LookupTurnKind.Storing, to);
        try
        {
            ReadOnlyMemory<byte> token = answer.Token.GetValueOrDefault();
            RpcAnswer reply = await _node.RequestAsync(answer.From, CommandOf(command), target, valueFor(token), token, cancellationToken).ConfigureAwait(false);
            if (reply is { Error: (uint)RpcError.InvalidToken, Token: ReadOnlyMemory<byte> fresh })
            {
                reply = await _node.RequestAsync(answer.From, CommandOf(command), target, valueFor(fresh), fresh, cancellationToken).ConfigureAwait(false);
            }

            bool isStored = reply.Error == 0;
            _node.Note(lookup, isStored ? LookupTurnKind.Stored : LookupTurnKind.StoreRefused, to, reply.RoundTrip, reply.Error);
            return isStored ? CommitOutcome.Stored : CommitOutcome.Refused;
        }
        catch (NoAnswerException)
        {
            _node.Note(lookup, LookupTurnKind.StoreSilent, to);
            return CommitOutcome.Silent;
        }
    }

    private static RpcCommit Count(IEnumerable<RpcAnswer> answers, CommitOutcome[] outcomes) => new(
        [.. answers.Select(answer => RpcContact.FromEndpoint(answer.From))],
        outcomes.Count(outcome => outcome == CommitOutcome.Stored),
        outcomes.Count(outcome => outcome == CommitOutcome.Refused),
        outcomes.Count(outcome => outcome == CommitOutcome.Silent));
}
