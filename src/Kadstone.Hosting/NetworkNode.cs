using Kadstone.Hosting.Networks;
using Kadstone.Hyperswarm;
using Kadstone.Ipfs;
using Kadstone.Mainline;

namespace Kadstone.Hosting;

/// <summary>What the nodes of all networks have in common, for those that start, show and watch them. The networks' own verbs are at their own types.</summary>
public abstract class NetworkNode : IAsyncDisposable
{
    private protected NetworkNode()
    {
    }

    /// <summary>As logs, metrics and the API name it: <c>mainline</c>, <c>hyperswarm</c> or <c>ipfs</c>.</summary>
    public abstract string Network { get; }

    /// <summary>Where it listens: <c>address:port</c>, in IPFS multiaddresses with the peer at the end.</summary>
    public abstract IReadOnlyList<string> Endpoints { get; }

    /// <summary>Its id; null while it has none.</summary>
    public abstract string? Id { get; }

    /// <summary>How it stands now.</summary>
    public abstract NetworkStatus Status { get; }

    /// <summary>A Mainline node.</summary>
    public static NetworkNode Of(MainlineDht dht) => new MainlineNetworkNode(dht);

    /// <summary>A Hyperswarm node.</summary>
    public static NetworkNode Of(HyperDht dht) => new HyperswarmNetworkNode(dht);

    /// <summary>An IPFS node.</summary>
    public static NetworkNode Of(IpfsDht dht) => new IpfsNetworkNode(dht);

    /// <summary>Waits until the first join is over, or enough of it.</summary>
    /// <returns>How many contacts have answered; 0: nobody did.</returns>
    public abstract Task<int> WaitForNetworkAsync(CancellationToken cancellationToken = default);

    /// <summary>Looks a random key up, and says how many nodes answered: 0 when the network is out of reach. Some 10 to 50 requests.</summary>
    public abstract Task<int> ProbeAsync(CancellationToken cancellationToken = default);

    /// <inheritdoc/>
    public abstract ValueTask DisposeAsync();

    /// <summary>Saves its state, if it has where to, and says whether that worked.</summary>
    internal abstract bool TrySave();
}
