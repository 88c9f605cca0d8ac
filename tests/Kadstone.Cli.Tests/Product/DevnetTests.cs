using System.Text.Json;

namespace Kadstone.Cli.Tests.Product;

public sealed class DevnetTests
{
    [Fact]
    public async Task Each_wire_of_datagrams_finds_what_was_announced()
    {
        DhtResult result = await DhtRun.RunAsync("devnet", "40", "--wire", "mainline", "--wire", "v6", "--wire", "gen1", "--minutes", "1", "--lookups", "30", "--min", "99");
        result.ShouldEndWith(0).Lines.Length.ShouldBe(3);
        result.Lines[0].ShouldStartWith("mainline: found 30 of 30 (100.00 %), latency p50 0.");
        result.Lines[1].ShouldStartWith("v6: found 30 of 30 (100.00 %), ");
        result.Lines[2].ShouldStartWith("gen1: found 30 of 30 (100.00 %), ");
        result.Error.ShouldBeEmpty();
    }

    [Fact]
    public async Task On_the_streams_of_IPFS_what_was_provided_is_found_through_loss_and_from_behind_NATs()
    {
        JsonElement outcome = (await DhtRun.RunAsync("devnet", "24", "--wire", "ipfs", "--loss", "10", "--nat", "40", "--minutes", "1", "--lookups", "20", "--min", "99", "-o", "json")).ShouldEndWith(0).Json.ShouldHaveSingleItem();
        outcome.GetProperty("wire").GetString().ShouldBe("ipfs");
        outcome.GetProperty("lookups").GetInt32().ShouldBe(20);
        outcome.GetProperty("found").GetInt32().ShouldBe(20);
        outcome.GetProperty("seconds_p50").GetDouble().ShouldBeGreaterThan(0);

        // Each way: a tenth of what is sent.
        double lost = outcome.GetProperty("lost").GetInt64() / (double)outcome.GetProperty("packets").GetInt64();
        lost.ShouldBeInRange(0.08, 0.12);
    }

    [Theory]
    [InlineData("mainline")]
    [InlineData("ipfs")]
    public async Task The_same_seed_is_the_same_run(string wire)
    {
        async Task<JsonElement> RunAsync(string seed) => (await DhtRun.RunAsync(
            "devnet", "24", "--wire", wire, "--minutes", "2", "--lookups", "20", "--churn", "20", "--loss", "10", "--nat", "40:symmetric", "--seed", seed, "-o", "json")).ShouldEndWith(0).Json.ShouldHaveSingleItem();
        JsonElement first = await RunAsync("7");
        JsonElement again = await RunAsync("7");
        again.GetProperty("run").GetString().ShouldBe(first.GetProperty("run").GetString());
        again.GetProperty("found").GetInt32().ShouldBe(first.GetProperty("found").GetInt32());
        (await RunAsync("8")).GetProperty("run").GetString().ShouldNotBe(first.GetProperty("run").GetString());
        first.GetProperty("replaced").GetInt32().ShouldBeGreaterThan(0);
        first.GetProperty("lost").GetInt64().ShouldBeGreaterThan(0);
        first.GetProperty("virtual_minutes").GetDouble().ShouldBe(9);
    }

    [Fact]
    public async Task A_network_that_loses_nine_of_ten_packets_is_not_called_good()
    {
        DhtResult result = await DhtRun.RunAsync("devnet", "20", "--minutes", "1", "--lookups", "20", "--loss", "90", "--min", "100");
        result.Exit.ShouldBeOneOf(3, 4);
        result.Error.TrimEnd('\n').Split('\n').Length.ShouldBe(1);
    }

    [Theory]
    [InlineData("1", "--seed", "1", "2 to 10000 nodes are")]
    [InlineData("10", "--wire", "quic", "mainline, v6, gen1 and ipfs are")]
    [InlineData("10", "--churn", "many", "0 to 100 is")]
    [InlineData("10", "--nat", "50:cone", "full, address, port and symmetric are")]
    [InlineData("10", "--minutes", "0", "1 to 1440 minutes are")]
    public async Task What_cannot_be_is_said(string nodes, string option, string value, string sentence)
    {
        DhtResult result = await DhtRun.RunAsync("devnet", nodes, option, value);
        result.ShouldEndWith(2).Error.ShouldContain(sentence);
        result.Output.ShouldBeEmpty();
    }

    [Fact]
    public async Task It_can_be_stopped()
    {
        await using DhtRun run = DhtRun.Start("devnet", "1000", "--minutes", "1440");
        (await run.InterruptAsync()).ShouldBe(0);
        run.Output.Text.ShouldBeEmpty();
    }
}
