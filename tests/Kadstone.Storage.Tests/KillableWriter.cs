using System.Buffers.Binary;
using Kadstone.Storage.Postgres;
using Kadstone.Storage.Sqlite;

namespace Kadstone.Storage.Tests;

/// <summary>A process that puts without end and prints the number of each put that was acknowledged, until somebody kills it.</summary>
internal static class KillableWriter
{
    public const string Verb = "--killable-writer";
    public const string PostgresVerb = "--killable-postgres-writer";

    /// <summary>Singles and batches in turn, so that a kill meets both.</summary>
    private const int BatchSize = 50;

    public static async Task<int> RunAsync(string verb, string place)
    {
        // Slow is no failure here: it ends by a kill only.
        TimeSpan patience = TimeSpan.FromMinutes(1);
        await using IRecordStore store = verb == Verb
            ? await SqliteRecordStore.OpenAsync(place, new SqliteStoreOptions { Patience = patience })
            : await PostgresRecordStore.OpenAsync(place, new PostgresStoreOptions { Patience = patience });
        Stream history = Console.OpenStandardOutput();
        long next = await store.CountAsync(Shelf.MainlineMutable);
        while (true)
        {
            int count = next % 2 == 0 ? BatchSize + 1 : 1;
            // Each with an old one that is refreshed: that writes elsewhere than a new one.
            IEnumerable<long> numbers = Enumerable.Range(0, count).Select(i => next + i).Append(next / 2);
            RecordPut[] puts = [.. numbers.Select(number => new RecordPut(Shelf.MainlineMutable, Key(number), Record(number)))];
            IReadOnlyList<PutResult> results = await store.PutManyAsync(puts);
            if (results.Any(result => result != PutResult.Stored))
            {
                return 1;
            }

            next += count;
            await history.WriteAsync(System.Text.Encoding.ASCII.GetBytes($"{next}\n"));
            await history.FlushAsync();
        }
    }

    public static byte[] Key(long number)
    {
        byte[] key = new byte[20];
        BinaryPrimitives.WriteInt64BigEndian(key, number * unchecked((long)0x9E3779B97F4A7C15));
        BinaryPrimitives.WriteInt64BigEndian(key.AsSpan(8), number);
        return key;
    }

    public static StoredRecord Record(long number)
    {
        byte[] value = new byte[300];
        new Random((int)number).NextBytes(value);
        return new StoredRecord(value, number, DateTimeOffset.MaxValue, DateTimeOffset.UnixEpoch);
    }
}
