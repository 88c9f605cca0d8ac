using System.Net;
using Kadstone.Mainline;

namespace Kadstone.Cli.Up;

/// <summary>A Mainline node of <c>dht up</c>.</summary>
/// <param name="dht">The node.</param>
/// <param name="stateFile">Where its state is kept; null for a node of a devnet.</param>
internal sealed class MainlineUpNode(MainlineDht dht, StateFile<MainlineState>? stateFile = null) : UpNode
{
    internal MainlineDht Dht => dht;

    internal override string Network => "mainline";

    internal override IReadOnlyList<IPEndPoint> Endpoints => dht.LocalEndpoints;

    internal override string? Id => dht.Id.ToString();

    internal override UpStatus Status
    {
        get
        {
            MainlineStatus status = dht.Status();
            return new UpStatus(status.Contacts, status.StoredInfoHashes, status.StoredPeers, status.Received, status.Sent, status.Malformed + status.RateLimited + status.Unmatched);
        }
    }

    internal override Task<int> WaitForNetworkAsync(CancellationToken cancellationToken) => dht.WaitForNetworkAsync(cancellationToken);

    internal override bool TrySave() => stateFile?.TrySave(dht.Save()) ?? true;

    public override ValueTask DisposeAsync() => dht.DisposeAsync();
}
