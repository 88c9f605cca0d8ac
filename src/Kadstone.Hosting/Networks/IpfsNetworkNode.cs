using Kadstone.Hosting.Files;
using Kadstone.Ipfs;
using Kadstone.Libp2p;

namespace Kadstone.Hosting.Networks;

/// <summary>An IPFS node among others.</summary>
/// <param name="dht">The node.</param>
/// <param name="stateFile">Where its contacts are kept; null: nowhere.</param>
internal sealed class IpfsNetworkNode(IpfsDht dht, StateFile<IpfsState>? stateFile = null) : NetworkNode
{
    private const int KeyLength = 34;

    public override string Network => "ipfs";

    public override IReadOnlyList<string> Endpoints => [.. dht.Host.ListenAddresses.Select(address => address.WithPeer(dht.LocalPeer).ToString())];

    public override string? Id => dht.LocalPeer.ToString();

    public override NetworkStatus Status
    {
        get
        {
            IReadOnlyList<IpfsStatus> status = dht.Status();
            HostStatus host = dht.Host.Status();
            return new NetworkStatus(
                dht.Contacts().Count,
                status.Sum(one => one.ProviderKeys),
                status.Sum(one => one.Providers),
                status.Sum(one => one.Answered + one.Refused + one.Requests - one.Failures),
                status.Sum(one => one.Requests + one.Answered),
                status.Sum(one => one.Refused))
            {
                BytesReceived = host.BytesReceived,
                BytesSent = host.BytesSent,
            };
        }
    }

    public override async Task<int> WaitForNetworkAsync(CancellationToken cancellationToken = default)
    {
        await dht.Ready.WaitAsync(cancellationToken).ConfigureAwait(false);
        return dht.Contacts().Count;
    }

    public override async Task<int> ProbeAsync(CancellationToken cancellationToken = default)
    {
        byte[] key = new byte[KeyLength];
        Random.Shared.NextBytes(key);
        try
        {
            return (await dht.FindClosestPeersAsync(key, null, cancellationToken).ConfigureAwait(false)).Count;
        }
        catch (Exception exception) when (exception is NoPeersException or DhtTimeoutException)
        {
            return 0;
        }
    }

    public override ValueTask DisposeAsync() => dht.DisposeAsync();

    // An empty table says nothing about those that we knew: we may just have started.
    internal override bool TrySave()
    {
        IpfsState state = IpfsState.Of(dht.Contacts());
        return stateFile is null || state.Peers.Count == 0 || stateFile.TrySave(state);
    }
}
