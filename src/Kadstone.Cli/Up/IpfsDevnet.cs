using System.Net;
using Kadstone.Hosting;
using Kadstone.Ipfs;
using Kadstone.Libp2p;

namespace Kadstone.Cli.Up;

/// <summary>The IPFS nodes of a devnet: the DHT of a site, <c>/ipfs/lan/kad/1.0.0</c>, where loopback addresses are ordinary ones.</summary>
internal sealed class IpfsDevnet : Devnet
{
    private IpfsDht? _last;

    internal override string Network => "ipfs";

    internal override void Join(KadstoneOptions options) => options.Ipfs = OptionsOf(OwnAddress, [Bootstrap]);

    internal override async Task<bool> AnswersAsync(KadstoneNode own, CancellationToken cancellationToken)
    {
        if (own.Ipfs is not IpfsDht dht || _last is null)
        {
            return false;
        }

        byte[] content = new byte[32];
        Random.Shared.NextBytes(content);
        Cid cid = Cid.OfRaw(content);
        try
        {
            ProvideOutcome told = await dht.ProvideAsync(cid, cancellationToken: cancellationToken);
            bool isFound = false;
            await foreach (PeerInfo provider in _last.FindProvidersAsync(cid, new FindProvidersOptions { NumProviders = 1, ThrowIfFewer = false }, cancellationToken))
            {
                isFound |= provider.Id == dht.LocalPeer;
            }

            // It was a question, and nothing that we shall have tomorrow.
            await dht.StopProvidingAsync(cid, cancellationToken);
            return isFound && told.Told > 0;
        }
        catch (Exception exception) when (exception is NoPeersException or DhtTimeoutException)
        {
            return false;
        }
    }

    protected override async Task<NetworkNode> CreateAsync(IPAddress address, string[] bootstrap, CancellationToken cancellationToken)
    {
        _last = await IpfsDht.CreateAsync(OptionsOf(address, bootstrap), cancellationToken: cancellationToken);
        return NetworkNode.Of(_last);
    }

    // Whoever dials within 127/8 comes from 127.0.0.1: limits by host would count the whole network as one.
    private static IpfsOptions OptionsOf(IPAddress address, string[] bootstrap) => new()
    {
        Host = new Libp2pOptions { Listen = [Multiaddr.FromTcp(address, 0)], Limits = HostLimits.OneMachine },
        Scope = KadScope.Lan,
        Mode = KadMode.Server,
        Bootstrap = [.. bootstrap.Select(Multiaddr.Parse)],
    };
}
