using Kadstone.Hosting.Files;
using Kadstone.Kademlia;
using Kadstone.Mainline;

namespace Kadstone.Hosting.Networks;

/// <summary>A Mainline node among others.</summary>
/// <param name="dht">The node.</param>
/// <param name="stateFile">Where its state is kept; null: nowhere.</param>
internal sealed class MainlineNetworkNode(MainlineDht dht, StateFile<MainlineState>? stateFile = null) : NetworkNode
{
    public override string Network => "mainline";

    public override IReadOnlyList<string> Endpoints => [.. dht.LocalEndpoints.Select(endpoint => endpoint.ToString())];

    public override string? Id => dht.Id.ToString();

    public override NetworkStatus Status
    {
        get
        {
            MainlineStatus status = dht.Status();
            return new NetworkStatus(status.Contacts, status.StoredInfoHashes, status.StoredPeers, status.Received, status.Sent, status.Malformed + status.RateLimited + status.Unmatched)
            {
                BytesReceived = status.BytesReceived,
                BytesSent = status.BytesSent,
            };
        }
    }

    public override Task<int> WaitForNetworkAsync(CancellationToken cancellationToken = default) => dht.WaitForNetworkAsync(cancellationToken);

    public override async Task<int> ProbeAsync(CancellationToken cancellationToken = default)
    {
        try
        {
            return (await dht.FindNodeAsync(Keyspace.Random<Key160>(Random.Shared), cancellationToken).ConfigureAwait(false)).Closest.Count;
        }
        catch (Exception exception) when (exception is NoNetworkException or DhtTimeoutException)
        {
            return 0;
        }
    }

    public override ValueTask DisposeAsync() => dht.DisposeAsync();

    internal override bool TrySave() => stateFile?.TrySave(dht.Save()) ?? true;
}
