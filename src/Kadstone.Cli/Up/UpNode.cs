using System.Net;

namespace Kadstone.Cli.Up;

/// <summary>A node of <c>dht up</c>, whatever its network.</summary>
internal abstract class UpNode : IAsyncDisposable
{
    /// <summary>As events name it: <c>mainline</c> or <c>hyperswarm</c>.</summary>
    internal abstract string Network { get; }

    internal abstract IReadOnlyList<IPEndPoint> Endpoints { get; }

    /// <summary>Its id; null while it has none.</summary>
    internal abstract string? Id { get; }

    internal abstract UpStatus Status { get; }

    /// <returns>How many contacts have answered when the first join is over.</returns>
    internal abstract Task<int> WaitForNetworkAsync(CancellationToken cancellationToken);

    /// <summary>Saves its state, if it has where to, and says whether that worked.</summary>
    internal abstract bool TrySave();

    public abstract ValueTask DisposeAsync();
}
