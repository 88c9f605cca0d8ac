using System.Net;
using Kadstone.Datagrams;
using Kadstone.Hosting;
using Kadstone.Kademlia;
using Kadstone.Mainline;

namespace Kadstone.Cli.Up;

/// <summary>The Mainline nodes of a devnet.</summary>
internal sealed class MainlineDevnet : Devnet
{
    private MainlineDht? _last;

    internal override string Network => "mainline";

    internal override void Join(KadstoneOptions options) => options.Mainline = OptionsOf(OwnAddress, [Bootstrap]);

    internal override async Task<bool> AnswersAsync(KadstoneNode own, CancellationToken cancellationToken)
    {
        if (own.Mainline is not MainlineDht dht || _last is null)
        {
            return false;
        }

        Key160 infoHash = Keyspace.Random<Key160>(Random.Shared);
        try
        {
            AnnounceResult announced = await dht.AnnouncePeerAsync(infoHash, 0, cancellationToken: cancellationToken);
            UdpEndpoint expected = UdpEndpoint.From(dht.LocalEndpoints[0]);
            await foreach (UdpEndpoint peer in _last.GetPeersAsync(infoHash).WithCancellation(cancellationToken))
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

    protected override async Task<NetworkNode> CreateAsync(IPAddress address, string[] bootstrap, CancellationToken cancellationToken)
    {
        _last = await MainlineDht.CreateAsync(OptionsOf(address, bootstrap), cancellationToken: cancellationToken);
        return NetworkNode.Of(_last);
    }

    private static MainlineOptions OptionsOf(IPAddress address, string[] bootstrap) => new() { Addresses = [address], Scope = AddressScope.Private, Bootstrap = bootstrap };
}
