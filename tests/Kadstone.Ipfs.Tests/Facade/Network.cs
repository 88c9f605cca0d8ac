using System.Net;

namespace Kadstone.Ipfs.Tests.Facade;

/// <summary>Nodes on loopback that know each other.</summary>
internal sealed class Network : IAsyncDisposable
{
    public static readonly TimeSpan Guard = TimeSpan.FromSeconds(60);

    private readonly List<IpfsDht> _nodes = [];

    private Network()
    {
    }

    public static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    public static IpfsOptions Options { get; } = new()
    {
        Host = new Libp2pOptions { Listen = [Multiaddr.FromTcp(IPAddress.Loopback, 0)], Limits = HostLimits.OneMachine },
        Scope = KadScope.Wan,
        Policy = AddressPolicy.Any,
        OperationTimeout = TimeSpan.FromSeconds(30),
        Validators = [new LongestWins()],
    };

    public IReadOnlyList<IpfsDht> Nodes => _nodes;

    public IpfsDht this[int index] => _nodes[index];

    public static async Task<Network> StartAsync(int count, Func<int, IpfsOptions>? optionsOf = null)
    {
        Network network = new();
        for (int i = 0; i < count; i++)
        {
            await network.AddAsync(optionsOf?.Invoke(i));
        }

        await network.SettleAsync();
        return network;
    }

    public async Task<IpfsDht> AddAsync(IpfsOptions? options = null, Kadstone.Storage.IRecordStore? store = null, TimeProvider? time = null)
    {
        options ??= Options;
        IpfsDht node = await IpfsDht.CreateAsync(_nodes.Count > 0 ? options with { Bootstrap = [_nodes[0].Address()] } : options, store, timeProvider: time, cancellationToken: Cancelled);
        _nodes.Add(node);
        await node.Ready.WaitAsync(Guard, Cancelled);
        return node;
    }

    /// <summary>Each looks itself up once more, so that those who came first know those who came last.</summary>
    public async Task SettleAsync()
    {
        bool hasOthers = _nodes.Count(node => node.IsServer) > 1;
        foreach (IpfsDht node in hasOthers ? _nodes : [])
        {
            await node.HasContactsAsync(1).WaitAsync(Guard, Cancelled);
            await node.FindClosestPeersAsync(node.LocalPeer, cancellationToken: Cancelled);
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (IpfsDht node in _nodes)
        {
            await node.DisposeAsync();
        }
    }
}
