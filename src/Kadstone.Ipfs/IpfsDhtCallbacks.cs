namespace Kadstone.Ipfs;

/// <summary>The verbs with a callback in place of a task: called once, with an error or with a result, on a thread of the pool.</summary>
public static class IpfsDhtCallbacks
{
    /// <summary><see cref="IpfsDht.FindPeerAsync(PeerId, FindPeerOptions?, CancellationToken)"/> with a callback.</summary>
    public static void FindPeer(this IpfsDht dht, PeerId id, Action<Exception?, PeerInfo?> callback) =>
        Call(Checked(dht).FindPeerAsync(id), callback);

    /// <summary><see cref="IpfsDht.FindProvidersListAsync"/> with a callback.</summary>
    public static void FindProviders(this IpfsDht dht, Cid cid, Action<Exception?, IReadOnlyList<PeerInfo>?> callback) =>
        Call(Checked(dht).FindProvidersListAsync(cid), callback);

    /// <summary><see cref="IpfsDht.GetAsync(string, GetOptions?, CancellationToken)"/> with a callback.</summary>
    public static void Get(this IpfsDht dht, string key, Action<Exception?, ReadOnlyMemory<byte>?> callback) =>
        Call(Optional(Checked(dht).GetAsync(key)), callback);

    /// <summary><see cref="IpfsDht.ProvideAsync(IEnumerable{Cid}, ProvideOptions?, CancellationToken)"/> with a callback.</summary>
    public static void Provide(this IpfsDht dht, IEnumerable<Cid> cids, Action<Exception?, ProvideOutcome?> callback) =>
        Call(Optional(Checked(dht).ProvideAsync(cids)), callback);

    /// <summary><see cref="IpfsDht.PutAsync(string, ReadOnlyMemory{byte}, PutOptions?, CancellationToken)"/> with a callback.</summary>
    public static void Put(this IpfsDht dht, string key, ReadOnlyMemory<byte> value, Action<Exception?, PutOutcome?> callback) =>
        Call(Optional(Checked(dht).PutAsync(key, value)), callback);

    /// <summary><see cref="IpfsDht.FindClosestPeersAsync(PeerId, DhtOperationOptions?, CancellationToken)"/> with a callback.</summary>
    public static void Query(this IpfsDht dht, PeerId id, Action<Exception?, IReadOnlyList<PeerInfo>?> callback) =>
        Call(Checked(dht).FindClosestPeersAsync(id), callback);

    private static IpfsDht Checked(IpfsDht dht)
    {
        ArgumentNullException.ThrowIfNull(dht);
        return dht;
    }

    private static async Task<T?> Optional<T>(Task<T> task)
        where T : struct => await task.ConfigureAwait(false);

    private static void Call<T>(Task<T> task, Action<Exception?, T?> callback)
    {
        ArgumentNullException.ThrowIfNull(callback);
        _ = task.ContinueWith(
            done =>
            {
                // What the callback throws is the caller's: it must not make a second call.
                if (done.IsCompletedSuccessfully)
                {
                    callback(null, done.Result);
                }
                else
                {
                    callback(done.Exception?.InnerException ?? new OperationCanceledException(), default);
                }
            },
            CancellationToken.None,
            TaskContinuationOptions.None,
            TaskScheduler.Default);
    }
}
