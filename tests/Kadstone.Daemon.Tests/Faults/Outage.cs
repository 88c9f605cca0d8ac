using Kadstone.Hosting;
using Kadstone.Storage.Sqlite;
using Kadstone.Storage.Tests.Postgres;

namespace Kadstone.Daemon.Tests.Faults;

/// <summary>A store of a daemon, and what happens to it.</summary>
/// <param name="Store">The store.</param>
/// <param name="BeginAsync">Takes it away.</param>
/// <param name="EndAsync">Brings it back.</param>
/// <param name="CloseAsync">Removes what was made for it.</param>
internal sealed record Outage(KadstoneStore Store, Func<Task> BeginAsync, Func<Task> EndAsync, Func<ValueTask> CloseAsync) : IAsyncDisposable
{
    public ValueTask DisposeAsync() => CloseAsync();

    public static async Task<Outage> OfAsync(string kind) => kind switch
    {
        "server killed" => await OfServerAsync(server => server.KillAsync(), server => server.RestartAsync()),
        "server stopped" => await OfServerAsync(server => server.PauseAsync(), server => server.ResumeAsync()),
        "file locked" => OfLock(),
        "disk full" => await OfDiskAsync(),
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, "There is no such outage."),
    };

    private static async Task<Outage> OfServerAsync(Func<PostgresServer, Task> begin, Func<PostgresServer, Task> end)
    {
        Assert.SkipUnless(PostgresServer.IsInstalled, PostgresServer.Missing);
        PostgresServer server = await PostgresServer.StartAsync();
        return new Outage(KadstoneStore.Postgres(await server.CreateSchemaAsync()), () => begin(server), () => end(server), server.DisposeAsync);
    }

    private static Outage OfLock()
    {
        Storage.Tests.TemporaryFolder folder = new();
        string path = folder.File("store.db");
        Connection? other = null;
        return new Outage(
            KadstoneStore.Sqlite(path),
            () =>
            {
                other = Connection.Open(path, TimeSpan.FromSeconds(10));
                other.Execute("BEGIN EXCLUSIVE");
                return Task.CompletedTask;
            },
            () =>
            {
                other!.Execute("ROLLBACK");
                other.Dispose();
                return Task.CompletedTask;
            },
            () =>
            {
                folder.Dispose();
                return ValueTask.CompletedTask;
            });
    }

    private static async Task<Outage> OfDiskAsync()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux() && Environment.UserName == "root", "Only root can mount a small disk.");
        Storage.Tests.TemporaryFolder folder = new();
        string disk = folder.File("disk");
        Directory.CreateDirectory(disk);
        if (await PostgresServer.RunAsync("mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", disk) != 0)
        {
            folder.Dispose();
            Assert.Skip("This machine lets nobody mount a small disk.");
        }

        string ballast = Path.Combine(disk, "ballast");
        return new Outage(
            KadstoneStore.Sqlite(Path.Combine(disk, "store.db")),
            () =>
            {
                Fill(ballast);
                return Task.CompletedTask;
            },
            () =>
            {
                File.Delete(ballast);
                return Task.CompletedTask;
            },
            async () =>
            {
                (await PostgresServer.RunAsync("umount", disk)).ShouldBe(0);
                folder.Dispose();
            });
    }

    private static void Fill(string path)
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
}
