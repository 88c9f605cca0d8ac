using System.Buffers.Binary;
using System.Diagnostics;
using Kadstone.Storage;
using Kadstone.Storage.Postgres;
using Kadstone.Storage.Sqlite;

namespace Kadstone.Bench;

/// <summary>Upserts a second of a durable store, committed in batches as the journal commits them, and then gets of what was stored.</summary>
internal static class UpsertBench
{
    internal sealed record UpsertFigures(string Case, int Keys, int Callers, int Batch, long Upserts, double Seconds, double UpsertsPerSecond, double CpuMicrosecondsPerUpsert, long? FileBytes);

    private sealed record Load(IRecordStore Store, string? File, int Keys, int Callers, int Batch, TimeSpan Duration);

    public static async Task<int> RunAsync(Arguments arguments)
    {
        bool isPostgres = arguments.Command == "postgres";
        arguments.AllowOnly(operands: 0, "seconds", "keys", "callers", "batch", "gets", isPostgres ? "connection" : "file");
        DirectoryInfo scratch = Directory.CreateTempSubdirectory("kadstone-bench-");
        try
        {
            string? file = isPostgres ? null : arguments.Options.GetValueOrDefault("file", Path.Combine(scratch.FullName, "records.db"));
            await using IRecordStore store = file is null
                ? await PostgresRecordStore.OpenAsync(arguments.Options.GetValueOrDefault("connection") ?? throw new ArgumentException("postgres needs --connection"))
                : await SqliteRecordStore.OpenAsync(file);
            Load load = new(
                store,
                file,
                arguments.Number("keys", byDefault: 200_000, atMost: 1_000_000),
                arguments.Number("callers", byDefault: 4, atMost: 8),
                arguments.Number("batch", byDefault: 2_000, atMost: 4_000),
                TimeSpan.FromSeconds(arguments.Number("seconds", byDefault: 5, atMost: 300)));
            int next = 0;
            Report.Write(await UpsertAsync("new keys", load with { Duration = TimeSpan.MaxValue }, () => next < load.Keys ? next++ : -1, isNewValue: false));
            Report.Write(await UpsertAsync("refreshed in the order they came", load, () => next++ % load.Keys, isNewValue: false));
            Report.Write(await UpsertAsync("refreshed at random", load, () => Random.Shared.Next(load.Keys), isNewValue: false));
            Report.Write(await UpsertAsync("new values at random", load, () => Random.Shared.Next(load.Keys), isNewValue: true));
            Report.Write(await GetBench.RunAsync("gets at random", store, KeyOf, load.Keys, arguments.Number("gets", byDefault: 2_000, atMost: 100_000), load.Duration));
        }
        finally
        {
            scratch.Delete(recursive: true);
        }
        return 0;
    }

    private static async Task<UpsertFigures> UpsertAsync(string what, Load load, Func<int> nextKey, bool isNewValue)
    {
        long version = 0;
        long upserts = 0;
        Lock draw = new();
        RecordPut[] NextBatch()
        {
            lock (draw)
            {
                DateTimeOffset now = DateTimeOffset.UtcNow;
                byte[] value = new byte[100];
                if (isNewValue)
                {
                    BinaryPrimitives.WriteInt64BigEndian(value, ++version);
                }

                List<RecordPut> puts = new(load.Batch);
                for (int i = 0; i < load.Batch && nextKey() is >= 0 and int number; i++)
                {
                    puts.Add(new RecordPut(Shelf.MainlineMutable, KeyOf(number), new StoredRecord(value, version, now.AddHours(2), now)));
                }

                return [.. puts];
            }
        }

        TimeSpan cpuBefore = Environment.CpuUsage.TotalTime;
        long start = Stopwatch.GetTimestamp();
        await Task.WhenAll(Enumerable.Range(0, load.Callers).Select(_ => Task.Run(async () =>
        {
            while (Stopwatch.GetElapsedTime(start) < load.Duration && NextBatch() is { Length: > 0 } puts)
            {
                IReadOnlyList<PutResult> results = await load.Store.PutManyAsync(puts);
                Interlocked.Add(ref upserts, results.Count(result => result == PutResult.Stored));
            }
        })));
        double seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        double cpu = (Environment.CpuUsage.TotalTime - cpuBefore).TotalMicroseconds;
        return new UpsertFigures(what, load.Keys, load.Callers, load.Batch, upserts, seconds, upserts / seconds, cpu / upserts, load.File is null ? null : new FileInfo(load.File).Length);
    }

    // Keys are hashes: neighbours in time are none in the index.
    private static byte[] KeyOf(int number)
    {
        byte[] key = new byte[20];
        BinaryPrimitives.WriteUInt64BigEndian(key, (ulong)number * 0x9E3779B97F4A7C15);
        return key;
    }
}
