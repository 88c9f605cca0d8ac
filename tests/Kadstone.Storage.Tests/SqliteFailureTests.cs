using System.Diagnostics;
using System.Text;
using Kadstone.Storage.Sqlite;

namespace Kadstone.Storage.Tests;

/// <summary>Locked, full, damaged, from the future: a clear answer, and recovery without a restart.</summary>
public sealed class SqliteFailureTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly ManualTimeProvider _clock = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private string FilePath => _folder.File("store.db");

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_locked_file_is_an_answer_and_passes()
    {
        await using SqliteRecordStore store = await OpenAsync(new SqliteStoreOptions { BusyTimeout = TimeSpan.FromMilliseconds(50) });
        await PutAsync(store, "before");
        using (Connection other = Connection.Open(FilePath, TimeSpan.Zero))
        {
            other.Execute("BEGIN EXCLUSIVE");
            (await FailureOfAsync(store)).ShouldBe(StoreFailure.Locked);
            (await FailureOfAsync(store)).ShouldBe(StoreFailure.Locked);

            // Reads go on beside the lock.
            (await store.GetAsync(Shelf.MainlineMutable, "before"u8.ToArray(), Token)).ShouldNotBeNull();
            other.Execute("ROLLBACK");
        }

        (await PutAsync(store, "after")).ShouldBe(PutResult.Stored);
    }

    [Fact]
    public async Task All_who_queue_behind_a_lock_are_answered_together()
    {
        await using SqliteRecordStore store = await OpenAsync(new SqliteStoreOptions { BusyTimeout = TimeSpan.FromMilliseconds(50) });
        using Connection other = Connection.Open(FilePath, TimeSpan.Zero);
        other.Execute("BEGIN EXCLUSIVE");
        StoreFailure[] failures = await Task.WhenAll(Enumerable.Range(0, 1000).Select(_ => FailureOfAsync(store).AsTask()));
        failures.ShouldAllBe(failure => failure == StoreFailure.Locked);
    }

    [Fact]
    public async Task Who_waits_longer_than_the_patience_is_told_so()
    {
        await using SqliteRecordStore store = await OpenAsync(new SqliteStoreOptions { BusyTimeout = TimeSpan.FromSeconds(1), Patience = TimeSpan.FromSeconds(1) });
        using (Connection other = Connection.Open(FilePath, TimeSpan.Zero))
        {
            other.Execute("BEGIN EXCLUSIVE");
            ValueTask<StoreFailure> waiting = FailureOfAsync(store);
            _clock.TimerCount.ShouldBe(1);
            _clock.Move(TimeSpan.FromSeconds(1));
            (await waiting).ShouldBe(StoreFailure.Slow);
            other.Execute("ROLLBACK");
        }

        // The put that nobody waits for any more may still be made; the next one is.
        (await PutAsync(store, "after")).ShouldBe(PutResult.Stored);
    }

    [Fact]
    public async Task A_full_queue_refuses_and_drains()
    {
        SqliteStoreOptions options = new() { MaxQueuedRecords = 100, BusyTimeout = TimeSpan.FromSeconds(2) };
        await using SqliteRecordStore store = await OpenAsync(options);
        using Connection other = Connection.Open(FilePath, TimeSpan.Zero);
        other.Execute("BEGIN EXCLUSIVE");
        Task<PutResult>[] waiting = [.. Enumerable.Range(0, 100).Select(i => PutAsync(store, $"waiting {i}").AsTask())];
        (await FailureOfAsync(store)).ShouldBe(StoreFailure.Overloaded);
        other.Execute("ROLLBACK");

        (await Task.WhenAll(waiting)).ShouldAllBe(result => result == PutResult.Stored);
        (await PutAsync(store, "after")).ShouldBe(PutResult.Stored);
    }

    [Fact]
    public async Task A_full_disk_is_an_answer_and_passes_when_there_is_space_again()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux() && Environment.UserName == "root", "Only root can mount a small disk.");
        string disk = _folder.File("disk");
        Directory.CreateDirectory(disk);
        Assert.SkipUnless(await RunAsync("mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", disk) == 0, "This machine lets nobody mount a small disk.");
        try
        {
            string ballast = Path.Combine(disk, "ballast");
            await using (SqliteRecordStore store = await SqliteRecordStore.OpenAsync(Path.Combine(disk, "store.db"), timeProvider: _clock, cancellationToken: Token))
            {
                await PutAsync(store, "before");
                FillDisk(ballast);
                StoreFailure failure;
                int stored = 0;
                while ((failure = await FailureOfAsync(store, $"while {stored}", new byte[20_000])) == NoFailure)
                {
                    stored++.ShouldBeLessThan(200);
                }

                failure.ShouldBe(StoreFailure.DiskFull);
                (await store.GetAsync(Shelf.MainlineMutable, "before"u8.ToArray(), Token)).ShouldNotBeNull();
                for (int i = 0; i < stored; i++)
                {
                    (await store.GetAsync(Shelf.MainlineMutable, System.Text.Encoding.UTF8.GetBytes($"while {i}"), Token)).ShouldNotBeNull();
                }

                File.Delete(ballast);
                (await FailureOfAsync(store, "after", new byte[20_000])).ShouldBe(NoFailure);
            }

            await using SqliteRecordStore again = await SqliteRecordStore.OpenAsync(Path.Combine(disk, "store.db"), timeProvider: _clock, cancellationToken: Token);
            (await again.GetAsync(Shelf.MainlineMutable, "after"u8.ToArray(), Token)).ShouldNotBeNull();
        }
        finally
        {
            (await RunAsync("umount", disk)).ShouldBe(0);
        }
    }

    [Fact]
    public async Task A_disk_that_became_read_only_is_an_answer_and_passes()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux() && Environment.UserName == "root", "Only root can mount a small disk.");
        string disk = _folder.File("disk");
        Directory.CreateDirectory(disk);
        Assert.SkipUnless(await RunAsync("mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", disk) == 0, "This machine lets nobody mount a small disk.");
        try
        {
            string path = Path.Combine(disk, "store.db");
            await using (SqliteRecordStore store = await SqliteRecordStore.OpenAsync(path, timeProvider: _clock, cancellationToken: Token))
            {
                await PutAsync(store, "before");
            }

            (await RunAsync("mount", "-o", "remount,ro", disk)).ShouldBe(0);
            StoreUnavailableException failure = await Should.ThrowAsync<StoreUnavailableException>(
                async () => await SqliteRecordStore.OpenAsync(path, timeProvider: _clock, cancellationToken: Token));
            failure.Reason.ShouldBe(StoreFailure.ReadOnly);

            (await RunAsync("mount", "-o", "remount,rw", disk)).ShouldBe(0);
            await using SqliteRecordStore again = await SqliteRecordStore.OpenAsync(path, timeProvider: _clock, cancellationToken: Token);
            (await PutAsync(again, "after")).ShouldBe(PutResult.Stored);
        }
        finally
        {
            (await RunAsync("umount", disk)).ShouldBe(0);
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("short")]
    [InlineData("This is a text file, and longer than the hundred bytes that the header of an SQLite file would have, by some.")]
    public async Task A_file_that_is_no_database_is_refused_and_kept(string content)
    {
        await File.WriteAllTextAsync(FilePath, content, Token);
        if (content.Length == 0)
        {
            // An empty file is a new store.
            await using SqliteRecordStore store = await OpenAsync();
            return;
        }

        StoreUnavailableException failure = await Should.ThrowAsync<StoreUnavailableException>(async () => await OpenAsync());
        failure.Reason.ShouldBe(StoreFailure.Corrupt);
        failure.Message.ShouldContain(FilePath);
        (await File.ReadAllTextAsync(FilePath, Token)).ShouldBe(content);
    }

    [Fact]
    public async Task Another_programs_database_is_refused_and_kept()
    {
        SqliteLibrary.EnsureLoaded();
        using (Connection other = Connection.Open(FilePath, TimeSpan.Zero))
        {
            other.Execute("CREATE TABLE records(id INTEGER PRIMARY KEY); PRAGMA user_version = 1");
        }

        byte[] before = await File.ReadAllBytesAsync(FilePath, Token);
        (await Should.ThrowAsync<StoreUnavailableException>(async () => await OpenAsync())).Reason.ShouldBe(StoreFailure.Corrupt);
        (await File.ReadAllBytesAsync(FilePath, Token)).ShouldBe(before);
    }

    [Fact]
    public async Task A_newer_schema_is_refused_and_the_file_stays_as_it_was()
    {
        await using (SqliteRecordStore store = await OpenAsync())
        {
            await PutAsync(store, "key");
        }

        using (Connection future = Connection.Open(FilePath, TimeSpan.Zero))
        {
            future.Execute($"PRAGMA user_version = {StoreFile.SchemaVersion + 1}");
        }

        byte[] before = await File.ReadAllBytesAsync(FilePath, Token);
        DateTime writtenAt = File.GetLastWriteTimeUtc(FilePath);
        StoreUnavailableException failure = await Should.ThrowAsync<StoreUnavailableException>(async () => await OpenAsync());
        failure.Reason.ShouldBe(StoreFailure.NewerSchema);
        (await File.ReadAllBytesAsync(FilePath, Token)).ShouldBe(before);
        File.GetLastWriteTimeUtc(FilePath).ShouldBe(writtenAt);
        Directory.GetFiles(_folder.Path).ShouldBe([FilePath]);
    }

    [Fact]
    public async Task A_file_of_the_first_schema_keeps_its_records()
    {
        StoredRecord kept;
        await using (SqliteRecordStore store = await OpenAsync())
        {
            await PutAsync(store, "key");
            kept = (await store.GetAsync(Shelf.MainlineMutable, Encoding.UTF8.GetBytes("key"), Token)).ShouldNotBeNull();
        }

        using (Connection first = Connection.Open(FilePath, TimeSpan.Zero))
        {
            first.Execute("""
                DROP VIEW leased_records; DROP TABLE leases; DROP INDEX records_due; ALTER TABLE records DROP COLUMN due;
                CREATE INDEX records_expires ON records(shelf, expires); UPDATE shelves SET bytes = 1; PRAGMA user_version = 1;
                """);
        }

        await using SqliteRecordStore again = await OpenAsync();
        (await again.GetAsync(Shelf.MainlineMutable, Encoding.UTF8.GetBytes("key"), Token)).ShouldBe(kept);
        await PutAsync(again, "another");
        (await again.SweepAsync(DateTimeOffset.MaxValue, Token)).ShouldBe(2);
        (await again.CountAsync(Shelf.MainlineMutable, Token)).ShouldBe(0);
    }

    [Fact]
    public async Task Damaged_pages_are_an_answer_and_not_a_crash()
    {
        await using (SqliteRecordStore store = await OpenAsync())
        {
            await store.PutManyAsync([.. Enumerable.Range(0, 500).Select(i => Put($"key {i}", new byte[500]))], Token);
        }

        // All but the header's page, so that the schema is still read and every record is not.
        byte[] bytes = await File.ReadAllBytesAsync(FilePath, Token);
        bytes.AsSpan(StoreFile.PageBytes).Fill(0xA5);
        await File.WriteAllBytesAsync(FilePath, bytes, Token);

        StoreUnavailableException failure = await Should.ThrowAsync<StoreUnavailableException>(async () =>
        {
            await using SqliteRecordStore store = await OpenAsync();
            await store.GetAsync(Shelf.MainlineMutable, "key 1"u8.ToArray(), Token);
        });
        failure.Reason.ShouldBe(StoreFailure.Corrupt);
    }

    [Theory]
    [InlineData("no/such/folder/store.db")]
    [InlineData(".")]
    public async Task A_path_that_cannot_be_a_file_is_an_answer(string path)
    {
        StoreUnavailableException failure = await Should.ThrowAsync<StoreUnavailableException>(
            async () => await SqliteRecordStore.OpenAsync(_folder.File(path), cancellationToken: Token));
        failure.Reason.ShouldBe(StoreFailure.Io);
    }

    [Fact]
    public async Task A_path_with_NUL_and_options_out_of_range_are_misuse()
    {
        await Should.ThrowAsync<ArgumentException>(async () => await SqliteRecordStore.OpenAsync(_folder.File("a\0b"), cancellationToken: Token));
        await Should.ThrowAsync<ArgumentException>(async () => await SqliteRecordStore.OpenAsync("", cancellationToken: Token));
        await Should.ThrowAsync<ArgumentOutOfRangeException>(async () => await OpenAsync(new SqliteStoreOptions { MaxFileBytes = 1 }));
        await Should.ThrowAsync<ArgumentOutOfRangeException>(async () => await OpenAsync(new SqliteStoreOptions { Readers = 0 }));
        await Should.ThrowAsync<ArgumentOutOfRangeException>(async () => await OpenAsync(new SqliteStoreOptions { BusyTimeout = TimeSpan.FromSeconds(3) }));
        Directory.GetFiles(_folder.Path).ShouldBeEmpty();
    }

    [Theory]
    [InlineData(0)]
    [InlineData(60)]
    [InlineData(1200)]
    [InlineData(10_000)]
    public async Task The_file_stays_below_its_cap_whatever_the_size_of_values(int valueLength)
    {
        const int Cap = 4 << 20;
        await using (SqliteRecordStore store = await OpenAsync(new SqliteStoreOptions { MaxFileBytes = Cap }))
        {
            Random chance = new(25);
            bool isFull = false;
            while (!isFull)
            {
                IReadOnlyList<PutResult> results = await store.PutManyAsync([.. Enumerable.Range(0, 500).Select(_ => RandomPut(chance, valueLength))], Token);
                isFull = results.Contains(PutResult.Full);
            }

            RecordPut oneMore = Put("a key longer than those before", new byte[valueLength]);
            (await store.PutAsync(oneMore.Shelf, oneMore.Key, oneMore.Record, cancellationToken: Token)).ShouldBe(PutResult.Full);
        }

        new FileInfo(FilePath).Length.ShouldBeInRange(Cap / 3, Cap + (Cap / 10));
    }

    private const StoreFailure NoFailure = (StoreFailure)(-1);

    private ValueTask<SqliteRecordStore> OpenAsync(SqliteStoreOptions? options = null) => SqliteRecordStore.OpenAsync(FilePath, options, _clock, Token);

    private async ValueTask<PutResult> PutAsync(SqliteRecordStore store, string key)
    {
        RecordPut put = Put(key, new byte[100]);
        return await store.PutAsync(put.Shelf, put.Key, put.Record, cancellationToken: Token);
    }

    private async ValueTask<StoreFailure> FailureOfAsync(SqliteRecordStore store, string key = "key", byte[]? value = null)
    {
        try
        {
            RecordPut put = Put(key, value ?? []);
            await store.PutAsync(put.Shelf, put.Key, put.Record, cancellationToken: Token);
            return NoFailure;
        }
        catch (StoreUnavailableException exception)
        {
            return exception.Reason;
        }
    }

    private RecordPut Put(string key, byte[] value) =>
        new(Shelf.MainlineMutable, System.Text.Encoding.UTF8.GetBytes(key), new StoredRecord(value, 1, _clock.Now.AddHours(1), _clock.Now));

    private RecordPut RandomPut(Random chance, int valueLength)
    {
        byte[] key = new byte[20];
        chance.NextBytes(key);
        byte[] value = new byte[valueLength];
        chance.NextBytes(value);
        return new RecordPut(Shelf.MainlineMutable, key, new StoredRecord(value, 1, _clock.Now.AddSeconds(1 + chance.Next(7200)), _clock.Now));
    }

    private static void FillDisk(string path)
    {
        using FileStream file = new(path, FileMode.Create, FileAccess.Write, FileShare.None, bufferSize: 0);
        try
        {
            while (true)
            {
                file.Write(new byte[4096]);
            }
        }
        catch (IOException)
        {
            // Full: what the test wants.
        }
    }

    private static async Task<int> RunAsync(string program, params string[] arguments)
    {
        using Process process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardError = true }) ?? throw new InvalidOperationException($"{program} did not start.");
        await process.WaitForExitAsync(Token);
        return process.ExitCode;
    }
}
