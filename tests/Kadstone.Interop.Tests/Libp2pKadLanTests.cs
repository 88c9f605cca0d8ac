using Kadstone.Ipfs;

namespace Kadstone.Interop.Tests;

/// <summary>On <c>/ipfs/lan/kad/1.0.0</c>.</summary>
[Trait("Peer", "libp2p")]
public sealed class Libp2pKadLanTests(Libp2pKadLanTests.Fixture fixture) : Libp2pKadConversations(fixture), IClassFixture<Libp2pKadLanTests.Fixture>
{
    public sealed class Fixture() : Libp2pKadFixture(KadScope.Lan);
}
