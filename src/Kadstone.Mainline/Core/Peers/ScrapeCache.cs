using Kadstone.Kademlia;

namespace Kadstone.Mainline.Core.Peers;

/// <summary>The scrape filters of popular infohashes, for a minute: or whoever asks for them again and again could keep a core busy with SHA-1.</summary>
internal sealed class ScrapeCache
{
    /// <summary>Below this many peers hashing them anew is cheap.</summary>
    public const int FewestPeers = 64;

    private const int Length = 64;

    private static readonly TimeSpan Lifetime = TimeSpan.FromMinutes(1);

    private readonly Entry?[] _entries = new Entry?[Length];

    public bool TryGet(in Key160 infoHash, Instant now, ScrapeFilter seeds, ScrapeFilter peers)
    {
        Entry? entry = PlaceOf(infoHash);
        if (entry is null || entry.InfoHash != infoHash || now - entry.Made >= Lifetime)
        {
            return false;
        }

        return seeds.UnionWith(entry.Seeds) && peers.UnionWith(entry.Peers);
    }

    public void Put(in Key160 infoHash, Instant now, ScrapeFilter seeds, ScrapeFilter peers)
    {
        Entry entry = PlaceOf(infoHash) ??= new Entry();
        entry.InfoHash = infoHash;
        entry.Made = now;
        seeds.Bits.CopyTo(entry.Seeds);
        peers.Bits.CopyTo(entry.Peers);
    }

    private ref Entry? PlaceOf(in Key160 infoHash) => ref _entries[(int)(infoHash.Low % Length)];

    private sealed class Entry
    {
        public Key160 InfoHash { get; set; }

        public Instant Made { get; set; }

        public byte[] Seeds { get; } = new byte[ScrapeFilter.Length];

        public byte[] Peers { get; } = new byte[ScrapeFilter.Length];
    }
}
