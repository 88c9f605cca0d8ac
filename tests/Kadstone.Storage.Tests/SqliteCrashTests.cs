using System.Diagnostics;
using Kadstone.Storage.Sqlite;

namespace Kadstone.Storage.Tests;

/// <summary>kill -9 in the middle of writes, again and again on one file.</summary>
public sealed class SqliteCrashTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private string FilePath => _folder.File("killed.db");

    public void Dispose() => _folder.Dispose();

    [Fact]
    public Task No_acknowledged_put_is_lost_when_the_writer_is_killed() => KillAsync(5);

    [Fact]
    [Trait("Category", "Bars")]
    public async Task Two_hundred_kills_lose_nothing_and_the_store_is_open_within_three_seconds()
    {
        (long acknowledged, TimeSpan slowest) = await KillAsync(200);
        TestContext.Current.TestOutputHelper?.WriteLine(
            $"bar 38, sqlite: 200 kills of the writer, {acknowledged} puts acknowledged, 0 lost, 0 corrupt, slowest start {slowest.TotalMilliseconds:F0} ms, {new FileInfo(FilePath).Length >> 20} MiB");
        slowest.ShouldBeLessThan(TimeSpan.FromSeconds(3));
    }

    private async Task<(long Acknowledged, TimeSpan SlowestStart)> KillAsync(int kills)
    {
        Random chance = new(38);
        long acknowledged = 0;
        TimeSpan slowest = TimeSpan.Zero;
        for (int kill = 1; kill <= kills; kill++)
        {
            long before = acknowledged;
            acknowledged = await KilledWriter.RunAsync(KillableWriter.Verb, FilePath, before, chance.Next(1, 40));

            // First, for it finds the file as the writer left it: with a journal that was not yet written back.
            long began = Stopwatch.GetTimestamp();
            await using (SqliteRecordStore store = await SqliteRecordStore.OpenAsync(FilePath, cancellationToken: Token))
            {
                (await store.CountAsync(Shelf.MainlineMutable, Token)).ShouldBeGreaterThanOrEqualTo(acknowledged);
                slowest = Max(slowest, Stopwatch.GetElapsedTime(began));

                // What was written since the kill before, and what was refreshed; after the last kill everything.
                await ShouldHaveAsync(store, kill == kills ? 0 : before, acknowledged, kill);
                await ShouldHaveAsync(store, before / 2, Math.Min((before / 2) + 100, acknowledged), kill);
            }

            using Connection connection = Connection.Open(FilePath, TimeSpan.FromSeconds(10));
            connection.QueryNumber("SELECT count(*) FROM pragma_integrity_check WHERE integrity_check <> 'ok'").ShouldBe(0);
            connection.QueryNumber("SELECT count(*) FROM records").ShouldBe(connection.QueryNumber("SELECT sum(records) FROM shelves"));
            connection.QueryNumber("SELECT count(*) FROM leases WHERE id NOT IN (SELECT id FROM records)").ShouldBe(0);
        }

        return (acknowledged, slowest);
    }

    private static async Task ShouldHaveAsync(SqliteRecordStore store, long from, long to, int kill)
    {
        for (long number = from; number < to; number++)
        {
            (await store.GetAsync(Shelf.MainlineMutable, KillableWriter.Key(number), Token)).ShouldBe(KillableWriter.Record(number), $"put {number} after kill {kill}");
        }
    }

    private static TimeSpan Max(TimeSpan one, TimeSpan other) => one > other ? one : other;
}
