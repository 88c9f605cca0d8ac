using System.Net;
using Kadstone.Datagrams;
using Kadstone.Hyperswarm;
using Kadstone.Kademlia;

namespace Kadstone.Interop.Tests.Harness;

/// <summary>Nodes of ours that speak hyperdht 6, on 127.0.0.1.</summary>
internal sealed class HyperSwarm : IAsyncDisposable
{
    private readonly List<HyperDht> _nodes = [];

    private HyperSwarm()
    {
    }

    public HyperDht this[int index] => _nodes[index];

    public IReadOnlyList<HyperDht> Nodes => _nodes;

    public IReadOnlyList<string> Endpoints => [.. _nodes.Select(EndpointOf)];

    /// <summary>Persistent nodes that join by way of the bootstrap nodes; without any, the first is the others'.</summary>
    public static async Task<HyperSwarm> StartAsync(int nodes = 1, params string[] bootstrap)
    {
        HyperSwarm swarm = new();
        for (int i = 0; i < nodes; i++)
        {
            string[] known = bootstrap.Length == 0 && i > 0 ? [swarm.Endpoints[0]] : bootstrap;
            swarm._nodes.Add(await HyperDht.CreateAsync(new HyperDhtOptions
            {
                Host = IPAddress.Loopback,
                Ephemeral = false,
                Scope = AddressScope.Private,
                Diversity = false,
                Limits = RateLimits.None,
                Bootstrap = known,
            }));
            await swarm[i].Node.Ready.WaitAsync(TimeSpan.FromSeconds(30));
        }

        return swarm;
    }

    public static string EndpointOf(HyperDht node) => node.Node.LocalEndpoint.ToString();

    public static Key256 KeyOf(string hex) => Key256.Read(Convert.FromHexString(hex));

    public static string Hex(ReadOnlyMemory<byte> bytes) => Convert.ToHexStringLower(bytes.Span);

    /// <summary>Waits until one of our nodes has all of theirs in its table.</summary>
    public Task JoinedByAsync(HyperPeer theirs, int node = 0) => Eventually.GetAsync(
        "our table",
        () => Task.FromResult<IReadOnlyList<string>>([.. _nodes[node].Node.Contacts().Select(entry => entry.Contact.Endpoint.ToString())]),
        known => theirs.Endpoints.Where(endpoint => endpoint != EndpointOf(_nodes[node])).All(known.Contains));

    public async ValueTask DisposeAsync()
    {
        foreach (HyperDht node in _nodes)
        {
            await node.DisposeAsync();
        }
    }
}
