using System.Net;
using Kadstone.Datagrams;
using Kadstone.Hyperswarm;

namespace Kadstone.Bench;

/// <summary>The server side of bench/run-hyper: a persistent node on loopback, without limits, until it is told to end.</summary>
internal static class HyperNode
{
    public static async Task<int> RunAsync(Arguments arguments)
    {
        arguments.AllowOnly(operands: 0, "port", "bootstrap");
        HyperDhtOptions options = new()
        {
            Host = IPAddress.Loopback,
            Port = arguments.Number("port", byDefault: 49_737, atMost: 65_535),
            Bootstrap = arguments.Options.TryGetValue("bootstrap", out string? bootstrap) ? [bootstrap] : [],
            Ephemeral = false,
            Scope = AddressScope.Private,
            Diversity = false,
            Limits = RateLimits.None,
        };
        await using HyperDht dht = await HyperDht.CreateAsync(options);
        await dht.Node.WaitForNetworkAsync();
        Console.WriteLine("ready");
        await Task.Delay(Timeout.Infinite);
        return 0;
    }
}
