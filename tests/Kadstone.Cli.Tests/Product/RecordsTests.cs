using System.Text;
using System.Text.Json;
using Kadstone.Storage;
using Kadstone.Storage.Sqlite;

namespace Kadstone.Cli.Tests.Product;

[Collection(nameof(RunningDaemon))]
public sealed class RecordsTests(RunningDaemon daemon)
{
    [Fact]
    public async Task The_daemon_s_records_are_listed_shown_counted_and_exported()
    {
        // Eleven nodes, and eight hold an item: some of these are held by the daemon's own node.
        string[] keys = [];
        for (int i = 0; i < 8; i++)
        {
            DhtResult put = await DhtRun.RunAsync("mainline", "put", $"{SmallNetwork.NewInfoHash()}", "--private", "--bootstrap", daemon.Node("mainline"));
            keys = [.. keys, put.ShouldEndWith(0).Lines[0]];
        }

        DhtResult listed = await DhtRun.RunAsync(["records", "ls", "--shelf", "mainline-immutable", .. daemon.Here]);
        string held = keys.First(key => listed.ShouldEndWith(0).Output.Contains(key, StringComparison.Ordinal));
        (await DhtRun.RunAsync(["records", "show", held, .. daemon.Here])).ShouldEndWith(0).Output.ShouldMatch($"^mainline-immutable {held} 43 bytes, version 0, until [0-9T:-]+Z: 40:[0-9a-f]{{40}}\n$");
        (await DhtRun.RunAsync(["records", "show", SmallNetwork.NewInfoHash(), .. daemon.Here])).ShouldEndWith(3);
        (await DhtRun.RunAsync(["records", "ls", "--limit", "1", .. daemon.Here])).ShouldEndWith(0).Error.ShouldContain("more than 1");

        JsonElement count = (await DhtRun.RunAsync(["records", "count", "-o", "json", .. daemon.Here])).ShouldEndWith(0).Json.Single(shelf => shelf.GetProperty("shelf").GetString() == "mainline-immutable");
        JsonElement[] exported = (await DhtRun.RunAsync(["records", "export", "--shelf", "mainline-immutable", .. daemon.Here])).ShouldEndWith(0).Json;
        exported.Length.ShouldBe(count.GetProperty("count").GetInt32());
        exported.Select(record => record.GetProperty("key").GetString()).ShouldContain(held);
        (await DhtRun.RunAsync(["records", "gc", .. daemon.Here])).ShouldEndWith(2).Error.ShouldContain("by itself");
    }

    [Fact]
    public async Task A_store_is_read_itself_and_what_has_expired_is_removed()
    {
        using TemporaryFolder folder = new();
        string file = folder["node.sqlite"];
        byte[] key = Encoding.ASCII.GetBytes("a key of twenty byte");
        DateTimeOffset now = DateTimeOffset.UtcNow;

        // Two hours ago, for a store takes nothing that has expired.
        await using (SqliteRecordStore store = await SqliteRecordStore.OpenAsync(file, timeProvider: new EarlierTime(TimeSpan.FromHours(2)), cancellationToken: TestContext.Current.CancellationToken))
        {
            await store.PutAsync(Shelf.MainlineImmutable, key, new StoredRecord("5:hello"u8.ToArray(), 0, now.AddHours(1), now), cancellationToken: TestContext.Current.CancellationToken);
            await store.PutAsync(Shelf.MainlineImmutable, key.AsMemory(1), new StoredRecord("3:old"u8.ToArray(), 0, now.AddHours(-1), now.AddHours(-3)), cancellationToken: TestContext.Current.CancellationToken);
        }

        string hex = Convert.ToHexStringLower(key);
        string[] there = ["--store", $"sqlite:{file}"];
        (await DhtRun.RunAsync(["records", "show", hex, .. there])).ShouldEndWith(0).Output.ShouldEndWith(": 5:hello\n");
        JsonElement exported = (await DhtRun.RunAsync(["records", "export", .. there])).ShouldEndWith(0).Json.Single(record => record.GetProperty("key").GetString() == hex);
        exported.GetProperty("value").GetBytesFromBase64().ShouldBe("5:hello"u8.ToArray());

        // The data folder's own store while no daemon runs in it.
        (await DhtRun.RunAsync("records", "gc", "--data", folder.Path)).ShouldEndWith(0).Output.ShouldBe("removed 1\n");
        (await DhtRun.RunAsync(["records", "gc", .. there])).ShouldEndWith(0).Output.ShouldBe("removed 0\n");
        (await DhtRun.RunAsync("records", "count", "--data", folder.Path)).ShouldEndWith(0).Lines.ShouldContain("mainline-immutable 1");
    }

    [Theory]
    [InlineData("--store", "sqlite:/nowhere/node.sqlite", "the file is not there")]
    [InlineData("--store", "memory", "sqlite:FILE or postgres:CONNECTION is expected")]
    [InlineData("--shelf", "top", "is no shelf; mainline-immutable, ")]
    public async Task What_is_not_there_is_said(string option, string value, string sentence)
    {
        DhtResult result = await DhtRun.RunAsync("records", "ls", option, value);
        result.ShouldEndWith(2).Error.ShouldContain(sentence);
        File.Exists("/nowhere/node.sqlite").ShouldBeFalse();
    }

    [Fact]
    public async Task Without_a_daemon_and_a_store_it_is_6()
    {
        using TemporaryFolder folder = new();
        (await DhtRun.RunAsync("records", "ls", "--data", folder.Path)).ShouldEndWith(6).Error.ShouldContain("--store reads a store itself");
    }

    private sealed class EarlierTime(TimeSpan by) : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => base.GetUtcNow() - by;
    }
}
