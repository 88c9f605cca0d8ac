using System.Text.Json;

namespace Kadstone.Cli.Tests.Product;

[Collection(nameof(RunningDaemon))]
public sealed class TableAndTraceTests(RunningDaemon daemon)
{
    [Fact]
    public async Task The_table_has_a_line_a_contact()
    {
        DhtResult table = await DhtRun.RunAsync(["table", "mainline", .. daemon.Here]);
        table.ShouldEndWith(0).Lines.ShouldNotBeEmpty();
        table.Lines.ShouldAllBe(line => System.Text.RegularExpressions.Regex.IsMatch(line, @"^mainline [0-9]+ (good|doubtful|bad) ([0-9.]+ms|-) 127\.77\.[0-9]+\.1:[0-9]+ [0-9a-f]{40}"));
        JsonElement[] all = (await DhtRun.RunAsync(["table", "-o", "json", .. daemon.Here])).ShouldEndWith(0).Json;
        all.Select(contact => contact.GetProperty("network").GetString()).Distinct().ShouldBe(["mainline", "hyperswarm", "ipfs"]);
    }

    [Fact]
    public async Task Buckets_add_up_to_the_contacts()
    {
        int contacts = (await DhtRun.RunAsync(["table", "ipfs", .. daemon.Here])).ShouldEndWith(0).Lines.Length;
        JsonElement[] buckets = (await DhtRun.RunAsync(["table", "ipfs", "--buckets", "-o", "json", .. daemon.Here])).ShouldEndWith(0).Json;
        buckets.Sum(bucket => bucket.GetProperty("contacts").GetInt32()).ShouldBe(contacts);
        (await DhtRun.RunAsync(["table", "gnutella", .. daemon.Here])).ShouldEndWith(2).Error.ShouldContain("mainline, hyperswarm, ipfs are");
    }

    [Fact]
    public async Task The_last_lookup_is_drawn_step_by_step()
    {
        string infoHash = SmallNetwork.NewInfoHash();
        (await DhtRun.RunAsync(["check", infoHash, .. daemon.Here])).ShouldEndWith(3);
        DhtResult trace = await DhtRun.RunAsync(["trace", "last", "--network", "mainline", "--kind", "get_peers", .. daemon.Here]);
        trace.ShouldEndWith(0).Lines[0].ShouldBe($"mainline get_peers {infoHash}");
        trace.Lines.ShouldContain(line => line.Contains("  answered  ", StringComparison.Ordinal));
        trace.Lines[^1].ShouldMatch(@"^done after [0-9.]+ ms: [0-9]+ requests?, [0-9]+ answers?, [0-9]+ hops?, 0 found; [0-9]+ of the [0-9]+ closest answered\. .+\.$");

        JsonElement json = (await DhtRun.RunAsync(["trace", "last", "--network", "mainline", "--kind", "get_peers", "-o", "json", .. daemon.Here])).ShouldEndWith(0).Json.ShouldHaveSingleItem();
        json.GetProperty("target").GetString().ShouldBe(infoHash);
        string id = json.GetProperty("id").GetString()!;
        (await DhtRun.RunAsync(["trace", "show", id, .. daemon.Here])).ShouldEndWith(0).Output.ShouldBe(trace.Output);
        (await DhtRun.RunAsync(["trace", "ls", .. daemon.Here])).ShouldEndWith(0).Lines.ShouldContain(line => line.StartsWith($"{id} mainline get_peers {infoHash} done ", StringComparison.Ordinal));
        (await DhtRun.RunAsync(["trace", "show", "999999999", .. daemon.Here])).ShouldEndWith(3);
        (await DhtRun.RunAsync(["trace", "show", "last", .. daemon.Here])).ShouldEndWith(2);
    }

    [Fact]
    public async Task Sizes_are_estimates_or_said_to_be_none()
    {
        DhtResult size = await DhtRun.RunAsync(["size", .. daemon.Here]);
        size.Lines.Length.ShouldBe(3);
        size.Lines.ShouldAllBe(line => System.Text.RegularExpressions.Regex.IsMatch(line, "^(mainline|hyperswarm|ipfs) (no estimate, [0-9]+ contacts?|about [0-9,]+ nodes|[0-9,]+ ± [0-9,]+ nodes)$"));
        bool hasEstimate = size.Lines.Any(line => line.EndsWith(" nodes", StringComparison.Ordinal));
        size.ShouldEndWith(hasEstimate ? 0 : 3);
    }
}
