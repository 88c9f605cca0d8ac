using System.Diagnostics;
using System.Runtime.InteropServices;
using Npgsql;

[assembly: AssemblyFixture(typeof(Kadstone.Storage.Tests.Postgres.SharedPostgresServer))]

namespace Kadstone.Storage.Tests.Postgres;

/// <summary>A PostgreSQL server of Debian's package in a folder of its own, on a Unix socket there.</summary>
internal sealed class PostgresServer : IAsyncDisposable
{
    public const string Missing = "PostgreSQL 15 or later is not installed (Debian: postgresql-15).";

    /// <summary>For tests that are not about patience: a machine under load may let a server wait for longer than an operator would.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    private const int MaxStarts = 100;
    private static readonly string? s_binaries = FindBinaries();

    private readonly TemporaryFolder _folder = new();
    private readonly bool _isDurable;
    private Process? _process;
    private Task<string> _log = Task.FromResult("");
    private int _schemas;

    private PostgresServer(bool isDurable) => _isDurable = isDurable;

    public static bool IsInstalled => s_binaries is not null;

    public string Folder => _folder.Path;

    public string Socket => _folder.File(".s.PGSQL.5432");

    private static bool IsRoot => Environment.UserName == "root";

    private static string Binaries => s_binaries ?? throw new InvalidOperationException(Missing);

    private string DataFolder => _folder.File("data");

    public static async Task<PostgresServer> StartAsync(bool isDurable = true)
    {
        PostgresServer server = new(isDurable);
        if (IsRoot)
        {
            (await RunAsync("chown", "postgres", server.Folder)).ShouldBe(0);
        }

        // The account that the tests use is the database's superuser; only its owner reaches the folder of the socket.
        string[] initialise = [Path.Combine(Binaries, "initdb"), "-D", server.DataFolder, "-U", "kadstone", "-A", "trust", "--locale=C", "-E", "UTF8", "--no-sync"];
        (await RunAsync(AsOwner(initialise))).ShouldBe(0, "initdb failed");
        await server.RestartAsync();
        return server;
    }

    /// <summary>Where a store finds an empty schema of its own.</summary>
    /// <param name="isSpread">Whether the table stands there already, spread over four partitions by a hash of its key.</param>
    public async Task<string> CreateSchemaAsync(bool isSpread = false)
    {
        string schema = $"s{Interlocked.Increment(ref _schemas)}";
        await ExecuteAsync(ConnectionString("public"), $"CREATE SCHEMA {schema}");
        string connectionString = ConnectionString(schema);
        if (isSpread)
        {
            await ExecuteAsync(connectionString, SpreadTable.Definition);
        }

        return connectionString;
    }

    public string ConnectionString(string schema) => $"Host={Folder};Username=kadstone;Database=postgres;Search Path={schema}";

    public static async Task ExecuteAsync(string connectionString, string sql)
    {
        await using NpgsqlConnection connection = new($"{connectionString};Pooling=false;Timeout=60;Command Timeout=60");
        await connection.OpenAsync();
        await using NpgsqlCommand command = new(sql, connection);
        await command.ExecuteNonQueryAsync();
    }

    public static async Task<List<string>> QueryAsync(string connectionString, string sql)
    {
        await using NpgsqlConnection connection = new($"{connectionString};Pooling=false;Timeout=60;Command Timeout=60");
        await connection.OpenAsync();
        await using NpgsqlCommand command = new(sql, connection);
        await using NpgsqlDataReader reader = await command.ExecuteReaderAsync();
        List<string> rows = [];
        while (await reader.ReadAsync())
        {
            rows.Add(Convert.ToString(reader.GetValue(0), System.Globalization.CultureInfo.InvariantCulture) ?? "");
        }

        return rows;
    }

    /// <summary>Starts the server, after a kill as well, and waits until it takes connections.</summary>
    public async Task RestartAsync()
    {
        // After a kill the sessions of the old server hold its memory for a moment longer, and the new one refuses to start.
        for (int start = 0; start < MaxStarts; start++)
        {
            string[] settings = ["listen_addresses=", $"unix_socket_directories={Folder}", "shared_buffers=32MB", "max_connections=100", $"fsync={(_isDurable ? "on" : "off")}"];
            string[] command = AsOwner([Path.Combine(Binaries, "postgres"), "-D", DataFolder, .. settings.SelectMany(setting => (string[])["-c", setting])]);
            _process = Process.Start(new ProcessStartInfo(command[0], command[1..]) { RedirectStandardError = true, WorkingDirectory = "/" })
                ?? throw new InvalidOperationException("postgres did not start.");
            string? line;
            do
            {
                line = await _process.StandardError.ReadLineAsync();
            }
            while (line is not null && !line.Contains("database system is ready to accept connections", StringComparison.Ordinal));

            if (line is not null)
            {
                _log = _process.StandardError.ReadToEndAsync();
                return;
            }

            await _process.WaitForExitAsync();
            _process.Dispose();
            _process = null;
        }

        throw new InvalidOperationException($"postgres did not start in {MaxStarts} attempts.");
    }

    /// <summary>kill -9 of the server itself; its sessions follow.</summary>
    public async Task KillAsync()
    {
        if (_process is Process process)
        {
            process.Kill();
            await process.WaitForExitAsync();
            process.Dispose();
            _process = null;
        }
    }

    /// <summary>Stops the server and its sessions in the middle of what they do: connections stay, and nobody answers.</summary>
    public Task PauseAsync() => SignalAllAsync("-STOP");

    /// <summary>Lets them go on.</summary>
    public Task ResumeAsync() => SignalAllAsync("-CONT");

    public async ValueTask DisposeAsync()
    {
        if (_process is Process process)
        {
            // An immediate shutdown: nobody needs the data any more.
            (await RunAsync("kill", "-QUIT", $"{process.Id}")).ShouldBe(0);
            await process.WaitForExitAsync();
            await _log;
            process.Dispose();
            _process = null;
        }

        _folder.Dispose();
    }

    public static async Task<int> RunAsync(params string[] command)
    {
        using Process process = Process.Start(new ProcessStartInfo(command[0], command[1..]) { RedirectStandardOutput = true, WorkingDirectory = "/" })
            ?? throw new InvalidOperationException($"{command[0]} did not start.");
        await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        return process.ExitCode;
    }

    // The server first: stopped, it starts no session that would be missed.
    private async Task SignalAllAsync(string signal)
    {
        int id = _process?.Id ?? throw new InvalidOperationException("The server does not run.");
        (await RunAsync("kill", signal, $"{id}")).ShouldBe(0);
        string[] sessions = (await File.ReadAllTextAsync($"/proc/{id}/task/{id}/children")).Split(' ', StringSplitOptions.RemoveEmptyEntries);
        if (sessions.Length > 0)
        {
            // One that has ended meanwhile cannot be told any more; the others are.
            await RunAsync(["kill", signal, .. sessions]);
        }
    }

    // postgres refuses root. setpriv becomes the command, so that its process is the one we started.
    private static string[] AsOwner(string[] command) =>
        IsRoot ? ["setpriv", "--reuid=postgres", "--regid=postgres", "--init-groups", .. command] : command;

    private static string? FindBinaries() =>
        !RuntimeInformation.IsOSPlatform(OSPlatform.Linux) || !Directory.Exists("/usr/lib/postgresql")
            ? null
            : Directory.GetDirectories("/usr/lib/postgresql")
                .Where(folder => int.TryParse(Path.GetFileName(folder), out int version) && version >= 15)
                .Select(folder => Path.Combine(folder, "bin"))
                .FirstOrDefault(folder => File.Exists(Path.Combine(folder, "initdb")));
}
