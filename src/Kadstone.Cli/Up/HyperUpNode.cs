using System.Net;
using Kadstone.Hyperswarm;

namespace Kadstone.Cli.Up;

/// <summary>A Hyperswarm node of <c>dht up</c>, on today's wire.</summary>
/// <param name="dht">The node, which listens.</param>
/// <param name="stateFile">Where its state is kept; null for a node of a devnet.</param>
internal sealed class HyperUpNode(HyperDht dht, StateFile<RpcState>? stateFile = null) : UpNode
{
    internal HyperDht Dht => dht;

    internal override string Network => "hyperswarm";

    internal override IReadOnlyList<IPEndPoint> Endpoints => [dht.Node.LocalEndpoint];

    internal override string? Id => dht.Node.Id?.ToString();

    internal override UpStatus Status
    {
        get
        {
            RpcStatus status = dht.Node.Status();
            return new UpStatus(status.Contacts, null, null, status.Received, status.Sent, status.Dropped.Values.Sum());
        }
    }

    internal override Task<int> WaitForNetworkAsync(CancellationToken cancellationToken) => dht.Node.WaitForNetworkAsync(cancellationToken);

    internal override bool TrySave() => stateFile?.TrySave(dht.Node.Save()) ?? true;

    public override ValueTask DisposeAsync() => dht.DisposeAsync();
}
