using System.Net;
using Kadstone.Cli.Tests;
using Kadstone.Datagrams;
using Kadstone.Hyperswarm;

[assembly: AssemblyFixture(typeof(SmallHyperNetwork))]

namespace Kadstone.Cli.Tests;

/// <summary>Six Hyperswarm nodes of each wire on loopback, each in a prefix of its own. All answer the command of the little key-value store of dht-rpc's own example.</summary>
public sealed class SmallHyperNetwork : IAsyncLifetime
{
    internal const int Size = 6;

    private readonly List<HyperDht> _nodes = [];
    private readonly List<Gen1HyperDht> _gen1Nodes = [];

    /// <summary>The options of every client of the network on today's wire.</summary>
    internal string[] Here => ["--private", "--bootstrap", Endpoint(0)];

    /// <summary>The options of every client of the network on the first generation's wire.</summary>
    internal string[] HereGen1 => ["--wire", "gen1", "--private", "--bootstrap", Gen1Endpoint(0)];

    public string Endpoint(int node) => _nodes[node].Node.LocalEndpoint.ToString();

    public string Gen1Endpoint(int node) => _gen1Nodes[node].Node.LocalEndpoint.ToString();

    public async ValueTask InitializeAsync()
    {
        for (int n = 0; n < Size; n++)
        {
            HyperDhtOptions options = new() { Host = IPAddress.Parse($"127.77.{100 + n}.1"), Scope = AddressScope.Private, Ephemeral = false };
            _nodes.Add(await HyperDht.CreateAsync(options with { Bootstrap = n == 0 ? [] : [Endpoint(0)] }));
            Gen1HyperDht gen1 = Gen1HyperDht.Create(options with { Bootstrap = n == 0 ? [] : [Gen1Endpoint(0)] });
            _gen1Nodes.Add(gen1);
            await gen1.Node.ListenAsync();
            KeepValues(_nodes[n].Node);
            KeepValues(gen1.Node);
        }

        await Task.WhenAll(_nodes.Select(node => node.Node.Ready).Concat(_gen1Nodes.Select(node => node.Node.Ready)));
    }

    public async ValueTask DisposeAsync() =>
        await Task.WhenAll(_nodes.Select(node => node.DisposeAsync().AsTask()).Concat(_gen1Nodes.Select(node => node.DisposeAsync().AsTask())));

    /// <summary>A key that no other test uses.</summary>
    internal static string NewTopic() => Convert.ToHexStringLower(System.Security.Cryptography.RandomNumberGenerator.GetBytes(32));

    private static void KeepValues(IRpcNode node)
    {
        System.Collections.Concurrent.ConcurrentDictionary<Kademlia.Key256, ReadOnlyMemory<byte>> values = new();
        node.OnClosest(new RpcCommand("store", 16), (request, _) =>
        {
            values[request.Target.GetValueOrDefault()] = request.Value.GetValueOrDefault();
            return ValueTask.FromResult(RpcReply.Empty);
        });
        node.OnQuery(new RpcCommand("lookup", 17), (request, _) => ValueTask.FromResult(
            values.TryGetValue(request.Target.GetValueOrDefault(), out ReadOnlyMemory<byte> value) ? new RpcReply(value) : RpcReply.Empty));
    }
}
