using System.Diagnostics;
using Kadstone.Storage.Postgres;

namespace Kadstone.Storage.Tests.Postgres;

/// <summary>kill -9 in the middle of writes, again and again on one database: of the writer, and each second time of the server under it.</summary>
public sealed class PostgresCrashTests
{
    private static readonly PostgresStoreOptions s_patient = new() { Patience = PostgresServer.Patience };

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public Task No_acknowledged_put_is_lost_when_writer_and_server_are_killed() => KillAsync(4);

    [Fact]
    [Trait("Category", "Bars")]
    public async Task Two_hundred_kills_lose_nothing_and_the_store_is_open_within_three_seconds()
    {
        (long acknowledged, TimeSpan slowest, TimeSpan slowestServer) = await KillAsync(200);
        TestContext.Current.TestOutputHelper?.WriteLine(
            $"bar 38, postgres: 200 kills of the writer and 100 of the server, {acknowledged} puts acknowledged, 0 lost, 0 corrupt, slowest start {slowest.TotalMilliseconds:F0} ms, of the server {slowestServer.TotalMilliseconds:F0} ms");
        slowest.ShouldBeLessThan(TimeSpan.FromSeconds(3));
    }

    private static async Task<(long Acknowledged, TimeSpan SlowestStart, TimeSpan SlowestServerStart)> KillAsync(int kills)
    {
        Assert.SkipUnless(PostgresServer.IsInstalled, PostgresServer.Missing);
        await using PostgresServer server = await PostgresServer.StartAsync();
        string connectionString = await server.CreateSchemaAsync();
        await PostgresServer.ExecuteAsync(connectionString, "CREATE EXTENSION amcheck");
        Random chance = new(38);
        long acknowledged = 0;
        TimeSpan slowest = TimeSpan.Zero;
        TimeSpan slowestServer = TimeSpan.Zero;
        for (int kill = 1; kill <= kills; kill++)
        {
            long before = acknowledged;
            bool killsServer = kill % 2 == 0;
            acknowledged = await KilledWriter.RunAsync(KillableWriter.PostgresVerb, connectionString, before, chance.Next(1, 40), killsServer ? server.KillAsync : null);
            if (killsServer)
            {
                long restarted = Stopwatch.GetTimestamp();
                await server.RestartAsync();
                slowestServer = Max(slowestServer, Stopwatch.GetElapsedTime(restarted));
            }

            long began = Stopwatch.GetTimestamp();
            await using PostgresRecordStore store = await PostgresRecordStore.OpenAsync(connectionString, s_patient, cancellationToken: Token);
            (await store.CountAsync(Shelf.MainlineMutable, Token)).ShouldBeGreaterThanOrEqualTo(acknowledged);
            slowest = Max(slowest, Stopwatch.GetElapsedTime(began));

            // What was written since the kill before, and what was refreshed; after the last kill everything.
            await ShouldHaveAsync(store, kill == kills ? 0 : before, acknowledged, kill);
            await ShouldHaveAsync(store, before / 2, Math.Min((before / 2) + 100, acknowledged), kill);
            await PostgresServer.ExecuteAsync(
                connectionString,
                "SELECT bt_index_check(indexrelid, true) FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid WHERE indrelid = 'kadstone_records'::regclass AND relkind = 'i'");
            (await PostgresServer.QueryAsync(connectionString, "SELECT count(*) FROM verify_heapam('kadstone_records')")).ShouldBe(["0"]);
        }

        return (acknowledged, slowest, slowestServer);
    }

    private static async Task ShouldHaveAsync(PostgresRecordStore store, long from, long to, int kill)
    {
        for (long number = from; number < to; number++)
        {
            (await store.GetAsync(Shelf.MainlineMutable, KillableWriter.Key(number), Token)).ShouldBe(KillableWriter.Record(number), $"put {number} after kill {kill}");
        }
    }

    private static TimeSpan Max(TimeSpan one, TimeSpan other) => one > other ? one : other;
}
