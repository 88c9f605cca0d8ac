using Kadstone.Kademlia;

namespace Kadstone.Ipfs.Core;

/// <summary>What a search for one key says of the keys beside it.</summary>
internal static class KeyRegion
{
    /// <summary>How many leading bits another key must share with this one, so that the peers found are its closest as well.</summary>
    /// <remarks>
    /// Whoever shares one bit more than the farthest of the closest is among them: of that part of the keyspace the search has
    /// found everybody. The others found are from the half beside it. Fewer than there is room for are all there are.
    /// </remarks>
    public static int BitsCovered(Key256 key, IReadOnlyList<PeerContact> closest, int width) =>
        closest.Count < width ? 0 : closest.Min(contact => (contact.Key ^ key).LeadingZeroCount) + 1;
}
