namespace Kadstone.Ipfs.Tests.Facade;

internal static class NodeExtensions
{
    public static Multiaddr Address(this IpfsDht node) => node.Addresses[0].WithPeer(node.LocalPeer);

    public static PeerInfo Info(this IpfsDht node) => new(node.LocalPeer, node.Addresses);

    /// <summary>Ends when the node holds a value.</summary>
    public static async Task HasValueAsync(this IpfsDht node, string key, string value)
    {
        while (await node.Desk.GetAsync(RecordKey.Parse(key), Network.Cancelled) is not { } record || System.Text.Encoding.UTF8.GetString(record.Value.Span) != value)
        {
            await Task.Yield();
            Network.Cancelled.ThrowIfCancellationRequested();
        }
    }

    public static async Task<List<T>> ListAsync<T>(this IAsyncEnumerable<T> items)
    {
        List<T> list = [];
        await foreach (T item in items)
        {
            list.Add(item);
        }

        return list;
    }
}
