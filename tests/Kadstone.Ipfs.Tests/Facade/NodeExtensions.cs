namespace Kadstone.Ipfs.Tests.Facade;

internal static class NodeExtensions
{
    public static Multiaddr Address(this IpfsDht node) => node.Addresses[0].WithPeer(node.LocalPeer);

    public static PeerInfo Info(this IpfsDht node) => new(node.LocalPeer, node.Addresses);

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
