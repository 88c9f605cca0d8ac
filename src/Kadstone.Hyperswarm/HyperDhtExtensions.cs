using Kadstone.Kademlia;

namespace Kadstone.Hyperswarm;

/// <summary>Lookups and announces as lists, for those who have no use for a stream.</summary>
public static class HyperDhtExtensions
{
    /// <summary>Everything that <see cref="IHyperDht.LookupAsync"/> gives, when it has ended.</summary>
    /// <exception cref="NoAnswerException">Nobody answered.</exception>
    public static Task<IReadOnlyList<PeersFound>> LookupAllAsync(
        this IHyperDht dht,
        Key256 topic,
        AnnounceOptions? options = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(dht);
        return ToListAsync(dht.LookupAsync(topic, options, cancellationToken));
    }

    /// <summary>Everything that <see cref="IHyperDht.AnnounceAsync"/> gives, when it has ended and we are announced.</summary>
    /// <exception cref="NoAnswerException">Nobody answered, or nobody took the announce.</exception>
    public static Task<IReadOnlyList<PeersFound>> AnnounceAllAsync(
        this IHyperDht dht,
        Key256 topic,
        AnnounceOptions? options = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(dht);
        return ToListAsync(dht.AnnounceAsync(topic, options, cancellationToken));
    }

    private static async Task<IReadOnlyList<PeersFound>> ToListAsync(IAsyncEnumerable<PeersFound> found)
    {
        List<PeersFound> all = [];
        await foreach (PeersFound each in found.ConfigureAwait(false))
        {
            all.Add(each);
        }

        return all;
    }
}
