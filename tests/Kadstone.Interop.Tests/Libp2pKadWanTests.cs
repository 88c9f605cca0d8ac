using Kadstone.Ipfs;

namespace Kadstone.Interop.Tests;

/// <summary>On <c>/ipfs/kad/1.0.0</c>.</summary>
[Trait("Peer", "libp2p")]
public sealed class Libp2pKadWanTests(Libp2pKadWanTests.Fixture fixture) : Libp2pKadConversations(fixture), IClassFixture<Libp2pKadWanTests.Fixture>
{
    public sealed class Fixture() : Libp2pKadFixture(KadScope.Wan);
}
