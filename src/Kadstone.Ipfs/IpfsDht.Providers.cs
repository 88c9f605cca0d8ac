using System.Runtime.CompilerServices;
using Kadstone.Ipfs.Core;
using Kadstone.Ipfs.Wire;


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
        FindProvidersAsync(ContentOf(cid), options, cancellationToken);

    /// <inheritdoc cref="FindProvidersAsync(Cid, FindProvidersOptions?, CancellationToken)"/>
    /// <param name="multihash">A bare multihash, or the bytes of a CID.</param>
    /// <param name="options">How many, and what if there are fewer.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="ArgumentException">The bytes are neither.</exception>
    public IAsyncEnumerable<PeerInfo> FindProvidersAsync(ReadOnlyMemory<byte> multihash, FindProvidersOptions? options = null, CancellationToken cancellationToken = default)
    {
        ReadOnlyMemory<byte> hash = MultihashOf(multihash);
        return ProvidersOf(GuardAsync(token => SeekProvidersAsync(hash, options ?? new FindProvidersOptions(), token), options, cancellationToken));
    }

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
    public IAsyncEnumerable<QueryEvent> FindProvidersEventsAsync(Cid cid, FindProvidersOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(cid);
        return GuardAsync(token => SeekProvidersAsync(cid.Multihash, options ?? new FindProvidersOptions(), token), options, cancellationToken);
    }

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
    public async Task<ProvideOutcome> ProvideAsync(IEnumerable<Cid> cids, ProvideOptions? options = null, CancellationToken cancellationToken = default)
    {
        StrongBox<ProvideOutcome> outcome = new();
        Cid[] checkedCids = Checked(cids, options);
        await GuardAsync(token => TellAsync(checkedCids, options ?? new ProvideOptions(), outcome, token), options, cancellationToken).ConsumeAsync(cancellationToken).ConfigureAwait(false);
        return outcome.Value;
    }

    /// <summary>What happens while the closest peers are found and told.</summary>
    /// <exception cref="ContentNotLocalException"><see cref="IpfsOptions.HasContent"/> says that we have it not.</exception>
    /// <exception cref="NoPeersException">There is nobody to tell.</exception>
    public IAsyncEnumerable<QueryEvent> ProvideEventsAsync(Cid cid, ProvideOptions? options = null, CancellationToken cancellationToken = default) => ProvideEventsAsync([cid], options, cancellationToken);

    /// <inheritdoc cref="ProvideEventsAsync(Cid, ProvideOptions?, CancellationToken)"/>
    public IAsyncEnumerable<QueryEvent> ProvideEventsAsync(IEnumerable<Cid> cids, ProvideOptions? options = null, CancellationToken cancellationToken = default)
    {
        Cid[] checkedCids = Checked(cids, options);
        return GuardAsync(token => TellAsync(checkedCids, options ?? new ProvideOptions(), new StrongBox<ProvideOutcome>(), token), options, cancellationToken);
    }

    /// <summary>Tells no more of content. Peers forget it within 48 hours.</summary>
    /// <returns>False when it was not provided.</returns>
    public async Task<bool> StopProvidingAsync(Cid cid, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(cid);
        ThrowIfClosed();
        Array.ForEach(_nodes, node => node.RemoveOwnProvider(cid.Multihash));
        return await _keeper.ForgetProvidedAsync(cid.Multihash, cancellationToken).ConfigureAwait(false);
    }

    private async IAsyncEnumerable<QueryEvent> SeekProvidersAsync(ReadOnlyMemory<byte> multihash, FindProvidersOptions options, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        int wanted = options.NumProviders;
        ArgumentOutOfRangeException.ThrowIfNegative(wanted, nameof(options));
        HashSet<PeerId> found = [];
        using QueryRun run = Run(node =>
        {
            KadQuery query = node.NewQuery(KadQueryKind.FindProviders, multihash, wanted: wanted);
            return options.AsksOthersOnly ? query : WithKnownProviders(node, query);
        });
        await foreach (QueryEvent happened in run.EventsAsync(cancellationToken).ConfigureAwait(false))
        {
            // Two DHTs may name the same one, and each of them enough.
            if (happened.Type != QueryEventType.Provider || found.Add(happened.Responses[0].Id))
            {
                yield return happened;
            }

            if (wanted > 0 && found.Count >= wanted)
            {
                yield break;
            }
        }

        if (options.ThrowIfFewer && found.Count < wanted)
        {
            throw new NotEnoughProvidersException(found.Count, wanted);
        }
    }

    private static KadQuery WithKnownProviders(KadNode node, KadQuery query)
    {
        foreach (PeerInfo provider in node.ProvidersOf(query.Target))
        {
            query.Offer(provider);
        }

        return query;
    }

    private static async IAsyncEnumerable<PeerInfo> ProvidersOf(IAsyncEnumerable<QueryEvent> events)
    {
        await foreach (QueryEvent happened in events.ConfigureAwait(false))
        {
            if (happened is { Type: QueryEventType.Provider, Responses: [PeerInfo provider] })
            {
                yield return provider;
            }
        }
    }

    private async IAsyncEnumerable<QueryEvent> TellAsync(Cid[] cids, ProvideOptions options, StrongBox<ProvideOutcome> outcome, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        foreach (Cid cid in cids)
        {
            if (_options.HasContent is { } hasContent && !await hasContent(cid, cancellationToken).ConfigureAwait(false))
            {
                throw new ContentNotLocalException(cid);
            }
        }

        await foreach (Cid cid in GraphAsync(cids, options.Recursive, cancellationToken).ConfigureAwait(false))
        {
            using QueryRun run = RunProvide(cid.Multihash, options.Optimistic ?? _options.OptimisticProvide);
            await foreach (QueryEvent happened in run.EventsAsync(cancellationToken).ConfigureAwait(false))
            {
                yield return happened;
            }

            int told = run.Sum(query => query.Told);
            outcome.Value = new ProvideOutcome(outcome.Value.Provided + (told > 0 ? 1 : 0), outcome.Value.Told + told, outcome.Value.Failed + run.Sum(query => query.NotTold));
            if (run.HadNobody)
            {
                throw NobodyToAsk();
            }

            if (options.Keep)
            {
                await _keeper.RememberProvidedAsync(cid.Multihash, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    private QueryRun RunProvide(ReadOnlyMemory<byte> multihash, bool isOptimistic)
    {
        Reside();
        Array.ForEach(_nodes, node => node.AddOwnProvider(multihash));
        return Run(node => node.NewQuery(KadQueryKind.Provide, multihash, providerMessage: ProviderMessage(node, multihash), isOptimistic: isOptimistic));
    }

    private KadMessage ProviderMessage(KadNode node, ReadOnlyMemory<byte> multihash) => new()
    {
        Type = KadMessageType.AddProvider,
        Key = multihash,
        Providers = [new KadPeer(LocalPeer, node.Policy.Kept(Addresses))],
    };

    /// <summary>The contents themselves and, if wanted, all that they link to: each once.</summary>
    private async IAsyncEnumerable<Cid> GraphAsync(Cid[] roots, bool isRecursive, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        HashSet<Cid> seen = [];
        Stack<Cid> open = new(roots.Reverse());
        while (open.TryPop(out Cid? cid))
        {
            if (!seen.Add(cid.ToVersion1()))
            {
                continue;
            }

            yield return cid;
            if (isRecursive && _options.Links is { } links)
            {
                await foreach (Cid link in links(cid).WithCancellation(cancellationToken).ConfigureAwait(false))
                {
                    open.Push(link);
                }
            }
        }
    }

    private Cid[] Checked(IEnumerable<Cid> cids, ProvideOptions? options)
    {
        ArgumentNullException.ThrowIfNull(cids);
        Cid[] all = [.. cids];
        if (Array.Exists(all, cid => cid is null))
        {
            throw new ArgumentException("One of the CIDs is null.", nameof(cids));
        }

        return options?.Recursive == true && _options.Links is null
            ? throw new ArgumentException("IpfsOptions.Links says what content links to; without it nothing can be provided with all that it links to.", nameof(options))
            : all;
    }

    private static ReadOnlyMemory<byte> MultihashOf(ReadOnlyMemory<byte> bytes) =>
        Multihash.IsWhole(bytes.Span) ? bytes : Cid.TryRead(bytes.Span, out Cid? cid) ? cid.Multihash : throw new ArgumentException("These bytes are neither a multihash nor a CID.", nameof(bytes));

    private static ReadOnlyMemory<byte> ContentOf(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return Cid.TryParse(text, out Cid? cid) ? cid.Multihash
            : Multibase.TryDecode($"{(char)MultibaseEncoding.Base58Btc}{text}", out _, out byte[] bare) && Multihash.IsWhole(bare) ? bare
            : throw new FormatException("This text is no CID.");
    }
}
