using Kadstone.Datagrams;
using Kadstone.Kademlia;

namespace Kadstone.Mainline.Core;

/// <summary>A peer that was announced to us, or that we stored and that has expired.</summary>
internal readonly record struct PeerChange(Key160 InfoHash, UdpEndpoint Peer, bool Expired);

/// <summary>What the facade tells its listeners about peers; bounded, the oldest is forgotten first.</summary>
internal sealed class PeerNews
{
    private const int Capacity = 4_096;

    private readonly Queue<PeerChange> _changes = new();

    /// <summary>Called when something waits; under the driver's lock, so it may only signal. Null: nobody listens, nothing is kept.</summary>
    internal Action? Arrived { get; set; }

    internal void Add(PeerChange change)
    {
        if (Arrived is null)
        {
            return;
        }

        if (_changes.Count >= Capacity)
        {
            _changes.Dequeue();
        }

        _changes.Enqueue(change);
        Arrived();
    }

    internal bool TryTake(out PeerChange change) => _changes.TryDequeue(out change);
}
