using Kadstone.Ipfs.Core;
using Kadstone.Kademlia;

namespace Kadstone.Ipfs.Tests.Core;

internal static class PeerKeys
{
    public static Key256 KeyOf(PeerId peer) => PeerContact.KeyOf(peer.Bytes.Span);
}
