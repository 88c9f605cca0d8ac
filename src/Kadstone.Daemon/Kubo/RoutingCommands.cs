using Kadstone.Daemon.Content;
using Kadstone.Ipfs;
using Kadstone.Libp2p;

namespace Kadstone.Daemon.Kubo;

/// <summary>The DHT's verbs: under <c>dht/</c> as Kubo had them until 0.27, and under <c>routing/</c> as it has them since.</summary>
/// <remarks>They differ in one thing: what <c>get</c> and <c>put</c> answer.</remarks>
internal sealed class RoutingCommands(IIpfsNode node, BlockShelf blocks)
{
    private const int DefaultProviders = 20;
    private const int MaxProviders = 10_000;
    private const int MaxRecordLength = 64 << 10;
    private const int MaxBlocksProvided = 10_000;

    public IEnumerable<(string, KuboCommand)> All =>
    [
        ("dht/findpeer", FindPeerAsync), ("routing/findpeer", FindPeerAsync),
        ("dht/findprovs", FindProvidersAsync), ("routing/findprovs", FindProvidersAsync),
        ("dht/provide", ProvideAsync), ("routing/provide", ProvideAsync),
        ("dht/query", QueryAsync),
        ("dht/get", GetEventsAsync), ("routing/get", GetValueAsync),
        ("dht/put", PutEventsAsync), ("routing/put", PutValueAsync),
        ("stats/dht", StatsAsync),
    ];

    private async Task FindPeerAsync(KuboCall call, CancellationToken cancellationToken)
    {
        PeerId peer = call.PeerArgument();
        RequireRouting();
        try
        {
            await WriteAsync(call, node.FindPeerAsync(peer, mustBeReached: true, cancellationToken), cancellationToken).ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is PeerNotFoundException or NoPeersException)
        {
            await WriteErrorAsync(call, exception.Message, cancellationToken).ConfigureAwait(false);
        }

        await call.EndAsync(cancellationToken).ConfigureAwait(false);
    }

    private async Task FindProvidersAsync(KuboCall call, CancellationToken cancellationToken)
    {
        Cid cid = CidOf(call.Argument("key"));
        int count = call.Number("num-providers", DefaultProviders, 1, MaxProviders);
        RequireRouting();
        try
        {
            await WriteAsync(call, node.FindProvidersAsync(cid, count, cancellationToken), cancellationToken).ConfigureAwait(false);
        }
        catch (NoPeersException exception)
        {
            await WriteErrorAsync(call, exception.Message, cancellationToken).ConfigureAwait(false);
        }

        await call.EndAsync(cancellationToken).ConfigureAwait(false);
    }

    private async Task ProvideAsync(KuboCall call, CancellationToken cancellationToken)
    {
        _ = call.Argument("key");
        Cid[] cids = [.. call.Arguments.Select(CidOf)];
        RequireRouting();
        foreach (Cid cid in cids)
        {
            if (!blocks.Has(cid))
            {
                throw KuboException.Failed($"block {cid} not found locally, cannot provide");
            }
        }

        IReadOnlyList<Cid> all = call.Flag("recursive") ? UnixFs.Reachable(cids, blocks, MaxBlocksProvided) : cids;
        await WriteAsync(call, node.ProvideAsync(all, cancellationToken), cancellationToken).ConfigureAwait(false);
        await call.EndAsync(cancellationToken).ConfigureAwait(false);
    }

    private async Task QueryAsync(KuboCall call, CancellationToken cancellationToken)
    {
        PeerId peer = call.PeerArgument();
        RequireRouting();
        await WriteAsync(call, node.QueryAsync(peer, cancellationToken), cancellationToken).ConfigureAwait(false);
        await call.EndAsync(cancellationToken).ConfigureAwait(false);
    }

    private async Task GetEventsAsync(KuboCall call, CancellationToken cancellationToken)
    {
        byte[] key = KeyOf(call, out _);
        RequireRouting();
        try
        {
            await WriteAsync(call, node.GetAsync(key, cancellationToken), cancellationToken).ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is RecordNotFoundException or NoPeersException)
        {
            // Unlike routing/get: an event, and a good status.
            await WriteErrorAsync(call, "routing: not found", cancellationToken).ConfigureAwait(false);
        }

        await call.EndAsync(cancellationToken).ConfigureAwait(false);
    }

    private async Task GetValueAsync(KuboCall call, CancellationToken cancellationToken)
    {
        byte[] key = KeyOf(call, out _);
        RequireRouting();
        string? best = await BestAsync(node.GetAsync(key, cancellationToken), cancellationToken).ConfigureAwait(false);
        if (best is null)
        {
            throw KuboException.Failed("routing: not found");
        }

        await call.WriteLineAsync(new KuboEvent(best, "", null, (int)QueryEventType.Value), KuboJson.Default.KuboEvent, cancellationToken).ConfigureAwait(false);
        await call.EndAsync(cancellationToken).ConfigureAwait(false);
    }

    private async Task PutEventsAsync(KuboCall call, CancellationToken cancellationToken)
    {
        byte[] key = KeyOf(call, out _);
        RequireRouting();
        byte[] value = await call.FileAsync("value-file", MaxRecordLength, cancellationToken).ConfigureAwait(false);
        await WriteAsync(call, node.PutAsync(key, value, cancellationToken), cancellationToken).ConfigureAwait(false);
        await call.EndAsync(cancellationToken).ConfigureAwait(false);
    }

    private async Task PutValueAsync(KuboCall call, CancellationToken cancellationToken)
    {
        byte[] key = KeyOf(call, out PeerId name);
        RequireRouting();
        byte[] value = await call.FileAsync("value-file", MaxRecordLength, cancellationToken).ConfigureAwait(false);
        await foreach (QueryEvent _ in node.PutAsync(key, value, cancellationToken).ConfigureAwait(false))
        {
            // The work is done while it is enumerated.
        }

        await call.WriteLineAsync(new KuboEvent("", name.ToString(), null, (int)QueryEventType.Value), KuboJson.Default.KuboEvent, cancellationToken).ConfigureAwait(false);
        await call.EndAsync(cancellationToken).ConfigureAwait(false);
    }

    private async Task StatsAsync(KuboCall call, CancellationToken cancellationToken)
    {
        RequireRouting();
        IReadOnlyList<KuboTablePeer> peers = [.. node.Contacts().Select(contact => new KuboTablePeer(contact.Id.ToString(), IsConnected(contact.Id), "", "", ""))];
        foreach (IpfsStatus status in node.Status())
        {
            string name = status.Scope == KadScope.Lan ? "lan" : "wan";
            await call.WriteLineAsync(new KuboTable(name, [new KuboBucket("", peers)]), KuboJson.Default.KuboTable, cancellationToken).ConfigureAwait(false);
        }

        await call.EndAsync(cancellationToken).ConfigureAwait(false);
    }

    private bool IsConnected(PeerId peer) => node.Connections.Any(connection => connection.Id == peer);

    private void RequireRouting()
    {
        if (!node.HasRouting)
        {
            throw KuboException.Failed("routing service is not a DHT");
        }
    }

    private static async Task WriteAsync(KuboCall call, IAsyncEnumerable<QueryEvent> events, CancellationToken cancellationToken)
    {
        await foreach (QueryEvent happened in events.ConfigureAwait(false))
        {
            if (Enum.IsDefined(happened.Type))
            {
                await call.WriteLineAsync(Of(happened), KuboJson.Default.KuboEvent, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    private static Task WriteErrorAsync(KuboCall call, string reason, CancellationToken cancellationToken) =>
        call.WriteLineAsync(new KuboEvent(reason, "", null, (int)QueryEventType.QueryError), KuboJson.Default.KuboEvent, cancellationToken);

    // The clients parse some ids and ask some lists for their length: an answer without one breaks them.
    private static KuboEvent Of(QueryEvent happened)
    {
        IReadOnlyList<KuboPeer>? responses = happened.Type switch
        {
            QueryEventType.PeerResponse or QueryEventType.Provider => [.. happened.Responses.Select(Of)],
            QueryEventType.AddingPeer when happened.Responses.Count == 0 => [new KuboPeer(happened.Id.ToString(), [])],
            _ => happened.Responses.Count > 0 ? [.. happened.Responses.Select(Of)] : null,
        };
        return new KuboEvent(happened.Extra, happened.Id.ToString(), responses, (int)happened.Type);
    }

    private static KuboPeer Of(PeerInfo peer) => new(peer.Id.ToString(), [.. peer.Addresses.Select(address => address.ToString())]);

    private static async Task<string?> BestAsync(IAsyncEnumerable<QueryEvent> events, CancellationToken cancellationToken)
    {
        string? best = null;
        await foreach (QueryEvent happened in events.WithCancellation(cancellationToken).ConfigureAwait(false))
        {
            // Each value is better than those before it.
            best = happened.Type == QueryEventType.Value ? happened.Extra : best;
        }

        return best;
    }

    private static Cid CidOf(string text) =>
        Cid.TryParse(text.StartsWith("/ipfs/", StringComparison.Ordinal) ? text["/ipfs/".Length..] : text, out Cid? cid)
            ? cid
            : throw KuboException.BadArgument($"invalid CID: '{(text.Length > 128 ? text[..128] : text)}'");

    private static byte[] KeyOf(KuboCall call, out PeerId name) =>
        RecordKeys.TryParse(call.Argument("key"), out byte[] key, out PeerId? parsed) ? (name = parsed, key).key : throw KuboException.Failed("invalid key");
}
