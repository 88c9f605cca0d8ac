namespace Kadstone.Daemon;

/// <summary>A test network on this machine, whose nodes the API may add and stop. Who runs one implements it.</summary>
/// <remarks>Safe for concurrent use.</remarks>
public interface IDevnet
{
    /// <summary>The nodes of the test network, the daemon's own left out; the stopped ones among them.</summary>
    IReadOnlyList<DevnetNode> Nodes { get; }

    /// <summary>Adds nodes, which join through those that run.</summary>
    /// <param name="network">mainline, hyperswarm or ipfs.</param>
    /// <param name="count">How many; 1 to 1,000.</param>
    /// <param name="cancellationToken">Gives up; some may have been added.</param>
    /// <returns>The nodes that were added.</returns>
    /// <exception cref="ArgumentException">The test network has no such network, or room for no more nodes: the message says so in one sentence.</exception>
    Task<IReadOnlyList<DevnetNode>> AddAsync(string network, int count, CancellationToken cancellationToken = default);

    /// <summary>Stops a node, without a word to the others.</summary>
    /// <returns>False when there is no such node, or it was stopped before.</returns>
    Task<bool> StopAsync(string network, int number, CancellationToken cancellationToken = default);
}
