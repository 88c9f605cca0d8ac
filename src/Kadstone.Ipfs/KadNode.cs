using Kadstone.Storage;
using Microsoft.Extensions.Logging;

namespace Kadstone.Ipfs;

/// <summary>One DHT of a node.</summary>
internal sealed class KadNode
{
    internal bool IsServer => false;
    internal IpfsStatus Status() => throw new NotSupportedException();
    internal IEnumerable<PeerInfo> Contacts() => [];
    internal static IEnumerable<KadNode> Create(IpfsOptions options, Libp2pHost host, IRecordStore store, ILogger logger, TimeProvider time) => [];
}
