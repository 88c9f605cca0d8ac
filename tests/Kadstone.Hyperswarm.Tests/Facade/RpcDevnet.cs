using System.Net;
using Kadstone.Datagrams;
using Kadstone.Kademlia;

namespace Kadstone.Hyperswarm.Tests.Facade;

/// <summary>A small network of persistent nodes on loopback, closed together.</summary>
internal sealed class RpcDevnet : IAsyncDisposable
{
    private readonly List<RpcNode> _nodes = [];

    /// <summary>So long may anything take in a test: a hang, not a measurement.</summary>
    public static TimeSpan Patience { get; } = TimeSpan.FromSeconds(30);

    public RpcNode this[int index] => _nodes[index];

    public IReadOnlyList<RpcNode> Nodes => _nodes;

    public string Bootstrap => _nodes[0].LocalEndpoint.ToString();

    public static CancellationToken Guard()
    {
        CancellationTokenSource guard = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        guard.CancelAfter(Patience);
        return guard.Token;
    }

    public static RpcOptions OptionsOf(params string[] bootstrap) => new()
    {
        Host = IPAddress.Loopback,
        Scope = AddressScope.Private,
        Diversity = false,
        Limits = RateLimits.None,
        Ephemeral = false,
        Bootstrap = bootstrap,
    };

    public static Key256 RandomKey() => Keyspace.Random<Key256>(Random.Shared);

    public static async Task<RpcDevnet> StartAsync(int count)
    {
        RpcDevnet devnet = new();
        for (int i = 0; i < count; i++)
        {
            await devnet.AddAsync();
        }

        return devnet;
    }

    public async Task<RpcNode> AddAsync(Func<RpcOptions, RpcOptions>? with = null)
    {
        RpcOptions options = OptionsOf(_nodes.Count == 0 ? [] : [Bootstrap]);
        RpcNode node = await RpcNode.CreateAsync(with is null ? options : with(options), cancellationToken: Guard());
        _nodes.Add(node);
        await node.WaitForNetworkAsync(Guard());
        return node;
    }

    /// <summary>The command is answered by all nodes: with a value by the handler.</summary>
    public void ServeAll(RpcCommand command, Func<RpcNode, RpcRequest, RpcReply> handler) =>
        _nodes.ForEach(node => node.OnQuery(command, (request, _) => ValueTask.FromResult(handler(node, request))));

    public async ValueTask DisposeAsync()
    {
        foreach (RpcNode node in _nodes)
        {
            await node.DisposeAsync();
        }
    }
}

internal static class RpcNodeExtensions
{
    public static UdpEndpoint Endpoint(this RpcNode node) => UdpEndpoint.From(node.LocalEndpoint);

    public static Task Guarded(this Task task) => task.WaitAsync(RpcDevnet.Patience);

    public static Task<T> Guarded<T>(this Task<T> task) => task.WaitAsync(RpcDevnet.Patience);
}
