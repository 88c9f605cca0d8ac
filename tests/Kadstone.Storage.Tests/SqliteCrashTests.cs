using System.Diagnostics;
using System.Globalization;
using Kadstone.Storage.Sqlite;

namespace Kadstone.Storage.Tests;

/// <summary>kill -9 in the middle of writes, again and again on one file.</summary>
public sealed class SqliteCrashTests : IDisposable
{
    private const int Kills = 5;

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task No_acknowledged_put_is_lost_when_the_writer_is_killed()
    {
        string path = _folder.File("killed.db");
        Random chance = new(38);
        long acknowledged = 0;
        for (int kill = 0; kill < Kills; kill++)
        {
            acknowledged = await KillAfterAsync(path, acknowledged, chance.Next(10, 60));

            using (Connection connection = Connection.Open(path, TimeSpan.FromSeconds(10)))
            {
                connection.QueryNumber("SELECT count(*) FROM pragma_integrity_check WHERE integrity_check <> 'ok'").ShouldBe(0);
                connection.QueryNumber("SELECT count(*) FROM records").ShouldBe(connection.QueryNumber("SELECT sum(records) FROM shelves"));
                connection.QueryNumber("SELECT count(*) FROM leases WHERE id NOT IN (SELECT id FROM records)").ShouldBe(0);
            }

            await using SqliteRecordStore store = await SqliteRecordStore.OpenAsync(path, cancellationToken: TestContext.Current.CancellationToken);
            long count = await store.CountAsync(Shelf.MainlineMutable, TestContext.Current.CancellationToken);
            count.ShouldBeGreaterThanOrEqualTo(acknowledged);
            for (long number = 0; number < acknowledged; number++)
            {
                (await store.GetAsync(Shelf.MainlineMutable, KillableWriter.Key(number), TestContext.Current.CancellationToken))
                    .ShouldBe(KillableWriter.Record(number), $"put {number} of {acknowledged} after kill {kill}");
            }
        }
    }

    /// <summary>Starts the writer, kills it after so many more acknowledgements, and returns the last one that it printed.</summary>
    private static async Task<long> KillAfterAsync(string path, long acknowledged, int lines)
    {
        ProcessStartInfo start = new("dotnet") { RedirectStandardOutput = true };
        start.ArgumentList.Add(typeof(SqliteCrashTests).Assembly.Location);
        start.ArgumentList.Add(KillableWriter.Verb);
        start.ArgumentList.Add(path);
        using Process writer = Process.Start(start) ?? throw new InvalidOperationException("dotnet did not start.");
        try
        {
            for (int line = 0; line < lines; line++)
            {
                acknowledged = Read(await writer.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken), acknowledged);
            }
        }
        finally
        {
            writer.Kill();
        }

        // What it had printed before it died counts as well; a half line does not.
        string rest = await writer.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        string[] last = rest.Split('\n');
        foreach (string line in last.SkipLast(1))
        {
            acknowledged = Read(line, acknowledged);
        }

        await writer.WaitForExitAsync(TestContext.Current.CancellationToken);
        return acknowledged;
    }

    private static long Read(string? line, long before)
    {
        long number = long.Parse(line.ShouldNotBeNull("The writer ended by itself."), CultureInfo.InvariantCulture);
        number.ShouldBeGreaterThan(before);
        return number;
    }
}
