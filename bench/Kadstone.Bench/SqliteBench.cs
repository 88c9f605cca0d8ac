using System.Buffers.Binary;
using System.Diagnostics;
using Kadstone.Storage;
using Kadstone.Storage.Sqlite;

namespace Kadstone.Bench;

/// <summary>Upserts a second of the SQLite store, committed in batches as the journal commits them.</summary>
internal static class SqliteBench
{
    internal sealed record SqliteFigures(string Case, long Upserts, int Batch, double Seconds, double UpsertsPerSecond, long FileBytes);

    private const int Callers = 4;
    private const int Keys = 200_000;

    public static async Task<int> RunAsync(Arguments arguments)
    {
        arguments.AllowOnly(operands: 0, "seconds", "batch", "file");
        TimeSpan duration = TimeSpan.FromSeconds(arguments.Number("seconds", byDefault: 5, atMost: 300));
        int batch = arguments.Number("batch", byDefault: 2_000, atMost: 2_500);
        DirectoryInfo scratch = Directory.CreateTempSubdirectory("kadstone-bench-");
        try
        {
            string file = arguments.Options.GetValueOrDefault("file", Path.Combine(scratch.FullName, "records.db"));
            await using SqliteRecordStore store = await SqliteRecordStore.OpenAsync(file);
            long puts = 0;
            long version = 0;
            Report.Write(await UpsertAsync("new keys", store, file, batch, TimeSpan.MaxValue, () => puts < Keys ? (int)Interlocked.Increment(ref puts) : -1, () => 0));
            puts = 0;
            Report.Write(await UpsertAsync("known keys, in the order they came", store, file, batch, duration, () => (int)(Interlocked.Increment(ref puts) % Keys), () => ++version));
            Report.Write(await UpsertAsync("known keys, at random", store, file, batch, duration, () => Random.Shared.Next(Keys), () => ++version));
        }
        finally
        {
            scratch.Delete(recursive: true);
        }
        return 0;
    }

    private static async Task<SqliteFigures> UpsertAsync(string what, SqliteRecordStore store, string file, int batch, TimeSpan duration, Func<int> nextKey, Func<long> nextVersion)
    {
        byte[] value = new byte[100];
        long upserts = 0;
        Lock draw = new();
        RecordPut[] NextBatch()
        {
            lock (draw)
            {
                DateTimeOffset now = DateTimeOffset.UtcNow;
                long version = nextVersion();
                List<RecordPut> puts = new(batch);
                for (int i = 0; i < batch && nextKey() is >= 0 and int number; i++)
                {
                    // Keys are hashes: neighbours in time are none in the index.
                    byte[] key = new byte[20];
                    BinaryPrimitives.WriteUInt64BigEndian(key, (ulong)number * 0x9E3779B97F4A7C15);
                    puts.Add(new RecordPut(Shelf.MainlineMutable, key, new StoredRecord(value, version, now.AddHours(2), now)));
                }

                return [.. puts];
            }
        }

        long start = Stopwatch.GetTimestamp();
        await Task.WhenAll(Enumerable.Range(0, Callers).Select(_ => Task.Run(async () =>
        {
            while (Stopwatch.GetElapsedTime(start) < duration && NextBatch() is { Length: > 0 } puts)
            {
                await store.PutManyAsync(puts);
                Interlocked.Add(ref upserts, puts.Length);
            }
        })));
        double seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        return new SqliteFigures(what, upserts, batch, seconds, upserts / seconds, new FileInfo(file).Length);
    }
}
