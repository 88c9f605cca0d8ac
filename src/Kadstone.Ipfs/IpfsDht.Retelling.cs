using Kadstone.Ipfs.Core;
using Kadstone.Kademlia;

namespace Kadstone.Ipfs;

/// <summary>What is told again: a search for each region of the keyspace, and all that lies in it on one stream to each peer.</summary>
public sealed partial class IpfsDht
{
    private async Task RetellAsync()
    {
        using PeriodicTimer timer = new(Keeper.Turn, _time);
        try
        {
            await _keeper.LoadAsync(_closing.Token).ConfigureAwait(false);
            while (await timer.WaitForNextTickAsync(_closing.Token).ConfigureAwait(false))
            {
                await _keeper.TellDueAsync(_closing.Token).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException)
        {
        }
    }

    private async Task<IReadOnlyList<ContentKey>> TellRegionAsync(ContentKey content, Keeper.Neighbours neighbours, CancellationToken cancellationToken)
    {
        Reside();
        QueryRun run = Run(node => node.NewQuery(KadQueryKind.ClosestPeers, content.Bytes));
        await GuardAsync(token => FinishAsync(run, token), null, cancellationToken).ConsumeAsync(cancellationToken).ConfigureAwait(false);
        Key256 place = PeerContact.KeyOf(content.Bytes.Span);
        (KadNode Node, IReadOnlyList<PeerContact> Closest)[] found = [.. _nodes.Zip(run.All(query => query.Closest)).Where(pair => pair.Second.Count > 0)];
        if (found.Length == 0)
        {
            return [];
        }

        // Of two DHTs the larger one says how far the region reaches.
        int bits = found.Max(pair => KeyRegion.BitsCovered(place, pair.Closest, Width));
        ContentKey[] contents = [.. neighbours(place, bits).Prepend(content).Distinct()];
        int[] tellings = await Task.WhenAll(found.Select(pair => TellPeersAsync(pair.Node, pair.Closest, contents, cancellationToken))).ConfigureAwait(false);
        return contents[..tellings.Max()];
    }

    /// <summary>Tells each of some peers of all contents.</summary>
    /// <returns>How many of the contents, from the first on, somebody was told of.</returns>
    private async Task<int> TellPeersAsync(KadNode node, IReadOnlyList<PeerContact> peers, ContentKey[] contents, CancellationToken cancellationToken)
    {
        foreach (ContentKey content in contents)
        {
            node.AddOwnProvider(content.Bytes);
        }

        int most = 0;
        ParallelOptions lanes = new() { MaxDegreeOfParallelism = KadSettings.UsualParallelism, CancellationToken = cancellationToken };
        await Parallel.ForEachAsync(
            peers,
            lanes,
            async (peer, token) =>
            {
                int told = await node.TellAsync(peer, contents.Select(content => ProviderMessage(node, content.Bytes)), token).ConfigureAwait(false);
                InterlockedMax(ref most, told);
            }).ConfigureAwait(false);
        return most;
    }

    private static void InterlockedMax(ref int location, int value)
    {
        int seen = Volatile.Read(ref location);
        while (value > seen && Interlocked.CompareExchange(ref location, value, seen) is int now && now != seen)
        {
            seen = now;
        }
    }
}
