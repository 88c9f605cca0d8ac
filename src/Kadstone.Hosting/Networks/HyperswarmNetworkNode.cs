using Kadstone.Hosting.Files;
using Kadstone.Hyperswarm;
using Kadstone.Kademlia;

namespace Kadstone.Hosting.Networks;

/// <summary>A Hyperswarm node among others, on today's wire.</summary>
/// <param name="dht">The node, which listens.</param>
/// <param name="stateFile">Where its state is kept; null: nowhere.</param>
internal sealed class HyperswarmNetworkNode(HyperDht dht, StateFile<RpcState>? stateFile = null) : NetworkNode
{
    public override string Network => "hyperswarm";

    public override IReadOnlyList<string> Endpoints => [dht.Node.LocalEndpoint.ToString()];

    public override string? Id => dht.Node.Id?.ToString();

    public override NetworkStatus Status
    {
        get
        {
            RpcStatus status = dht.Node.Status();
            return new NetworkStatus(status.Contacts, null, null, status.Received, status.Sent, status.Dropped.Values.Sum()) { BytesReceived = status.BytesReceived, BytesSent = status.BytesSent };
        }
    }

    public override Task<int> WaitForNetworkAsync(CancellationToken cancellationToken = default) => dht.Node.WaitForNetworkAsync(cancellationToken);

    public override async Task<int> ProbeAsync(CancellationToken cancellationToken = default)
    {
        try
        {
            return (await dht.Node.FindNodeAsync(Keyspace.Random<Key256>(Random.Shared), cancellationToken).ConfigureAwait(false)).Count;
        }
        catch (Exception exception) when (exception is NoAnswerException or TimeoutException)
        {
            return 0;
        }
    }

    public override ValueTask DisposeAsync() => dht.DisposeAsync();

    internal override bool TrySave() => stateFile?.TrySave(dht.Node.Save()) ?? true;
}
