using System.Net;
using Kadstone.Datagrams;

namespace Kadstone.Hyperswarm.Tests.Facade;

/// <summary>Nodes of this process on 127.0.0.1 that know each other through the first.</summary>
internal sealed class HyperDevnet : IAsyncDisposable
{
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly List<HyperDht> _nodes = [];

    private HyperDevnet(TimeProvider? time) => Time = time;

    public TimeProvider? Time { get; }

    public IReadOnlyList<HyperDht> Nodes => _nodes;

    public HyperDht this[int index] => _nodes[index];

    public static HyperDhtOptions Options { get; } = new()
    {
        Host = IPAddress.Loopback,
        Ephemeral = false,
        Scope = AddressScope.Private,
        Diversity = false,
        Limits = RateLimits.None,
    };

    public static async Task<HyperDevnet> StartAsync(int nodes, TimeProvider? time = null, HyperDhtOptions? options = null)
    {
        HyperDevnet net = new(time);
        for (int i = 0; i < nodes; i++)
        {
            await net.AddAsync(options);
        }

        return net;
    }

    public async Task<HyperDht> AddAsync(HyperDhtOptions? options = null)
    {
        string[] bootstrap = _nodes.Count == 0 ? [] : [_nodes[0].Node.LocalEndpoint.ToString()];
        HyperDht node = await HyperDht.CreateAsync((options ?? Options) with { Bootstrap = bootstrap }, timeProvider: Time);
        _nodes.Add(node);
        await node.Node.Ready.WaitAsync(Patience);
        return node;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (HyperDht node in _nodes)
        {
            await node.DisposeAsync();
        }
    }
}
