using Kadstone.Hyperswarm;
using Kadstone.Interop.Tests.Harness;
using static Kadstone.Interop.Tests.Harness.HyperSwarm;

namespace Kadstone.Interop.Tests;

/// <summary>Networks of both kinds of hyperdht, and connections of theirs through networks of ours.</summary>
public sealed class HyperDhtMixedTests
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact, Trait("Peer", "hyperdht")]
    public async Task In_a_network_of_ten_and_ten_what_each_kind_announces_is_found_by_the_other()
    {
        await using HyperSwarm first = await HyperSwarm.StartAsync(1);
        await using HyperdhtPeer theirs = await HyperdhtPeer.StartAsync(10, first.Endpoints[0]);
        await using HyperSwarm ours = await HyperSwarm.StartAsync(9, theirs.Endpoints[4]);
        await first.JoinedByAsync(theirs);
        for (int round = 0; round < 5; round++)
        {
            string topic = HyperPeer.NextKey();
            string seed = HyperPeer.NextKey();
            (string publicKey, _) = await theirs.AnnounceAsync(topic, seed, ["1.2.3.4:80"], node: round);
            await ours[round].AnnounceOnceAsync(KeyOf(topic), cancellationToken: Cancelled);
            string[] both = [.. new[] { publicKey, Hex(ours[round].PublicKey) }.Order()];

            (await theirs.LookupAsync(topic, node: 9 - round)).ShouldBe(both);
            IReadOnlyList<PeersFound> found = await ours[8 - round].LookupAllAsync(KeyOf(topic), cancellationToken: Cancelled);
            found.SelectMany(each => each.Records).Select(record => Hex(record.PublicKey)).Distinct().Order().ShouldBe(both.Where(key => key != Hex(ours[8 - round].PublicKey)));

            // Nodes of both kinds hold both.
            string[] answering = [.. found.Select(each => each.Node.ToString())];
            answering.Intersect(theirs.Endpoints).ShouldNotBeEmpty();
            answering.Intersect(ours.Endpoints.Append(first.Endpoints[0])).ShouldNotBeEmpty();

            await theirs.UnannounceAsync(topic, seed, node: round);
            await ours[round].UnannounceAsync(KeyOf(topic), cancellationToken: Cancelled);
            (await theirs.LookupAsync(topic, node: 9 - round)).ShouldBeEmpty();
            (await ours[8 - round].LookupAllAsync(KeyOf(topic), cancellationToken: Cancelled)).ShouldBeEmpty();
        }
    }

    [Fact, Trait("Peer", "hyperdht")]
    public async Task Their_client_connects_to_their_server_through_a_network_of_ours_alone()
    {
        await using HyperSwarm ours = await HyperSwarm.StartAsync(6);

        // Neither is in anybody's table, so that all who relay are ours.
        await using HyperdhtPeer server = await HyperdhtPeer.StartEphemeralAsync(ours.Endpoints[0]);
        await using HyperdhtPeer client = await HyperdhtPeer.StartEphemeralAsync(ours.Endpoints[1]);
        string publicKey = await server.ListenAsync(HyperPeer.NextKey());
        IReadOnlyList<string> relays = await client.FindPeerAsync(publicKey);
        relays.ShouldNotBeEmpty();
        relays.ShouldBeSubsetOf(ours.Endpoints);

        (await client.ConnectAsync(publicKey, "through ours")).ShouldBe("through ours");
        (await client.ConnectAsync(publicKey, "and again")).ShouldBe("and again");
        await server.CloseServerAsync(publicKey);
        (await client.FindPeerAsync(publicKey)).ShouldBeEmpty("a server that closes takes itself back");
    }

    [Fact, Trait("Peer", "hyperdht")]
    public async Task Their_persistent_nodes_connect_to_each_other_in_a_network_that_ours_began()
    {
        await using HyperSwarm ours = await HyperSwarm.StartAsync(3);
        await using HyperdhtPeer theirs = await HyperdhtPeer.StartAsync(2, ours.Endpoints[0]);
        await ours.JoinedByAsync(theirs);
        string publicKey = await theirs.ListenAsync(HyperPeer.NextKey());
        (await theirs.ConnectAsync(publicKey, "hello", node: 1)).ShouldBe("hello");
    }
}
