namespace Kadstone.Daemon.Tests.V1;

/// <summary>A test network of which only the list exists: the routes are what is tested.</summary>
internal sealed class ScriptedDevnet : IDevnet
{
    private readonly Lock _lock = new();
    private readonly List<DevnetNode> _nodes = [new("mainline", 1, "00", "127.77.1.1:1", true)];

    public IReadOnlyList<DevnetNode> Nodes
    {
        get
        {
            lock (_lock)
            {
                return [.. _nodes];
            }
        }
    }

    public Task<IReadOnlyList<DevnetNode>> AddAsync(string network, int count, CancellationToken cancellationToken = default)
    {
        lock (_lock)
        {
            DevnetNode[] added = [.. Enumerable.Range(0, count).Select(n => new DevnetNode(network, _nodes.Count + n + 1, null, $"127.77.{_nodes.Count + n + 1}.1:1", true))];
            _nodes.AddRange(added);
            return Task.FromResult<IReadOnlyList<DevnetNode>>(added);
        }
    }

    public Task<bool> StopAsync(string network, int number, CancellationToken cancellationToken = default)
    {
        lock (_lock)
        {
            int at = _nodes.FindIndex(node => node.Network == network && node.Number == number && node.IsRunning);
            if (at >= 0)
            {
                _nodes[at] = _nodes[at] with { IsRunning = false };
            }

            return Task.FromResult(at >= 0);
        }
    }
}
