using System.Diagnostics.CodeAnalysis;
using Kadstone.Datagrams;
using Kadstone.Kademlia;

namespace Kadstone.Mainline.Core;

/// <summary>A stranger's <c>get</c> or <c>put</c> that must await the store.</summary>
/// <param name="From">Who asked.</param>
/// <param name="Socket">On which socket.</param>
/// <param name="Transaction">To be echoed.</param>
/// <param name="Target">The item's target.</param>
/// <param name="Put">The item to store; null for a get.</param>
/// <param name="Sequence">In a get: only a newer item is wanted. Null: any.</param>
/// <param name="Cas">In a put: the sequence number that must be stored.</param>
/// <param name="Length">The bytes of the query: what the answer may cost is measured by it.</param>
/// <param name="Allowance">The most bytes that the rate limiter grants for the answer.</param>
/// <param name="WantsIPv4">Whether nodes of IPv4 are wanted.</param>
/// <param name="WantsIPv6">Whether nodes of IPv6 are wanted.</param>
internal sealed record InboundItem(
    UdpEndpoint From,
    byte Socket,
    byte[] Transaction,
    Key160 Target,
    Item? Put,
    long? Sequence,
    long? Cas,
    int Length,
    int Allowance,
    bool WantsIPv4,
    bool WantsIPv6);

/// <summary>The bounded queue between the datagrams and the store. Full means dropped: it is UDP.</summary>
internal sealed class InboundItems
{
    private const int Capacity = 1_024;

    private readonly Queue<InboundItem> _waiting = new();

    /// <summary>Called when something waits; under the driver's lock, so it may only signal. Null: nobody serves items.</summary>
    internal Action? Arrived { get; set; }

    internal bool TryAdd(InboundItem item)
    {
        if (Arrived is null || _waiting.Count >= Capacity)
        {
            return false;
        }

        _waiting.Enqueue(item);
        Arrived();
        return true;
    }

    internal bool TryTake([NotNullWhen(true)] out InboundItem? item) => _waiting.TryDequeue(out item);
}
