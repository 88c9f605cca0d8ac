using System.Net;
using System.Security.Cryptography;
using System.Text.Json;
using Kadstone.Interop.Tests.Harness;

namespace Kadstone.Interop.Tests.Hostile;

/// <summary>The life of the process: ended politely and rudely, with its files damaged, missing and taken.</summary>
public sealed class ProcessTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public Task Sigterm_under_load_ends_with_0() => TerminateUnderLoadAsync(5, Eventually.Guard);

    [Fact, Trait("Category", "Bars")]
    public Task Sigterm_under_load_ends_with_0_within_5_seconds_a_hundred_times() => TerminateUnderLoadAsync(100, TimeSpan.FromSeconds(5));

    [Fact]
    public Task After_kill_the_node_is_who_it_was_and_holds_what_it_acknowledged() => KillAsync(5, Eventually.Guard);

    [Fact, Trait("Category", "Bars")]
    public Task After_kill_the_node_is_usable_within_5_seconds_twenty_times() => KillAsync(20, TimeSpan.FromSeconds(5));

    [Theory]
    [InlineData("")]
    [InlineData("{")]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("\0\u0001\u0002garbage\n\n\n")]
    [InlineData("""{"version":1,"network":"mainline","ids":["zz"],"port":1,"nodes":[]}""")]
    [InlineData("""{"version":1,"network":"mainline","ids":[],"port":70000,"nodes":5}""")]
    public async Task A_state_file_that_is_none_gives_one_warning_and_a_fresh_node(string text)
    {
        using TemporaryDirectory directory = new();
        string file = directory.File("state.json");
        await File.WriteAllTextAsync(file, text, Cancellation);
        await using NodeUnderTest node = await NodeUnderTest.StartAsync("--state", file);
        string id = await node.IdAsync();
        node.Lines.Count(line => line.Contains("warning", StringComparison.OrdinalIgnoreCase)).ShouldBe(1);
        node.Lines.Count.ShouldBeLessThanOrEqualTo(4);
        await node.TerminateAsync();
        node.ExitCode.ShouldBe(0);
        IdOf(file).ShouldBe(id);
    }

    [Fact]
    public async Task A_port_in_use_and_other_things_that_cannot_be_are_exit_2_in_three_lines()
    {
        using TemporaryDirectory directory = new();
        await using NodeUnderTest node = await NodeUnderTest.StartAsync();
        await File.WriteAllTextAsync(directory.File("text"), "no database at all, but long enough to have the hundred bytes of a header; really, it is quite long", Cancellation);
        string port = $"{node.Endpoint.Port}";
        string[][] wrong =
        [
            ["--host", "127.0.0.1", "--port", port],
            ["--host", "203.0.113.77", "--port", "0"],
            ["--host", "127.0.0.1", "--port", "0", "--store", $"sqlite:{directory.File("missing/store.sqlite")}"],
            ["--host", "127.0.0.1", "--port", "0", "--store", $"sqlite:{directory.File("text")}"],
            ["--host", "127.0.0.1", "--port", "0", "--state", directory.File("missing/state.json")],
            ["--host", "127.0.0.1", "--port", "0", "--state", directory.Path],
            ["--host", "127.0.0.1", "--port", "65536"],
            ["--host", "nowhere", "--port", "0"],
            ["--id", "00"],
            ["--what"],
        ];
        await Parallel.ForEachAsync(wrong, new ParallelOptions { MaxDegreeOfParallelism = 2, CancellationToken = Cancellation }, async (options, _) =>
        {
            (int exit, IReadOnlyList<string> lines) = await NodeUnderTest.RefusedAsync(["--private", .. options]);
            string all = string.Join('\n', lines);
            exit.ShouldBe(2, all);
            lines.Count.ShouldBeInRange(1, 3, all);
            lines.ShouldNotContain(line => line.TrimStart().StartsWith("at ", StringComparison.Ordinal), all);
        });
        await node.ProveReadyAsync();
    }

    [Fact]
    public async Task Two_nodes_on_one_store_lose_nothing_that_either_acknowledged()
    {
        using TemporaryDirectory directory = new();
        string store = $"sqlite:{directory.File("store.sqlite")}";
        await using NodeUnderTest first = await NodeUnderTest.StartAsync("--store", store, "--no-limits");
        NodeUnderTest? second = null;
        try
        {
            try
            {
                second = await NodeUnderTest.StartAsync("--store", store, "--no-limits");
            }
            catch (PeerException refused)
            {
                TestContext.Current.TestOutputHelper?.WriteLine(refused.Message);
                refused.Message.ShouldContain("exit code 2");
            }

            await using Stranger stranger = new();
            List<byte[]> values = [];
            for (int i = 0; i < 40; i++)
            {
                NodeUnderTest node = i % 2 == 0 || second is null ? first : second;
                byte[] value = Bencoded.Of($"{i} {Guid.NewGuid()}");
                if (await PutAsync(stranger, node.Endpoint, value) == 0)
                {
                    values.Add(value);
                }
            }

            values.Count.ShouldBe(40);
            foreach (byte[] value in values)
            {
                (await GetAsync(stranger, first.Endpoint, value)).ShouldBe(value);
            }

            await first.TerminateAsync();
            first.ExitCode.ShouldBe(0);
        }
        finally
        {
            await (second?.DisposeAsync() ?? ValueTask.CompletedTask);
        }
    }

    [Fact]
    public async Task Contacts_survive_a_run_in_which_nobody_answered()
    {
        using TemporaryDirectory directory = new();
        string file = directory.File("state.json");
        string id;
        await using Stranger friend = new();
        await using (NodeUnderTest node = await NodeUnderTest.StartAsync("--state", file, "--bootstrap", $"{friend.Endpoint}"))
        {
            id = await node.IdAsync();
            await Stranger.WaitForAsync("the friend is in the table", () => TableTests.IsHandedOutAsync(node, friend.HexId).GetAwaiter().GetResult());
            await node.TerminateAsync();
        }

        NodesOf(file).ShouldContain(node => node.Contains(friend.HexId, StringComparison.Ordinal));
        friend.IsSilent = true;
        await using (NodeUnderTest node = await NodeUnderTest.StartListeningAsync("--host", "127.0.0.1", "--port", $"{FreePorts.Next()}", "--private", "--state", file))
        {
            (await node.IdAsync()).ShouldBe(id);
            (await TableTests.IsHandedOutAsync(node, friend.HexId)).ShouldBeFalse("saved contacts are candidates only");
            await node.TerminateAsync();
        }

        IdOf(file).ShouldBe(id);
        NodesOf(file).ShouldContain(node => node.Contains(friend.HexId, StringComparison.Ordinal), "the network was away, the contact need not be dead");
        friend.IsSilent = false;
        await using (NodeUnderTest node = await NodeUnderTest.StartAsync("--state", file))
        {
            await Stranger.WaitForAsync("the friend is found again without any router", () => TableTests.IsHandedOutAsync(node, friend.HexId).GetAwaiter().GetResult());
        }
    }

    [Fact]
    public async Task A_node_with_half_of_its_saved_contacts_dead_is_ready_and_forgets_nobody_yet()
    {
        using TemporaryDirectory directory = new();
        string file = directory.File("state.json");
        List<Stranger> alive = [.. Enumerable.Range(0, 16).Select(_ => new Stranger())];
        List<Stranger> dead = [.. Enumerable.Range(0, 16).Select(_ => new Stranger() { IsSilent = true })];
        try
        {
            string nodes = string.Join(',', alive.Concat(dead).OrderBy(one => one.HexId).Select(one => $"\"{one.HexId}@{one.Endpoint}\""));
            await File.WriteAllTextAsync(file, $$"""{"version":1,"network":"mainline","ids":["{{new string('5', 40)}}"],"port":0,"nodes":[{{nodes}}]}""", Cancellation);
            await using NodeUnderTest node = await NodeUnderTest.StartAsync("--state", file);
            (await node.IdAsync()).ShouldBe(new string('5', 40));
            foreach (Stranger one in dead)
            {
                (await TableTests.IsHandedOutAsync(node, one.HexId)).ShouldBeFalse();
            }

            await node.TerminateAsync();
            NodesOf(file).Length.ShouldBeGreaterThanOrEqualTo(16, "those that were not asked yet are kept");
        }
        finally
        {
            await QueryTests.DisposeAsync(alive.Concat(dead));
        }
    }

    private static async Task TerminateUnderLoadAsync(int times, TimeSpan limit)
    {
        using TemporaryDirectory directory = new();
        for (int i = 0; i < times; i++)
        {
            await using NodeUnderTest node = await NodeUnderTest.StartAsync(
                "--store", $"sqlite:{directory.File("store.sqlite")}", "--state", directory.File("state.json"), "--diversity", "off", "--no-limits");
            using CancellationTokenSource stop = new();
            Task[] load = [.. Enumerable.Range(0, 4).Select(_ => LoadAsync(node.Endpoint, stop.Token))];
            await Task.Delay(150 + (i * 37 % 200), Cancellation);
            TimeSpan took = await node.TerminateAsync();
            await stop.CancelAsync();
            await Task.WhenAll(load);
            node.ExitCode.ShouldBe(0, string.Join('\n', node.Lines));
            took.ShouldBeLessThan(limit);
            node.Lines.ShouldNotContain(line => line.Contains("xception", StringComparison.Ordinal));
        }
    }

    private static async Task LoadAsync(IPEndPoint to, CancellationToken stop)
    {
        // One that never answers is in no table, so that the next start does not wait for it.
        await using Stranger stranger = new() { IsSilent = true };
        TimeSpan patience = TimeSpan.FromMilliseconds(200);
        for (int i = 0; !stop.IsCancellationRequested; i++)
        {
            byte[] target = RandomNumberGenerator.GetBytes(20);
            if (await stranger.TryAskAsync(to, "get_peers", patience, ("info_hash", target)) is Answer asked)
            {
                await stranger.TryAskAsync(to, "announce_peer", patience, ("info_hash", target), ("port", 1), ("token", asked.Values["token"].Bytes));
            }

            byte[] value = Bencoded.Of($"{Guid.NewGuid()}");
            if (await stranger.TryAskAsync(to, "get", patience, ("target", SHA1.HashData(value))) is Answer got)
            {
                await stranger.TryAskAsync(to, "put", patience, ("token", got.Values["token"].Bytes), ("v", new Raw(value)));
            }
        }
    }

    private static async Task KillAsync(int times, TimeSpan limit)
    {
        using TemporaryDirectory directory = new();
        string state = directory.File("state.json");
        string[] options = ["--store", $"sqlite:{directory.File("store.sqlite")}", "--state", state, "--no-limits"];
        await using Stranger stranger = new() { IsSilent = true };
        List<byte[]> acknowledged = [];
        string? id = null;
        for (int i = 0; i < times; i++)
        {
            long began = TimeProvider.System.GetTimestamp();
            await using NodeUnderTest node = await NodeUnderTest.StartAsync(options);
            string now = await node.IdAsync();
            TimeProvider.System.GetElapsedTime(began).ShouldBeLessThan(limit);
            now.ShouldBe(id ?? now, "it keeps its id");
            id = now;
            IdOf(state).ShouldBe(id, "the state is on disk when the node says that it is ready");
            foreach (byte[] value in acknowledged)
            {
                (await GetAsync(stranger, node.Endpoint, value)).ShouldBe(value);
            }

            // The kill falls into the writing, at another point each time.
            Task<List<byte[]>> writing = PutUntilSilentAsync(node.Endpoint);
            await Task.Delay(60 + (i * 53 % 250), Cancellation);
            await node.KillAsync();
            acknowledged.AddRange(await writing);
        }

        TestContext.Current.TestOutputHelper?.WriteLine($"{times} kills, {acknowledged.Count} acknowledged values, none lost before the last kill");
        await using NodeUnderTest last = await NodeUnderTest.StartAsync(options);
        foreach (byte[] value in acknowledged)
        {
            (await GetAsync(stranger, last.Endpoint, value)).ShouldBe(value);
        }

        acknowledged.Count.ShouldBeGreaterThan(times);
    }

    private static async Task<List<byte[]>> PutUntilSilentAsync(IPEndPoint to)
    {
        await using Stranger writer = new() { IsSilent = true };
        List<byte[]> acknowledged = [];
        while (true)
        {
            byte[] value = Bencoded.Of($"{Guid.NewGuid()}");
            if (await writer.TryAskAsync(to, "get", TimeSpan.FromMilliseconds(500), ("target", SHA1.HashData(value))) is not Answer got
                || await writer.TryAskAsync(to, "put", TimeSpan.FromMilliseconds(500), ("token", got.Values["token"].Bytes), ("v", new Raw(value))) is not Answer put)
            {
                return acknowledged;
            }

            put.Code.ShouldBe(0);
            acknowledged.Add(value);
        }
    }

    private static async Task<int> PutAsync(Stranger stranger, IPEndPoint to, byte[] value)
    {
        byte[] token = (await stranger.AskAsync(to, "get", ("target", SHA1.HashData(value)))).Values["token"].Bytes;
        return (await stranger.AskAsync(to, "put", ("token", token), ("v", new Raw(value)))).Code;
    }

    private static async Task<byte[]?> GetAsync(Stranger stranger, IPEndPoint to, byte[] value) =>
        (await stranger.AskAsync(to, "get", ("target", SHA1.HashData(value)))).Values.Find("v")?.Encoding;

    private static string IdOf(string file)
    {
        using JsonDocument document = JsonDocument.Parse(File.ReadAllText(file));
        return document.RootElement.GetProperty("ids")[0].GetString()!;
    }

    private static string[] NodesOf(string file)
    {
        using JsonDocument document = JsonDocument.Parse(File.ReadAllText(file));
        return [.. document.RootElement.GetProperty("nodes").EnumerateArray().Select(node => node.GetString()!)];
    }
}
