using System.Net;
using Kadstone.Datagrams;
using Kadstone.Kademlia;

namespace Kadstone.Mainline.Tests;

public sealed class SmokeTests
{
    [Fact]
    public async Task A_peer_announced_by_one_node_is_found_by_another()
    {
        List<MainlineDht> nodes = [];
        for (int i = 0; i < 6; i++)
        {
            nodes.Add(await MainlineDht.CreateAsync(new MainlineOptions
            {
                Addresses = [IPAddress.Parse($"127.77.{i + 1}.1")],
                Scope = AddressScope.Private,
                Bootstrap = i == 0 ? [] : [nodes[0].LocalEndpoints[0].ToString()],
            }, cancellationToken: TestContext.Current.CancellationToken));
            await nodes[i].WaitForNetworkAsync(TestContext.Current.CancellationToken);
        }

        Key160 infoHash = new(1, 2, 3);
        AnnounceResult announced = await nodes[4].AnnouncePeerAsync(infoHash, 4242, cancellationToken: TestContext.Current.CancellationToken);
        announced.Commit.Stored.ShouldBeGreaterThan(0);
        List<UdpEndpoint> peers = [];
        await foreach (UdpEndpoint peer in nodes[5].GetPeersAsync(infoHash))
        {
            peers.Add(peer);
        }

        peers.Select(peer => peer.ToString()).ShouldBe(["127.77.5.1:4242"]);
        foreach (MainlineDht node in nodes)
        {
            await node.DisposeAsync();
        }
    }
}
