using System.Net;
using System.Security.Cryptography;

namespace Kadstone.Interop.Tests.Hostile;

/// <summary>How much longer an answer is than its query, as measured on the wire with a full table and full shelves.</summary>
public abstract class AmplificationTests(NodeFixture fixture, bool isDiverse)
{
    private const int Neighbours = 200;
    private const int Peers = 120;

    [Fact]
    public async Task No_answer_is_longer_than_its_query_allows()
    {
        NodeUnderTest node = fixture.Node;
        List<Stranger> network = [];
        try
        {
            for (int i = 0; i < Neighbours; i++)
            {
                network.Add(new Stranger());
                if (!isDiverse || i == 0)
                {
                    network.Add(new Stranger("::1"));
                }
            }

            await Task.WhenAll(network.Select(stranger => stranger.ProveAsync(EndpointFor(node, stranger))));
            await MeasureAsync(node, network, ipv6: false);
            await MeasureAsync(node, network, ipv6: true);
        }
        finally
        {
            await QueryTests.DisposeAsync(network);
        }
    }

    private async Task MeasureAsync(NodeUnderTest node, List<Stranger> network, bool ipv6)
    {
        IPEndPoint to = ipv6 ? node.Endpoint6 : node.Endpoint;
        byte[] hash = RandomNumberGenerator.GetBytes(20);
        foreach (Stranger stranger in network.Where(stranger => IsIPv6(stranger) == ipv6).Take(Peers))
        {
            await QueryTests.AnnounceAsync(stranger, to, hash);
        }

        Stranger asker = network.First(stranger => IsIPv6(stranger) == ipv6);
        int full = isDiverse && ipv6 ? 1 : 8;
        Dictionary<string, double> worst = [];
        async Task<Answer> MeasureAsync(string what, double most, string method, params (string, object)[] arguments)
        {
            Answer longest = null!;
            foreach (int transaction in (int[])[0, 1, 2, 4, 8, 32])
            {
                byte[] t = RandomNumberGenerator.GetBytes(transaction);
                Answer answer = await asker.SendAsync(to, asker.Query(method, asker.WithId(arguments), t), t);
                answer.Amplification.ShouldBeLessThanOrEqualTo(most, $"{what}: {answer.Length} bytes for {answer.QueryLength}");
                worst[what] = Math.Max(worst.GetValueOrDefault(what), answer.Amplification);
                longest = longest is null || answer.Length > longest.Length ? answer : longest;
            }

            if (ipv6 && what != "get with v")
            {
                longest.Length.ShouldBeLessThanOrEqualTo(1_024, what);
            }

            longest.Length.ShouldBeLessThanOrEqualTo(1_400, what);
            return longest;
        }

        byte[] target = RandomNumberGenerator.GetBytes(20);
        object both = new object[] { "n4", "n6" };
        (await MeasureAsync("find_node", 4.5, "find_node", ("target", target))).Nodes(ipv6).Count.ShouldBe(full);
        (await MeasureAsync("unknown method", 4.5, "x", ("target", target))).Nodes(ipv6).Count.ShouldBe(full);
        Answer two = await MeasureAsync("find_node, both families", 6.0, "find_node", ("target", target), ("want", both));
        two.Nodes().Count.ShouldBe(8);
        two.Nodes(ipv6: true).Count.ShouldBeGreaterThanOrEqualTo(isDiverse ? 1 : 8);
        Answer peers = await MeasureAsync("get_peers", 11.6, "get_peers", ("info_hash", hash));
        peers.Nodes(ipv6).Count.ShouldBe(full);
        if (!ipv6)
        {
            peers.Peers.Count.ShouldBeInRange(85, 100);
        }

        await MeasureAsync("get_peers, both families", 11.6, "get_peers", ("info_hash", hash), ("want", both));
        await MeasureAsync("get_peers, scrape", 11.6, "get_peers", ("info_hash", hash), ("scrape", 1));
        await MeasureAsync("sample_infohashes", 11.6, "sample_infohashes", ("target", target));
        await MeasureAsync("sample_infohashes, both families", 11.6, "sample_infohashes", ("target", target), ("want", both));
        await MeasureAsync("ping", 2, "ping");
        await MeasureAsync("get without v", 5, "get", ("target", target));
        await MeasureAsync("get without v, both families", 5, "get", ("target", target), ("want", both));

        Raw value = new($"996:{new string('x', 996)}");
        byte[] item = SHA1.HashData(value.Bytes);
        byte[] token = (await asker.AskAsync(to, "get", ("target", item))).Values["token"].Bytes;
        (await asker.AskAsync(to, "put", ("token", token), ("v", value))).Code.ShouldBe(0);
        Answer got = await MeasureAsync("get with v", 15, "get", ("target", item));
        got.Values["v"].Encoding.ShouldBe(value.Bytes);
        got.Length.ShouldBeLessThanOrEqualTo(1_280);
        (await MeasureAsync("get with v", 15, "get", ("target", item), ("want", both))).Length.ShouldBeLessThanOrEqualTo(1_280);

        foreach ((string what, double figure) in worst)
        {
            TestContext.Current.TestOutputHelper?.WriteLine($"{(ipv6 ? "IPv6" : "IPv4")} {(isDiverse ? "defaults" : "open")}: {what}: {figure:0.00}");
        }
    }

    private static bool IsIPv6(Stranger stranger) => stranger.Endpoint.Address.GetAddressBytes().Length == 16;

    private static IPEndPoint EndpointFor(NodeUnderTest node, Stranger stranger) => IsIPv6(stranger) ? node.Endpoint6 : node.Endpoint;
}

/// <summary>With all defaults; the table of IPv6 holds one node of the one loopback address.</summary>
public sealed class GuardedAmplificationTests(GuardedNode fixture) : AmplificationTests(fixture, isDiverse: true), IClassFixture<GuardedNode>;

/// <summary>Without limits and diversity: both tables are full.</summary>
public sealed class OpenAmplificationTests(OpenNode fixture) : AmplificationTests(fixture, isDiverse: false), IClassFixture<OpenNode>;
