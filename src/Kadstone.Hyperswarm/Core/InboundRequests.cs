using System.Diagnostics.CodeAnalysis;
using Kadstone.Kademlia;

namespace Kadstone.Hyperswarm.Core;

/// <summary>A request that a handler answers, outside of the core.</summary>
/// <param name="Request">What the handler sees.</param>
/// <param name="Transaction">What the response must echo.</param>
/// <param name="Socket">Where it came in, and the response leaves.</param>
/// <param name="Arrived">When it came: nobody waits for an answer that is late.</param>
internal sealed record InboundRequest(RpcRequest Request, ushort Transaction, byte Socket, Instant Arrived);

/// <summary>Requests on their way to handlers. Bounded: what comes when it is full is dropped, it is UDP.</summary>
internal sealed class InboundRequests
{
    private const int Most = 1_024;

    // The asker sends again after a second, and four times in all.
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(4);

    private readonly Queue<InboundRequest> _waiting = new();

    /// <summary>Called when one arrived; under the driver's lock, so it may only signal.</summary>
    internal Action? Arrived { get; set; }

    internal bool TryAdd(InboundRequest request)
    {
        if (_waiting.Count >= Most)
        {
            return false;
        }

        _waiting.Enqueue(request);
        Arrived?.Invoke();
        return true;
    }

    internal bool TryTake(Instant now, [NotNullWhen(true)] out InboundRequest? request)
    {
        while (_waiting.TryDequeue(out request))
        {
            if (now - request.Arrived <= s_patience)
            {
                if (_waiting.Count > 0)
                {
                    Arrived?.Invoke();
                }

                return true;
            }
        }

        return false;
    }
}
