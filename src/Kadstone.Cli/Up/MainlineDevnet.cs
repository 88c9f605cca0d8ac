using System.Net;
using Kadstone.Datagrams;
using Kadstone.Kademlia;
using Kadstone.Mainline;

namespace Kadstone.Cli.Up;

/// <summary>The Mainline nodes of a devnet.</summary>
internal sealed class MainlineDevnet : Devnet
{
    internal override async Task<bool> AnswersAsync(UpNode own, CancellationToken cancellationToken)
    {
        Key160 infoHash = Keyspace.Random<Key160>(Random.Shared);
        try
        {
            AnnounceResult announced = await ((MainlineUpNode)own).Dht.AnnouncePeerAsync(infoHash, 0, cancellationToken: cancellationToken);
            UdpEndpoint expected = UdpEndpoint.From(own.Endpoints[0]);
            await foreach (UdpEndpoint peer in ((MainlineUpNode)Nodes[^1]).Dht.GetPeersAsync(infoHash).WithCancellation(cancellationToken))
            {
                if (peer == expected)
                {
                    return announced.Commit.Stored > 0;
                }
            }

            return false;
        }
        catch (Exception exception) when (exception is NoNetworkException or DhtTimeoutException)
        {
            return false;
        }
    }

    protected override async Task<UpNode> CreateAsync(IPAddress address, string[] bootstrap, CancellationToken cancellationToken) =>
        new MainlineUpNode(await MainlineDht.CreateAsync(
            new MainlineOptions { Addresses = [address], Scope = AddressScope.Private, Bootstrap = bootstrap },
            cancellationToken: cancellationToken));
}
