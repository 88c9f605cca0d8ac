using System.Net;
using System.Net.Sockets;
using Kadstone.Hosting;

namespace Kadstone.Cli.Up;

/// <summary>A private network in this process: node n at 127.77.n.1, so that each counts as a prefix of its own and diversity stays on.</summary>
internal abstract class Devnet : IAsyncDisposable
{
    internal const int MaxNodes = 250;

    private readonly List<NetworkNode> _nodes = [];

    /// <summary>Where the machine's own node listens: a prefix that no node of the network has.</summary>
    internal static IPAddress OwnAddress { get; } = IPAddress.Parse("127.77.0.1");

    internal IReadOnlyList<NetworkNode> Nodes => _nodes;

    /// <summary>The first node, through which everybody joins.</summary>
    internal string Bootstrap => _nodes[0].Endpoints[0];

    /// <summary>Starts the nodes and waits until all have joined.</summary>
    internal async Task StartAsync(int count, Action<int, NetworkNode> started, CancellationToken cancellationToken)
    {
        for (int n = 1; n <= count; n++)
        {
            NetworkNode node = await AddAsync(IPAddress.Parse($"127.77.{n}.1"), cancellationToken);
            _nodes.Add(node);
            started(n, node);
        }

        await Task.WhenAll(_nodes.Select(node => node.WaitForNetworkAsync(cancellationToken)));
    }

    /// <summary>Tells the machine's own node to join here.</summary>
    internal abstract void Join(KadstoneOptions options);

    /// <summary>Announces through the machine's own node and finds that through another: the network answers.</summary>
    internal abstract Task<bool> AnswersAsync(KadstoneNode own, CancellationToken cancellationToken);

    public async ValueTask DisposeAsync() => await Task.WhenAll(_nodes.Select(node => node.DisposeAsync().AsTask()));

    protected abstract Task<NetworkNode> CreateAsync(IPAddress address, string[] bootstrap, CancellationToken cancellationToken);

    private async Task<NetworkNode> AddAsync(IPAddress address, CancellationToken cancellationToken)
    {
        try
        {
            return await CreateAsync(address, _nodes.Count == 0 ? [] : [Bootstrap], cancellationToken);
        }
        catch (SocketException exception)
        {
            throw new CommandFailedException(
                ExitCode.Error,
                $"{address} cannot be bound ({Failure.OneLine(exception.Message)}): the devnet needs all of 127.0.0.0/8 on the loopback interface, as Linux has it.");
        }
    }
}
