using System.Runtime.CompilerServices;


namespace Kadstone.Ipfs;

public sealed partial class IpfsDht
{
    /// <summary>Finds who has content, each as soon as it is found.</summary>
    /// <param name="cid">Which content: only its multihash counts, so all versions and codecs of a CID find the same.</param>
    /// <param name="options">How many, and what if there are fewer.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="NotEnoughProvidersException">There were fewer than wanted: thrown after the last.</exception>
    public IAsyncEnumerable<PeerInfo> FindProvidersAsync(Cid cid, FindProvidersOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(cid);
        return FindProvidersAsync(cid.Multihash, options, cancellationToken);
    }

    /// <inheritdoc cref="FindProvidersAsync(Cid, FindProvidersOptions?, CancellationToken)"/>
    /// <param name="cid">The text of a CID, or of a bare multihash in base58.</param>
    /// <param name="options">How many, and what if there are fewer.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="FormatException">The text is no CID.</exception>
    public IAsyncEnumerable<PeerInfo> FindProvidersAsync(string cid, FindProvidersOptions? options = null, CancellationToken cancellationToken = default) =>
        FindProvidersAsync(Cid.Parse(cid), options, cancellationToken);

    /// <inheritdoc cref="FindProvidersAsync(Cid, FindProvidersOptions?, CancellationToken)"/>
    /// <param name="multihash">A bare multihash, or the bytes of a CID.</param>
    /// <param name="options">How many, and what if there are fewer.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="ArgumentException">The bytes are neither.</exception>
    public IAsyncEnumerable<PeerInfo> FindProvidersAsync(ReadOnlyMemory<byte> multihash, FindProvidersOptions? options = null, CancellationToken cancellationToken = default) => throw new NotSupportedException();

    /// <summary>All providers in one list: what <see cref="FindProvidersAsync(Cid, FindProvidersOptions?, CancellationToken)"/> yields.</summary>
    /// <exception cref="NotEnoughProvidersException">There were fewer than wanted.</exception>
    public async Task<IReadOnlyList<PeerInfo>> FindProvidersListAsync(Cid cid, FindProvidersOptions? options = null, CancellationToken cancellationToken = default)
    {
        List<PeerInfo> providers = [];
        await foreach (PeerInfo provider in FindProvidersAsync(cid, options, cancellationToken).ConfigureAwait(false))
        {
            providers.Add(provider);
        }

        return providers;
    }

    /// <summary>What happens while providers are sought: each is a <see cref="QueryEventType.Provider"/>.</summary>
    /// <exception cref="NotEnoughProvidersException">There were fewer than wanted: thrown after the last event.</exception>
    public IAsyncEnumerable<QueryEvent> FindProvidersEventsAsync(Cid cid, FindProvidersOptions? options = null, CancellationToken cancellationToken = default) => throw new NotSupportedException();

    /// <summary>Tells the 20 peers closest to the content that we have it, and again every <see cref="IpfsOptions.ProvideInterval"/>.</summary>
    /// <exception cref="ContentNotLocalException"><see cref="IpfsOptions.HasContent"/> says that we have it not.</exception>
    /// <exception cref="NoPeersException">There is nobody to tell.</exception>
    public Task<ProvideOutcome> ProvideAsync(Cid cid, ProvideOptions? options = null, CancellationToken cancellationToken = default) => ProvideAsync([cid], options, cancellationToken);

    /// <inheritdoc cref="ProvideAsync(Cid, ProvideOptions?, CancellationToken)"/>
    /// <exception cref="FormatException">The text is no CID.</exception>
    public Task<ProvideOutcome> ProvideAsync(string cid, ProvideOptions? options = null, CancellationToken cancellationToken = default) =>
        ProvideAsync([Cid.Parse(cid)], options, cancellationToken);

    /// <summary>Tells of several contents, one after another.</summary>
    /// <exception cref="ArgumentException">One of them is null, or recursion is wanted and <see cref="IpfsOptions.Links"/> is not set. Nothing was told.</exception>
    /// <exception cref="ContentNotLocalException"><see cref="IpfsOptions.HasContent"/> says that we have one of them not. Nothing was told.</exception>
    /// <exception cref="NoPeersException">There is nobody to tell.</exception>
    public async Task<ProvideOutcome> ProvideAsync(IEnumerable<Cid> cids, ProvideOptions? options = null, CancellationToken cancellationToken = default) => throw new NotSupportedException();

    /// <summary>What happens while the closest peers are found and told.</summary>
    /// <exception cref="ContentNotLocalException"><see cref="IpfsOptions.HasContent"/> says that we have it not.</exception>
    /// <exception cref="NoPeersException">There is nobody to tell.</exception>
    public IAsyncEnumerable<QueryEvent> ProvideEventsAsync(Cid cid, ProvideOptions? options = null, CancellationToken cancellationToken = default) => ProvideEventsAsync([cid], options, cancellationToken);

    /// <inheritdoc cref="ProvideEventsAsync(Cid, ProvideOptions?, CancellationToken)"/>
    public IAsyncEnumerable<QueryEvent> ProvideEventsAsync(IEnumerable<Cid> cids, ProvideOptions? options = null, CancellationToken cancellationToken = default) => throw new NotSupportedException();

    /// <summary>Tells no more of content. Peers forget it within 48 hours.</summary>
    /// <returns>False when it was not provided.</returns>
    public async Task<bool> StopProvidingAsync(Cid cid, CancellationToken cancellationToken = default) => throw new NotSupportedException();
}
