using System.Buffers.Binary;
using System.Diagnostics;
using Kadstone.Storage;
using Kadstone.Storage.Sqlite;

namespace Kadstone.Bench;

/// <summary>Upserts a second of the SQLite store, committed in batches as the journal commits them.</summary>
internal static class SqliteBench
{
    internal sealed record SqliteFigures(long Upserts, int Batch, double Seconds, double UpsertsPerSecond, long FileBytes);

    public static async Task<int> RunAsync(Arguments arguments)
    {
        arguments.AllowOnly(operands: 0, "seconds", "batch", "file");
        TimeSpan duration = TimeSpan.FromSeconds(arguments.Number("seconds", byDefault: 5, atMost: 300));
        int batch = arguments.Number("batch", byDefault: 2_000, atMost: 2_500);
        DirectoryInfo scratch = Directory.CreateTempSubdirectory("kadstone-bench-");
        try
        {
            string file = arguments.Options.GetValueOrDefault("file", Path.Combine(scratch.FullName, "records.db"));
            Report.Write(await UpsertAsync(file, batch, duration));
        }
        finally
        {
            scratch.Delete(recursive: true);
        }
        return 0;
    }

    private static async Task<SqliteFigures> UpsertAsync(string file, int batch, TimeSpan duration)
    {
        const int callers = 4;
        const int keys = 200_000;
        await using SqliteRecordStore store = await SqliteRecordStore.OpenAsync(file);
        byte[] value = new byte[100];
        DateTimeOffset now = DateTimeOffset.UtcNow;
        long sequence = 0;
        long upserts = 0;
        RecordPut[] NextBatch(Random chance)
        {
            long version = Interlocked.Increment(ref sequence);
            RecordPut[] puts = new RecordPut[batch];
            for (int i = 0; i < batch; i++)
            {
                byte[] key = new byte[20];
                BinaryPrimitives.WriteUInt64LittleEndian(key, (ulong)chance.Next(keys) * 0x9E3779B97F4A7C15);
                puts[i] = new RecordPut(Shelf.MainlineMutable, key, new StoredRecord(value, version, now.AddHours(2), now));
            }

            return puts;
        }

        long start = Stopwatch.GetTimestamp();
        await Task.WhenAll(Enumerable.Range(0, callers).Select(caller => Task.Run(async () =>
        {
            Random chance = new(caller);
            while (Stopwatch.GetElapsedTime(start) < duration)
            {
                await store.PutManyAsync(NextBatch(chance));
                Interlocked.Add(ref upserts, batch);
            }
        })));
        double seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        return new SqliteFigures(upserts, batch, seconds, upserts / seconds, new FileInfo(file).Length);
    }
}
