using System.Text;
using Kadstone.Storage.Postgres;
using Npgsql;

namespace Kadstone.Storage.Tests.Postgres;

/// <summary>Away, slow, full, contended, from the future: a clear answer, and recovery without a restart.</summary>
public sealed class PostgresFailureTests(SharedPostgresServer shared)
{
    private const Shelf Mutable = Shelf.MainlineMutable;
    private const StoreFailure NoFailure = (StoreFailure)(-1);

    private readonly ManualTimeProvider _clock = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_killed_server_is_an_answer_and_passes_when_it_is_back_and_nothing_acknowledged_is_lost()
    {
        Assert.SkipUnless(PostgresServer.IsInstalled, PostgresServer.Missing);
        await using PostgresServer server = await PostgresServer.StartAsync();
        await using PostgresRecordStore store = await OpenAsync(await server.CreateSchemaAsync());
        int acknowledged = 0;
        for (int kill = 0; kill < 3; kill++)
        {
            TaskCompletionSource warm = new(TaskCreationOptions.RunContinuationsAsynchronously);
            Task writing = Task.Run(async () =>
            {
                while (await FailureOfAsync(store, $"key {acknowledged}") == NoFailure)
                {
                    if (++acknowledged % 20 == 0)
                    {
                        warm.TrySetResult();
                    }
                }
            }, Token);
            await warm.Task;
            await server.KillAsync();
            await writing;
            (await FailureOfAsync(store, "away")).ShouldBe(StoreFailure.Io);
            (await Should.ThrowAsync<StoreUnavailableException>(async () => await store.GetAsync(Mutable, Key("key 0"), Token))).Reason.ShouldBe(StoreFailure.Io);

            await server.RestartAsync();
            (await FailureOfAsync(store, "back")).ShouldBe(NoFailure);
            for (int i = 0; i < acknowledged; i++)
            {
                (await store.GetAsync(Mutable, Key($"key {i}"), Token)).ShouldNotBeNull($"put {i} of {acknowledged} after kill {kill}");
            }
        }

        // What failed writes left in doubt was counted anew.
        (await FailureOfAsync(store, "last")).ShouldBe(NoFailure);
        (await store.CountAsync(Mutable, Token)).ShouldBe((await store.ListAsync(Mutable, null, 10_000, Token)).Count);
    }

    [Fact]
    public async Task No_server_at_all_is_an_answer()
    {
        using TemporaryFolder folder = new();
        StoreUnavailableException failure = await Should.ThrowAsync<StoreUnavailableException>(async () => await OpenAsync($"Host={folder.Path};Username=kadstone;Password=secret7"));
        failure.Reason.ShouldBe(StoreFailure.Io);
        failure.Message.ShouldContain(folder.Path);
        failure.ToString().ShouldNotContain("secret7");
    }

    [Fact]
    public async Task A_commit_whose_answer_was_lost_is_recognised_as_ours()
    {
        PostgresServer server = await shared.GetAsync();
        string connectionString = await server.CreateSchemaAsync();
        await using LosingProxy proxy = new(server.Socket);
        await using PostgresRecordStore store = await OpenAsync($"{connectionString};Host=127.0.0.1;Port={proxy.Port};SSL Mode=Disable;GSS Encryption Mode=Disable");
        await store.PutAsync(Mutable, Key("key"), Record(1), cancellationToken: Token);

        proxy.LoseNext("INSERT 0 1"u8);
        (await store.PutAsync(Mutable, Key("key"), Record(2), expectedSequence: 1, Token)).ShouldBe(PutResult.Stored);
        proxy.Lost.ShouldBe(1);
        (await store.GetAsync(Mutable, Key("key"), Token))!.Sequence.ShouldBe(2);

        proxy.LoseNext("COMMIT"u8);
        RecordPut[] puts = [.. new[] { "key", "new", "newer" }.Select(key => new RecordPut(Mutable, Key(key), Record(3), ExpectedSequence: 2))];
        (await store.PutManyAsync(puts, Token)).ShouldAllBe(result => result == PutResult.Stored);
        proxy.Lost.ShouldBe(2);
        (await store.CountAsync(Mutable, Token)).ShouldBe(3);
    }

    [Theory]
    [InlineData("40001")]
    [InlineData("40P01")]
    [InlineData("55P03")]
    public async Task A_conflict_in_the_server_is_tried_again(string state)
    {
        string connectionString = await (await shared.GetAsync()).CreateSchemaAsync();
        await using PostgresRecordStore store = await OpenAsync(connectionString);
        await RefuseAsync(connectionString, state, "nextval('tries') <= 3");
        (await FailureOfAsync(store, "key")).ShouldBe(NoFailure);
        (await PostgresServer.QueryAsync(connectionString, "SELECT last_value FROM tries")).ShouldBe(["4"]);
    }

    [Fact]
    public async Task A_conflict_without_end_is_an_answer()
    {
        string connectionString = await (await shared.GetAsync()).CreateSchemaAsync();
        await using PostgresRecordStore store = await OpenAsync(connectionString);
        await RefuseAsync(connectionString, "40001", "true");
        (await FailureOfAsync(store, "key")).ShouldBe(StoreFailure.Locked);
    }

    [Theory]
    [InlineData("53100", StoreFailure.DiskFull)]
    [InlineData("25006", StoreFailure.ReadOnly)]
    [InlineData("57014", StoreFailure.Slow)]
    [InlineData("53300", StoreFailure.Overloaded)]
    [InlineData("XX001", StoreFailure.Corrupt)]
    [InlineData("22012", StoreFailure.Io)]
    public async Task What_the_server_says_has_its_reason_and_passes(string state, StoreFailure reason)
    {
        string connectionString = await (await shared.GetAsync()).CreateSchemaAsync();
        await using PostgresRecordStore store = await OpenAsync(connectionString);
        await RefuseAsync(connectionString, state, "nextval('tries') <= 1");
        (await FailureOfAsync(store, "key")).ShouldBe(reason);
        (await FailureOfAsync(store, "key")).ShouldBe(NoFailure);
    }

    [Fact]
    public async Task When_one_part_of_the_table_cannot_be_reached_only_its_keys_fail()
    {
        string connectionString = await (await shared.GetAsync()).CreateSchemaAsync();
        await using PostgresRecordStore store = await OpenAsync(connectionString);

        // As a coordinator answers whose worker is away.
        await RefuseAsync(connectionString, "08006", "get_byte(NEW.key, 0) = 7");
        byte[][] keys = [.. Enumerable.Range(0, 40).Select(i => (byte[])[(byte)i])];
        ValueTask<StoreFailure>[] puts = [.. keys.Select(key => FailureOfAsync(store, key))];
        for (int i = 0; i < keys.Length; i++)
        {
            (await puts[i]).ShouldBe(i == 7 ? StoreFailure.Io : NoFailure, $"key {i}");
        }

        (await store.CountAsync(Mutable, Token)).ShouldBe(39);
    }

    [Fact]
    public async Task A_locked_table_is_slow_for_puts_and_reads_and_passes()
    {
        string connectionString = await (await shared.GetAsync()).CreateSchemaAsync();
        await using PostgresRecordStore store = await OpenAsync(connectionString, new PostgresStoreOptions { Patience = TimeSpan.FromSeconds(3) });
        await using (NpgsqlConnection other = new($"{connectionString};Pooling=false"))
        {
            await other.OpenAsync(Token);
            await using NpgsqlTransaction transaction = await other.BeginTransactionAsync(Token);
            await using NpgsqlCommand command = new("LOCK TABLE kadstone_records", other, transaction);
            await command.ExecuteNonQueryAsync(Token);
            ValueTask<StoreFailure> put = FailureOfAsync(store, "key");
            (await Should.ThrowAsync<StoreUnavailableException>(async () => await store.GetAsync(Mutable, Key("key"), Token))).Reason.ShouldBe(StoreFailure.Slow);
            (await put).ShouldBe(StoreFailure.Slow);
        }

        (await FailureOfAsync(store, "after")).ShouldBe(NoFailure);
    }

    [Fact]
    public async Task The_servers_own_statement_timeout_is_slow_too()
    {
        string connectionString = await (await shared.GetAsync()).CreateSchemaAsync();
        await using PostgresRecordStore store = await OpenAsync($"{connectionString};Options=-c statement_timeout=3000");
        await using NpgsqlConnection other = new($"{connectionString};Pooling=false");
        await other.OpenAsync(Token);
        await using NpgsqlTransaction transaction = await other.BeginTransactionAsync(Token);
        await using NpgsqlCommand command = new("LOCK TABLE kadstone_records", other, transaction);
        await command.ExecuteNonQueryAsync(Token);
        (await FailureOfAsync(store, "key")).ShouldBe(StoreFailure.Slow);
    }

    [Fact]
    public async Task Who_waits_longer_than_the_patience_is_told_so()
    {
        string connectionString = await (await shared.GetAsync()).CreateSchemaAsync();
        await using PostgresRecordStore store = await OpenAsync($"{connectionString};Timeout=60;Command Timeout=60", new PostgresStoreOptions());
        await using (NpgsqlConnection other = new($"{connectionString};Pooling=false"))
        {
            await other.OpenAsync(Token);
            await using NpgsqlTransaction transaction = await other.BeginTransactionAsync(Token);
            await using NpgsqlCommand command = new("LOCK TABLE kadstone_records", other, transaction);
            await command.ExecuteNonQueryAsync(Token);
            int timers = _clock.TimerCount;
            ValueTask<StoreFailure> waiting = FailureOfAsync(store, "key");
            _clock.TimerCount.ShouldBe(timers + 1);
            _clock.Move(TimeSpan.FromSeconds(2));
            (await waiting).ShouldBe(StoreFailure.Slow);
        }

        (await FailureOfAsync(store, "after")).ShouldBe(NoFailure);
    }

    [Fact]
    public async Task A_full_queue_refuses_and_drains()
    {
        string connectionString = await (await shared.GetAsync()).CreateSchemaAsync();
        await using PostgresRecordStore store = await OpenAsync($"{connectionString};Timeout=60;Command Timeout=60", new PostgresStoreOptions { MaxQueuedRecords = 100 });
        Task<StoreFailure>[] waiting;
        await using (NpgsqlConnection other = new($"{connectionString};Pooling=false"))
        {
            await other.OpenAsync(Token);
            await using NpgsqlTransaction transaction = await other.BeginTransactionAsync(Token);
            await using NpgsqlCommand command = new("LOCK TABLE kadstone_records", other, transaction);
            await command.ExecuteNonQueryAsync(Token);
            waiting = [.. Enumerable.Range(0, 100).Select(i => FailureOfAsync(store, $"waiting {i}").AsTask())];
            (await FailureOfAsync(store, "one more")).ShouldBe(StoreFailure.Overloaded);
        }

        (await Task.WhenAll(waiting)).ShouldAllBe(failure => failure == NoFailure);
        (await FailureOfAsync(store, "after")).ShouldBe(NoFailure);
    }

    [Fact]
    public async Task A_full_disk_is_an_answer_and_passes_when_there_is_space_again()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux() && Environment.UserName == "root", "Only root can mount a small disk.");
        PostgresServer server = await shared.GetAsync();
        string disk = Path.Combine(server.Folder, "disk");
        Directory.CreateDirectory(disk);
        Assert.SkipUnless(await PostgresServer.RunAsync("mount", "-t", "tmpfs", "-o", "size=4m,uid=postgres,gid=postgres,mode=0700", "tmpfs", disk) == 0, "This machine lets nobody mount a small disk.");
        try
        {
            string connectionString = await server.CreateSchemaAsync();
            await PostgresServer.ExecuteAsync(connectionString, $"CREATE TABLESPACE small LOCATION '{disk}'");
            await using (PostgresRecordStore store = await OpenAsync($"{connectionString};Options=-c default_tablespace=small"))
            {
                string ballast = Path.Combine(disk, "ballast");
                await File.WriteAllBytesAsync(ballast, new byte[2 << 20], Token);
                StoreFailure failure;
                int stored = 0;
                while ((failure = await FailureOfAsync(store, $"while {stored}", 20_000)) == NoFailure)
                {
                    stored++.ShouldBeLessThan(300);
                }

                failure.ShouldBe(StoreFailure.DiskFull);
                for (int i = 0; i < stored; i++)
                {
                    (await store.GetAsync(Mutable, Key($"while {i}"), Token)).ShouldNotBeNull();
                }

                File.Delete(ballast);
                (await FailureOfAsync(store, "after", 20_000)).ShouldBe(NoFailure);
                (await store.CountAsync(Mutable, Token)).ShouldBe(stored + 1);
            }

            await PostgresServer.ExecuteAsync(connectionString, "DROP TABLE kadstone_records, kadstone_schema");
            await PostgresServer.ExecuteAsync(connectionString, "DROP TABLESPACE small");
        }
        finally
        {
            (await PostgresServer.RunAsync("umount", disk)).ShouldBe(0);
        }
    }

    [Fact]
    public async Task A_newer_schema_is_refused_and_stays_as_it_was()
    {
        string connectionString = await (await shared.GetAsync()).CreateSchemaAsync();
        await using (PostgresRecordStore store = await OpenAsync(connectionString))
        {
            await store.PutAsync(Mutable, Key("key"), Record(1), cancellationToken: Token);
        }

        await PostgresServer.ExecuteAsync(connectionString, $"UPDATE kadstone_schema SET version = {Sql.SchemaVersion + 1}");
        StoreUnavailableException failure = await Should.ThrowAsync<StoreUnavailableException>(async () => await OpenAsync(connectionString));
        failure.Reason.ShouldBe(StoreFailure.NewerSchema);
        (await PostgresServer.QueryAsync(connectionString, "SELECT version FROM kadstone_schema")).ShouldBe([$"{Sql.SchemaVersion + 1}"]);
        (await PostgresServer.QueryAsync(connectionString, "SELECT count(*) FROM kadstone_records")).ShouldBe(["1"]);
    }

    [Fact]
    public async Task Another_programs_table_of_the_same_name_is_refused_and_kept()
    {
        string connectionString = await (await shared.GetAsync()).CreateSchemaAsync();
        await PostgresServer.ExecuteAsync(connectionString, "CREATE TABLE kadstone_records(key text PRIMARY KEY, shelf smallint, expires bigint)");
        (await Should.ThrowAsync<StoreUnavailableException>(async () => await OpenAsync(connectionString))).Reason.ShouldBe(StoreFailure.Corrupt);
        (await PostgresServer.QueryAsync(connectionString, "SELECT count(*) FROM kadstone_records")).ShouldBe(["0"]);
    }

    [Fact]
    public async Task Who_may_not_write_is_told_so_and_who_may_not_make_tables_uses_those_that_are_there()
    {
        string connectionString = await (await shared.GetAsync()).CreateSchemaAsync();
        string schema = new NpgsqlConnectionStringBuilder(connectionString).SearchPath ?? "";
        string role = $"reader_{schema}";
        await PostgresServer.ExecuteAsync(connectionString, $"CREATE ROLE {role} LOGIN; GRANT USAGE ON SCHEMA {schema} TO {role}");
        string asRole = $"{connectionString};Username={role}";
        (await Should.ThrowAsync<StoreUnavailableException>(async () => await OpenAsync(asRole))).Reason.ShouldBe(StoreFailure.ReadOnly);

        await using PostgresRecordStore owner = await OpenAsync(connectionString);
        await PostgresServer.ExecuteAsync(connectionString, $"GRANT SELECT ON kadstone_records, kadstone_schema TO {role}");
        await using PostgresRecordStore store = await OpenAsync(asRole);
        (await FailureOfAsync(store, "key")).ShouldBe(StoreFailure.ReadOnly);
        await PostgresServer.ExecuteAsync(connectionString, $"GRANT INSERT, UPDATE, DELETE ON kadstone_records TO {role}");
        (await FailureOfAsync(store, "key")).ShouldBe(NoFailure);
    }

    [Fact]
    public async Task A_connection_string_that_cannot_be_read_and_options_out_of_range_are_misuse()
    {
        await Should.ThrowAsync<ArgumentException>(async () => await OpenAsync(""));
        await Should.ThrowAsync<ArgumentException>(async () => await OpenAsync("Nonsense=1"));
        await Should.ThrowAsync<ArgumentException>(async () => await OpenAsync("Host=x", new PostgresStoreOptions { MaxBytes = 1 }));
        await Should.ThrowAsync<ArgumentException>(async () => await OpenAsync("Host=x", new PostgresStoreOptions { MaxConnections = 1 }));
        await Should.ThrowAsync<ArgumentException>(async () => await OpenAsync("Host=x", new PostgresStoreOptions { Patience = TimeSpan.Zero }));
    }

    private ValueTask<PostgresRecordStore> OpenAsync(string connectionString, PostgresStoreOptions? options = null) =>
        PostgresRecordStore.OpenAsync(connectionString, options ?? new PostgresStoreOptions { Patience = PostgresServer.Patience }, _clock, Token);

    /// <summary>Makes the server refuse rows with an error of our choice. A sequence counts the attempts, since it does not roll back.</summary>
    private static Task RefuseAsync(string connectionString, string state, string condition) => PostgresServer.ExecuteAsync(connectionString, $"""
        CREATE SEQUENCE tries;
        CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $body$
            BEGIN IF {condition} THEN RAISE EXCEPTION 'refused' USING ERRCODE = '{state}'; END IF; RETURN NEW; END $body$;
        CREATE TRIGGER refuse BEFORE INSERT ON kadstone_records FOR EACH ROW EXECUTE FUNCTION refuse();
        """);

    private ValueTask<StoreFailure> FailureOfAsync(PostgresRecordStore store, string key, int length = 100) => FailureOfAsync(store, Key(key), length);

    private async ValueTask<StoreFailure> FailureOfAsync(PostgresRecordStore store, byte[] key, int length = 100)
    {
        try
        {
            // Random, or the server would compress it.
            byte[] value = new byte[length];
            new Random(7).NextBytes(value);
            (await store.PutAsync(Mutable, key, Record(1) with { Value = value }, cancellationToken: Token)).ShouldBe(PutResult.Stored);
            return NoFailure;
        }
        catch (StoreUnavailableException exception)
        {
            return exception.Reason;
        }
    }

    private StoredRecord Record(long sequence) => new(Key("value"), sequence, _clock.Now.AddHours(1), _clock.Now);

    private static byte[] Key(string key) => Encoding.UTF8.GetBytes(key);
}
