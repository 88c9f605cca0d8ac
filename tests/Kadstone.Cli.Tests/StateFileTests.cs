namespace Kadstone.Cli.Tests;

public sealed class StateFileTests(SmallNetwork network)
{
    [Fact]
    public async Task Id_and_port_last_from_run_to_run()
    {
        using TemporaryFolder folder = new();
        string state = folder["state.json"];
        string[] arguments = ["mainline", "node", "--host", "127.77.123.1", "--state", state, .. network.Here];
        string first;
        await using (DhtRun node = DhtRun.Start([.. arguments, "--port", "0"]))
        {
            first = await node.Output.WaitForAsync(line => line.StartsWith("listening on 127.77.123.1:", StringComparison.Ordinal));
            await node.Output.WaitForAsync(line => line == "ready");
            (await node.InterruptAsync()).ShouldBe(0);
        }

        string saved = await File.ReadAllTextAsync(state, TestContext.Current.CancellationToken);
        await using (DhtRun node = DhtRun.Start([.. arguments]))
        {
            (await node.Output.WaitForAsync(line => line.StartsWith("listening on", StringComparison.Ordinal))).ShouldBe(first);
            await node.Output.WaitForAsync(line => line == "ready");
            DhtResult ping = await DhtRun.RunAsync("mainline", "ping", first["listening on ".Length..], "--private");
            saved.ShouldContain(ping.ShouldEndWith(0).Lines[0].Split(' ')[1]);
        }

        // A client finds the network through the saved contacts alone.
        (await DhtRun.RunAsync("mainline", "find-node", SmallNetwork.NewInfoHash(), "--private", "--state", state)).ShouldEndWith(0);
        Directory.GetFiles(folder.Path).ShouldBe([state]);
    }

    [Theory]
    [InlineData("")]
    [InlineData("{")]
    [InlineData("null")]
    [InlineData("{\"version\":99}")]
    [InlineData("\0\0\0\0")]
    public async Task A_file_that_is_no_state_gives_one_warning_and_a_fresh_node(string text)
    {
        using TemporaryFolder folder = new();
        string state = folder.Write("state.json", text);
        await using DhtRun node = DhtRun.Start("mainline", "node", "--host", "127.77.124.1", "--port", "0", "--private", "--state", state);
        await node.Output.WaitForAsync(line => line == "ready");
        (await node.InterruptAsync()).ShouldBe(0);
        node.Error.Lines.ShouldHaveSingleItem().ShouldContain("starts fresh");
        (await File.ReadAllTextAsync(state, TestContext.Current.CancellationToken)).ShouldContain("\"version\": 1");
        (await File.ReadAllTextAsync(state + ".bad", TestContext.Current.CancellationToken)).ShouldBe(text);
    }

    [Fact]
    public async Task A_client_with_a_corrupt_state_warns_and_leaves_it_alone()
    {
        using TemporaryFolder folder = new();
        string state = folder.Write("state.json", "{");
        DhtResult result = await DhtRun.RunAsync(["mainline", "find-node", SmallNetwork.NewInfoHash(), "--state", state, .. network.Here]);
        result.ShouldEndWith(0).Error.Split('\n').Length.ShouldBe(2);
        (await File.ReadAllTextAsync(state, TestContext.Current.CancellationToken)).ShouldBe("{");
    }

    [Fact]
    public async Task Items_in_an_SQLite_store_outlive_the_node()
    {
        using TemporaryFolder folder = new();
        string[] arguments = ["mainline", "node", "--host", "127.77.125.1", "--port", "0", "--private", "--store", $"sqlite:{folder["node.sqlite"]}"];
        string target = string.Empty;
        for (int run = 0; run < 2; run++)
        {
            await using DhtRun node = DhtRun.Start(arguments);
            string endpoint = (await node.Output.WaitForAsync(line => line.StartsWith("listening on ", StringComparison.Ordinal)))["listening on ".Length..];
            await node.Output.WaitForAsync(line => line == "ready");
            string[] here = ["--private", "--bootstrap", endpoint];
            target = run == 0 ? (await DhtRun.RunAsync(["mainline", "put", "kept", .. here])).ShouldEndWith(0).Lines[0] : target;
            (await DhtRun.RunAsync(["mainline", "get", target, .. here])).ShouldEndWith(0).Output.ShouldBe("kept\n");
            (await node.InterruptAsync()).ShouldBe(0);
        }
    }
}
