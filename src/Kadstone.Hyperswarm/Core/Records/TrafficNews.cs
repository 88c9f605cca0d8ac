using Kadstone.Kademlia;

namespace Kadstone.Hyperswarm.Core.Records;

/// <summary>What others asked, on its way to those who watch. Bounded: what is not taken in time is left out.</summary>
internal sealed class TrafficNews
{
    private const int Most = 4_096;

    private readonly Queue<HyperTraffic> _waiting = new();

    /// <summary>Called when something came; under the driver's lock, so it may only signal. Null while nobody watches: then nothing is kept.</summary>
    internal Action? Arrived { get; set; }

    internal void Add(in HyperTraffic traffic)
    {
        if (Arrived is { } arrived && _waiting.Count < Most)
        {
            _waiting.Enqueue(traffic);
            arrived();
        }
    }

    internal bool TryTake(out HyperTraffic traffic) => _waiting.TryDequeue(out traffic);
}
