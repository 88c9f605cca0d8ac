using Kadstone.Interop.Tests.Harness;

namespace Kadstone.Interop.Tests;

/// <summary>Programs that were written for Kubo and js-ipfs talk to our daemon: their clients, and the suite that both were held to.</summary>
public sealed class IpfsHttpTests
{
    [Fact]
    public async Task The_published_dht_suite_passes_whole()
    {
        IpfsHttpRun run = await IpfsHttpPeers.RunSuitesAsync("dht");
        run.Failed.ShouldBeEmpty();
        run.Passed.Count.ShouldBe(16);
        run.Exits.ShouldBe(["0"]);
    }

    [Fact]
    public async Task So_do_swarm_ping_id_and_publish_but_for_one_that_the_client_cannot_pass()
    {
        IpfsHttpRun run = await IpfsHttpPeers.RunSuitesAsync("swarm,ping,miscellaneous.id,name.publish");

        // It forbids a property that this client sets in any case, be it to undefined: js-ipfs fails it as well.
        run.Failed.ShouldHaveSingleItem().ShouldStartWith("swarm .swarm.peers should list peers this node is connected to: ");
        run.Failed[0].ShouldContain("to not have property 'latency'");
        run.Passed.Count.ShouldBe(19);
        run.Exits.ShouldBe(["0"]);
    }

    [Fact]
    public async Task Kubo_rpc_client_and_Helias_delegated_routing_client_get_what_they_ask_for()
    {
        IpfsHttpRun run = await IpfsHttpPeers.RunClientsAsync();
        run.Failed.ShouldBeEmpty();
        run.Passed.Count.ShouldBe(21);
        run.Exits.ShouldBe(["0"]);
    }
}
