using Kadstone.Kademlia;

namespace Kadstone.Mainline;

/// <summary>Torrents that change: a key that names the infohash of the moment (BEP 46).</summary>
public sealed partial class MainlineDht
{
    /// <summary>The infohash that a magnet link stands for: its own, or the one that its key's newest item names.</summary>
    /// <returns>Null when nobody has an item of the key, or it names no infohash.</returns>
    /// <exception cref="NoNetworkException">Nobody answered.</exception>
    /// <exception cref="DhtTimeoutException">It took longer than <see cref="MainlineOptions.LookupTimeout"/>.</exception>
    public async Task<Key160?> ResolveAsync(MagnetLink link, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(link);
        if (link.InfoHash is Key160 infoHash)
        {
            return infoHash;
        }

        if (link.InfoHashV2 is Key160 truncated)
        {
            return truncated;
        }

        FoundItem? item = await GetMutableAsync(link.PublicKey, link.Salt, cancellationToken).ConfigureAwait(false);
        return item is not null && item.Value.TryGetInfoHash(out Key160 named) ? named : null;
    }

    /// <summary>Makes a key name an infohash, so that links of the form <c>magnet:?xs=urn:btpk:…</c> lead to it.</summary>
    /// <param name="seed">The Ed25519 seed, 32 bytes.</param>
    /// <param name="infoHash">The torrent of the moment.</param>
    /// <param name="salt">The link's <c>s</c>; empty for none.</param>
    /// <param name="sequence">The version; null: one more than the newest that the network has.</param>
    /// <param name="cancellationToken">Gives up; nodes may have stored it already.</param>
    public Task<PutItemResult> PutInfoHashAsync(
        ReadOnlyMemory<byte> seed,
        Key160 infoHash,
        ReadOnlyMemory<byte> salt = default,
        long? sequence = null,
        CancellationToken cancellationToken = default) =>
        PutMutableAsync(seed, ItemValue.FromInfoHash(infoHash), salt, sequence, null, cancellationToken);
}
