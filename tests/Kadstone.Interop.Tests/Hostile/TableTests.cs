using System.Diagnostics;
using System.Net;
using System.Security.Cryptography;
using Kadstone.Interop.Tests.Harness;

namespace Kadstone.Interop.Tests.Hostile;

/// <summary>Whom the node takes into its table and hands out, and whom it lets itself be sent to.</summary>
public sealed class TableTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData]
    [InlineData("--diversity", "off", "--no-limits")]
    public async Task Only_who_answered_under_its_own_id_is_handed_out(params string[] options)
    {
        await using NodeUnderTest node = await NodeUnderTest.StartAsync(options);
        await using Stranger honest = new();
        await using Stranger mute = new() { IsSilent = true };
        await using Stranger readOnly = new();
        await using Stranger renamed = new();
        await using Stranger complaining = new();
        await using Stranger elsewhere = new();
        await using Stranger mouth = new();
        await using Stranger shortened = new();
        byte[] otherId = RandomNumberGenerator.GetBytes(20);
        renamed.OnQuery = (query, _) => Bencoded.Dictionary(("r", new (string, object)[] { ("id", otherId) }), ("t", query["t"].Bytes), ("y", "r"));
        complaining.OnQuery = (query, _) => Bencoded.Dictionary(("e", new object[] { 201, "no" }), ("t", query["t"].Bytes), ("y", "e"));
        elsewhere.OnQuery = (query, from) =>
        {
            mouth.Send(elsewhere.HonestAnswer(query, from), from);
            return null;
        };
        shortened.OnQuery = (query, _) => Bencoded.Dictionary(("r", new (string, object)[] { ("id", shortened.Id) }), ("t", query["t"].Bytes[..3]), ("y", "r"));
        Stranger[] pinged = [honest, mute, renamed, complaining, elsewhere, shortened];
        foreach (Stranger stranger in pinged)
        {
            (await stranger.AskAsync(node.Endpoint, "ping")).Code.ShouldBe(0);
            await Stranger.WaitForAsync("a ping back", () => !stranger.Queries.IsEmpty);
            stranger.Queries.TryPeek(out Bencoded? ping).ShouldBeTrue();
            ping["q"].Text.ShouldBe("ping");
            ping["t"].Bytes.Length.ShouldBe(4);
            ping["a"]["id"].Bytes.Length.ShouldBe(20);
        }

        byte[] transaction = [9, 9];
        (await readOnly.SendAsync(node.Endpoint, readOnly.Query("ping", readOnly.WithId([]), transaction, ("ro", 1)), transaction)).Code.ShouldBe(0);
        await Stranger.WaitForAsync("the honest one is handed out", () => IsHandedOutAsync(node, honest.HexId).GetAwaiter().GetResult());

        // What was sent once only is given up after two seconds: after that nothing can change any more.
        await Task.Delay(2_500, Cancellation);
        readOnly.Queries.ShouldBeEmpty("a read-only node is not pinged");
        foreach (Stranger stranger in (Stranger[])[mute, readOnly, renamed, complaining, elsewhere, mouth, shortened])
        {
            (await IsHandedOutAsync(node, stranger.HexId)).ShouldBeFalse();
        }

        // A fresh libtorrent takes another id between its query and its answer: the one it answered under is who it is.
        (await IsHandedOutAsync(node, Convert.ToHexStringLower(otherId))).ShouldBeTrue();
        (await IsHandedOutAsync(node, honest.HexId)).ShouldBeTrue();

        // BEP 43: who turns read-only leaves the tables. The flag alone, which anybody can forge, costs nobody a place.
        honest.IsSilent = true;
        honest.Send(honest.Query("ping", honest.WithId([]), transaction, ("ro", 1)), node.Endpoint);
        await Stranger.WaitForAsync("who turned read-only is gone", () => !IsHandedOutAsync(node, honest.HexId).GetAwaiter().GetResult());
    }

    [Fact]
    public async Task A_node_that_changes_its_id_has_one_entry_at_most()
    {
        await using NodeUnderTest node = await NodeUnderTest.StartAsync();
        await using Stranger stranger = await new Stranger().ProveAsync(node.Endpoint);
        List<string> ids = [stranger.HexId];
        for (int i = 0; i < 50; i++)
        {
            stranger.Id = RandomNumberGenerator.GetBytes(20);
            ids.Add(stranger.HexId);
            (await stranger.AskAsync(node.Endpoint, "find_node", ("target", stranger.Id))).Code.ShouldBe(0);
        }

        await Task.Delay(500, Cancellation);
        int entries = 0;
        foreach (string id in ids)
        {
            entries += await IsHandedOutAsync(node, id) ? 1 : 0;
        }

        entries.ShouldBeLessThanOrEqualTo(1);
        stranger.Queries.Count.ShouldBeLessThanOrEqualTo(20, "nor is it pinged for each of them");
    }

    [Fact]
    public async Task Nodes_that_are_nowhere_or_ourselves_are_never_followed_and_a_victim_is_not_flooded()
    {
        await using Stranger router = new();
        await using Stranger victim = new() { IsSilent = true };
        await using Stranger unspecified = new("127.0.0.1") { IsSilent = true };
        List<Stranger> victims = [.. Enumerable.Range(0, 40).Select(_ => new Stranger("127.99.1.1") { IsSilent = true })];
        int port = FreePorts.Next();
        byte[] nowhere = RandomNumberGenerator.GetBytes(20);
        router.OnQuery = (query, from) =>
        {
            byte[] self = query["a"]["id"].Bytes;
            List<byte[]> nodes =
            [
                Compact.Node(nowhere, new IPEndPoint(IPAddress.Any, unspecified.Endpoint.Port)),
                Compact.Node(nowhere, new IPEndPoint(IPAddress.Parse("224.0.0.1"), 6881)),
                Compact.Node(nowhere, new IPEndPoint(IPAddress.Broadcast, 6881)),
                Compact.Node(nowhere, new IPEndPoint(IPAddress.Parse("240.0.0.1"), 6881)),
                Compact.Node(nowhere, new IPEndPoint(router.Endpoint.Address, 0)),
                Compact.Node(nowhere, new IPEndPoint(IPAddress.Loopback, port)),
                Compact.Node(self, router.Endpoint),
                .. Enumerable.Range(0, 8).Select(i => Compact.Node([.. self[..10], (byte)i, .. RandomNumberGenerator.GetBytes(9)], victim.Endpoint)),
                .. victims.Select(other => Compact.Node([.. self[..8], .. RandomNumberGenerator.GetBytes(12)], other.Endpoint)),
            ];
            return router.HonestAnswer(query, from, ("nodes", nodes.SelectMany(one => one).ToArray()));
        };
        try
        {
            long start = Stopwatch.GetTimestamp();
            await using NodeUnderTest node = await NodeUnderTest.StartRawAsync("--host", "127.0.0.1", "--port", $"{port}", "--private", "--bootstrap", $"{router.Endpoint}");
            await Task.Delay(3_000, Cancellation);

            // What counts is the rate: on a busy machine the node has had longer.
            double seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
            unspecified.DatagramsReceived.ShouldBe(0, "0.0.0.0");
            victim.DatagramsReceived.ShouldBeLessThanOrEqualTo((long)Math.Max(10, 3 * seconds), "one endpoint under many ids");
            victims.Sum(other => other.DatagramsReceived).ShouldBeLessThanOrEqualTo((long)Math.Max(20, 6 * seconds), "one host under many ports");
            (await IsHandedOutAsync(node, Convert.ToHexStringLower(nowhere))).ShouldBeFalse();
            (await IsHandedOutAsync(node, router.HexId)).ShouldBeTrue();
            (await IsHandedOutAsync(node, await node.IdAsync())).ShouldBeFalse("it hands itself out to nobody");
        }
        finally
        {
            await QueryTests.DisposeAsync(victims);
        }
    }

    [Fact]
    public async Task A_network_of_endless_nearer_nodes_that_say_nothing_ends_a_lookup_within_200_packets()
    {
        await using Stranger router = new();
        await using Stranger sink = new("0.0.0.0") { IsSilent = true };
        int n = 0;
        router.OnQuery = (query, from) =>
        {
            byte[] target = (query["a"].Find("target") ?? query["a"].Find("info_hash") ?? query["a"]["id"]).Bytes;
            byte[] nodes = [.. Enumerable.Range(0, 40).SelectMany(_ =>
            {
                int host = Interlocked.Increment(ref n);
                return Compact.Node([.. target[..12], .. RandomNumberGenerator.GetBytes(8)], new IPEndPoint(IPAddress.Parse($"127.{150 + (host >> 8)}.{host & 255}.9"), sink.Endpoint.Port));
            })];
            return router.HonestAnswer(query, from, ("nodes", nodes), ("token", "t"));
        };
        DhtResult result = await DhtCommand.GetPeersAsync(Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(20)), $"{router.Endpoint}");
        result.Exit.ShouldBe(DhtExit.NothingFound, result.Transcript);

        // The command joins with a walk of its own and then looks up.
        sink.DatagramsReceived.ShouldBeInRange(1, 2 * 200);
    }

    [Fact]
    public async Task A_public_node_serves_loopback_but_never_asks_or_names_it()
    {
        await using Stranger router = new();
        await using NodeUnderTest node = await NodeUnderTest.StartRawAsync("--host", "127.0.0.1", "--port", $"{FreePorts.Next()}", "--bootstrap", $"{router.Endpoint}");
        await using Stranger stranger = new();
        for (int i = 0; i < 5; i++)
        {
            (await stranger.AskAsync(node.Endpoint, "ping")).Code.ShouldBe(0);
        }

        await Task.Delay(500, Cancellation);
        router.DatagramsReceived.ShouldBe(0);
        stranger.Queries.ShouldBeEmpty();
        (await stranger.AskAsync(node.Endpoint, "find_node", ("target", stranger.Id))).Nodes().ShouldBeEmpty();
    }

    [Fact]
    public async Task Forged_late_and_doubled_answers_change_nothing()
    {
        string hash = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(20));
        IPEndPoint truth = new(IPAddress.Parse("127.1.1.1"), 1_111);
        IPEndPoint lie = new(IPAddress.Parse("127.2.2.2"), 2_222);
        await using Stranger fake = new();
        await using Stranger otherPort = new($"{fake.Endpoint.Address}");
        await using Stranger otherAddress = new();
        await using Stranger named = new() { IsSilent = true };
        fake.OnQuery = (query, from) =>
        {
            if (query["q"].Text != "get_peers")
            {
                return fake.HonestAnswer(query, from);
            }

            byte[] transaction = query["t"].Bytes;
            (string, object)[] lies = [("id", fake.Id), ("nodes", named.Node), ("token", "lie"), ("values", new object[] { Compact.Of(lie) })];
            byte[] forged = Bencoded.Dictionary(("r", lies), ("t", transaction), ("y", "r"));
            otherPort.Send(forged, from);
            otherAddress.Send(forged, from);
            otherPort.Send(Bencoded.Dictionary(("e", new object[] { 203, "no" }), ("t", transaction), ("y", "e")), from);
            for (int i = 0; i < 200; i++)
            {
                fake.Send(Bencoded.Dictionary(("r", lies), ("t", RandomNumberGenerator.GetBytes(i % 8)), ("y", "r")), from);
            }

            fake.Send(Bencoded.Dictionary(("r", lies), ("t", (byte[])[.. transaction, 0]), ("y", "r")), from);
            byte[] honest = fake.HonestAnswer(query, from, ("nodes", Array.Empty<byte>()), ("token", "true"), ("values", new object[] { Compact.Of(truth) }));
            fake.Send(honest, from);
            fake.Send(forged, from);
            return forged;
        };
        DhtResult result = await DhtCommand.GetPeersAsync(hash, $"{fake.Endpoint}");
        result.Lines.ShouldContain(line => line.Contains($"{truth}", StringComparison.Ordinal), result.Transcript);
        result.Lines.ShouldNotContain(line => line.Contains($"{lie}", StringComparison.Ordinal), result.Transcript);
        named.DatagramsReceived.ShouldBe(0, "whom only a forged answer names is not asked");
    }

    [Fact]
    public async Task A_running_node_learns_nothing_from_forged_answers()
    {
        await using Stranger fake = new();
        await using Stranger named = new() { IsSilent = true };
        await using Stranger otherPort = new($"{fake.Endpoint.Address}");
        fake.OnQuery = (query, from) =>
        {
            (string, object)[] lies = [("id", otherPort.Id), ("nodes", named.Node)];
            for (int i = 0; i < 50; i++)
            {
                otherPort.Send(Bencoded.Dictionary(("r", lies), ("t", query["t"].Bytes), ("y", "r")), from);
                fake.Send(Bencoded.Dictionary(("r", lies), ("t", RandomNumberGenerator.GetBytes(4)), ("y", "r")), from);
            }

            return fake.HonestAnswer(query, from);
        };
        await using NodeUnderTest node = await NodeUnderTest.StartAsync("--bootstrap", $"{fake.Endpoint}");
        await Task.Delay(1_000, Cancellation);
        named.DatagramsReceived.ShouldBe(0);
        (await IsHandedOutAsync(node, otherPort.HexId)).ShouldBeFalse();
        (await IsHandedOutAsync(node, named.HexId)).ShouldBeFalse();
        (await IsHandedOutAsync(node, fake.HexId)).ShouldBeTrue();
    }

    internal static async Task<bool> IsHandedOutAsync(NodeUnderTest node, string id)
    {
        await using Stranger asker = new() { IsSilent = true };
        Answer answer = await asker.AskAsync(node.Endpoint, "find_node", ("target", Convert.FromHexString(id)));
        return answer.Nodes().Any(one => one.Id == id);
    }
}
