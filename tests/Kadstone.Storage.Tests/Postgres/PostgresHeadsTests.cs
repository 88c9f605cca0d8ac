using System.Diagnostics;
using System.Globalization;
using System.Text;
using Kadstone.Storage.Postgres;

namespace Kadstone.Storage.Tests.Postgres;

/// <summary>Several heads on one store.</summary>
public sealed class PostgresHeadsTests(SharedPostgresServer server)
{
    private const Shelf Mutable = Shelf.MainlineMutable;

    private static readonly PostgresStoreOptions s_patient = new() { Patience = PostgresServer.Patience };

    private readonly ManualTimeProvider _clock = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Heads_that_start_at_once_on_an_empty_database_all_find_its_tables()
    {
        string connectionString = await (await server.GetAsync()).CreateSchemaAsync();
        PostgresRecordStore[] heads = await Task.WhenAll(Enumerable.Range(0, 6).Select(_ => Task.Run(() => OpenAsync(connectionString).AsTask())));
        await heads[0].PutAsync(Mutable, Key("key"), Record(1), cancellationToken: Token);
        foreach (PostgresRecordStore head in heads)
        {
            (await head.GetAsync(Mutable, Key("key"), Token)).ShouldBe(Record(1));
            await head.DisposeAsync();
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Counting_up_by_compare_and_swap_on_two_heads_loses_no_step(bool isSpread)
    {
        string connectionString = await (await server.GetAsync()).CreateSchemaAsync(isSpread);
        await using PostgresRecordStore first = await OpenAsync(connectionString);
        await using PostgresRecordStore second = await OpenAsync(connectionString);
        await first.PutAsync(Mutable, Key("counter"), Record(0), cancellationToken: Token);
        await Task.WhenAll(Enumerable.Range(0, 8).Select(task => Task.Run(async () =>
        {
            PostgresRecordStore head = task % 2 == 0 ? first : second;
            for (int step = 0; step < 10; step++)
            {
                PutResult result;
                do
                {
                    long seen = (await head.GetAsync(Mutable, Key("counter"), Token))!.Sequence;
                    result = await head.PutAsync(Mutable, Key("counter"), Record(seen + 1), seen, Token);
                }
                while (result != PutResult.Stored);
            }
        })));

        (await first.GetAsync(Mutable, Key("counter"), Token))!.Sequence.ShouldBe(80);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Batches_of_two_heads_over_the_same_keys_in_any_order_all_go_through_and_the_highest_sequence_stands(bool isSpread)
    {
        string connectionString = await (await server.GetAsync()).CreateSchemaAsync(isSpread);
        PostgresRecordStore[] heads = [await OpenAsync(connectionString), await OpenAsync(connectionString)];
        long next = 0;
        await Task.WhenAll(Enumerable.Range(0, 4).Select(task => Task.Run(async () =>
        {
            Random chance = new(task);
            for (int round = 0; round < 10; round++)
            {
                int[] numbers = [.. Enumerable.Range(0, 300)];
                chance.Shuffle(numbers);
                long sequence = Interlocked.Increment(ref next);
                IReadOnlyList<PutResult> results = await heads[task % 2].PutManyAsync([.. numbers[..200].Append(300).Select(i => new RecordPut(Mutable, Key($"key {i}"), Record(sequence)))], Token);
                results.ShouldAllBe(result => result == PutResult.Stored || result == PutResult.Stale);
            }
        })));

        (await heads[0].GetAsync(Mutable, Key("key 300"), Token))!.Sequence.ShouldBe(40);
        await heads[0].DisposeAsync();
        await heads[1].DisposeAsync();
    }

    [Fact]
    public async Task A_head_learns_what_others_wrote_and_swept()
    {
        string connectionString = await (await server.GetAsync()).CreateSchemaAsync();
        PostgresStoreOptions options = new() { CountInterval = TimeSpan.FromSeconds(256), Patience = PostgresServer.Patience };
        await using PostgresRecordStore first = await PostgresRecordStore.OpenAsync(connectionString, options, _clock, Token);
        await using PostgresRecordStore second = await PostgresRecordStore.OpenAsync(connectionString, options, _clock, Token);
        for (int i = 0; i < 256; i++)
        {
            await first.PutAsync(Mutable, (byte[])[(byte)i, 1], Record(1), cancellationToken: Token);
        }

        (await second.CountAsync(Mutable, Token)).ShouldBe(0);
        for (int slice = 0; slice < 256; slice++)
        {
            _clock.Move(TimeSpan.FromSeconds(1));

            // Answered after the slice was counted: requests are taken in turn.
            await second.DeleteAsync(Mutable, Key("nothing"), Token);
        }

        (await second.CountAsync(Mutable, Token)).ShouldBe(256);
        _clock.Move(TimeSpan.FromHours(2));
        (await second.SweepAsync(_clock.Now, Token)).ShouldBe(256);
        (await first.GetAsync(Mutable, (byte[])[7, 1], Token)).ShouldBeNull();
    }

    [Fact]
    public async Task When_one_head_is_killed_nothing_acknowledged_is_lost_and_the_other_goes_on()
    {
        string connectionString = await (await server.GetAsync()).CreateSchemaAsync();
        long killedAt = 0;
        await using PostgresRecordStore survivor = await PostgresRecordStore.OpenAsync(connectionString, s_patient, cancellationToken: Token);
        long survivorAt = 0;
        for (int kill = 0; kill < 3; kill++)
        {
            using Process head = Start(connectionString);
            try
            {
                for (int line = 0; line < 30; line++)
                {
                    killedAt = Read(await head.StandardOutput.ReadLineAsync(Token), killedAt);
                    await PutAsync(survivorAt++);
                }
            }
            finally
            {
                head.Kill();
            }

            // What it had printed before it died counts as well; a half line does not.
            string rest = await head.StandardOutput.ReadToEndAsync(Token);
            foreach (string line in rest.Split('\n').SkipLast(1))
            {
                killedAt = Read(line, killedAt);
            }

            await head.WaitForExitAsync(Token);
            await PutAsync(survivorAt++);
            for (long number = 0; number < killedAt; number++)
            {
                (await survivor.GetAsync(Mutable, KillableWriter.Key(number), Token)).ShouldBe(KillableWriter.Record(number), $"put {number} of {killedAt} after kill {kill}");
            }

            for (long number = 0; number < survivorAt; number++)
            {
                (await survivor.GetAsync(Shelf.HyperswarmMutable, KillableWriter.Key(number), Token)).ShouldNotBeNull();
            }
        }

        async Task PutAsync(long number) =>
            (await survivor.PutAsync(Shelf.HyperswarmMutable, KillableWriter.Key(number), KillableWriter.Record(number), cancellationToken: Token)).ShouldBe(PutResult.Stored);
    }

    private static Process Start(string connectionString)
    {
        ProcessStartInfo start = new("dotnet", [typeof(PostgresHeadsTests).Assembly.Location, KillableWriter.PostgresVerb, connectionString]) { RedirectStandardOutput = true };
        return Process.Start(start) ?? throw new InvalidOperationException("dotnet did not start.");
    }

    private static long Read(string? line, long before)
    {
        long number = long.Parse(line.ShouldNotBeNull("The head ended by itself."), CultureInfo.InvariantCulture);
        number.ShouldBeGreaterThan(before);
        return number;
    }

    private ValueTask<PostgresRecordStore> OpenAsync(string connectionString) => PostgresRecordStore.OpenAsync(connectionString, s_patient, _clock, Token);

    private StoredRecord Record(long sequence) => new(Key("value"), sequence, _clock.Now.AddHours(1), _clock.Now);

    private static byte[] Key(string key) => Encoding.UTF8.GetBytes(key);
}
