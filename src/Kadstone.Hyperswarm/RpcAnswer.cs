using Kadstone.Datagrams;
using Kadstone.Kademlia;

namespace Kadstone.Hyperswarm;

/// <summary>What a node answered.</summary>
/// <param name="From">Where it answered from.</param>
/// <param name="FromId">Its id; null if it is ephemeral, or claims one that does not follow from its address.</param>
/// <param name="To">Our endpoint as it sees us.</param>
/// <param name="Token">What proves us to it in a commit, for 7.5 s at least; null if it gave none.</param>
/// <param name="Error">The error's number; 0 for none, 1 for a command it does not serve, 2 for a token that is not ours or too old.</param>
/// <param name="Value">The value; null if there is none.</param>
/// <param name="CloserNodes">Nodes that it knows closer to the target, 20 at most.</param>
/// <param name="RoundTrip">From the last sending of the request to the answer.</param>
public sealed record RpcAnswer(
    UdpEndpoint From,
    Key256? FromId,
    UdpEndpoint To,
    ReadOnlyMemory<byte>? Token,
    uint Error,
    ReadOnlyMemory<byte>? Value,
    IReadOnlyList<UdpEndpoint> CloserNodes,
    TimeSpan RoundTrip)
{
    /// <summary>Which part of the query it answers. Default <see cref="RpcPhase.Walk"/>.</summary>
    public RpcPhase Phase { get; init; }

    /// <summary>20: the nodes that one answer may name.</summary>
    internal const int MaxCloserNodes = 20;

    internal static RpcAnswer Of(in RpcMessage answer, RpcContact from, bool hasId, TimeSpan roundTrip)
    {
        RpcEndpoints named = answer.CloserNodes.Take(MaxCloserNodes);
        UdpEndpoint[] closer = new UdpEndpoint[named.Count];
        for (int i = 0; i < closer.Length; i++)
        {
            closer[i] = named[i];
        }

        return new RpcAnswer(
            from.Endpoint,
            hasId ? from.Id : null,
            answer.To,
            answer.HasToken ? answer.Token.ToArray() : default(ReadOnlyMemory<byte>?),
            (uint)answer.Error,
            answer.HasValue ? answer.Value.ToArray() : default(ReadOnlyMemory<byte>?),
            closer,
            roundTrip);
    }
}
