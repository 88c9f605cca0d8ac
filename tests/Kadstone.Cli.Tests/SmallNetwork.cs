using System.Net;
using Kadstone.Cli.Tests;
using Kadstone.Datagrams;
using Kadstone.Mainline;

[assembly: AssemblyFixture(typeof(SmallNetwork))]

namespace Kadstone.Cli.Tests;

/// <summary>Ten nodes on loopback, each in a prefix of its own, for all tests together.</summary>
public sealed class SmallNetwork : IAsyncLifetime
{
    private readonly List<MainlineDht> _nodes = [];

    public string Bootstrap => Endpoint(0);

    /// <summary>The options of every client of this network.</summary>
    internal string[] Here => ["--private", "--bootstrap", Bootstrap];

    public string Endpoint(int node) => _nodes[node].LocalEndpoints[0].ToString();

    public async ValueTask InitializeAsync()
    {
        for (int n = 0; n < 10; n++)
        {
            _nodes.Add(await MainlineDht.CreateAsync(new MainlineOptions
            {
                Addresses = [IPAddress.Parse($"127.77.{100 + n}.1")],
                Scope = AddressScope.Private,
                Bootstrap = n == 0 ? [] : [Bootstrap],
            }));
        }

        await Task.WhenAll(_nodes.Select(node => node.WaitForNetworkAsync()));
    }

    public async ValueTask DisposeAsync() => await Task.WhenAll(_nodes.Select(node => node.DisposeAsync().AsTask()));

    /// <summary>An infohash that no other test uses.</summary>
    internal static string NewInfoHash() => Convert.ToHexStringLower(System.Security.Cryptography.RandomNumberGenerator.GetBytes(20));
}
