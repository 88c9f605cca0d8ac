using System.Diagnostics;
using System.Text.Json.Nodes;

namespace Kadstone.Page.Tests;

/// <summary><c>dht up</c> as a process of its own, over a folder of its own: what a person starts.</summary>
internal sealed class CommandDaemon : IAsyncDisposable
{
    private static readonly string s_root = FindRoot();

    private readonly Process _process;
    private readonly Task _reading;

    private CommandDaemon(Process process, string address, JsonObject ready)
    {
        _process = process;
        // What nobody reads would fill the pipe.
        _reading = Task.WhenAll(process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        Address = address;
        Ready = ready;
    }

    /// <summary>The page's address.</summary>
    public string Address { get; }

    /// <summary>What it said when it was ready.</summary>
    public JsonObject Ready { get; }

    /// <summary>Starts it and waits until it is ready.</summary>
    public static async Task<CommandDaemon> UpAsync(string folder, params string[] options)
    {
        string command = Path.Combine(s_root, "src", "Kadstone.Cli", "bin", new DirectoryInfo(AppContext.BaseDirectory).Parent.ShouldNotBeNull().Name, "net10.0", "dht.dll");
        ProcessStartInfo start = new("dotnet", [command, "up", "--data", folder, "-o", "json", .. options])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = folder,
        };
        Process process = Process.Start(start).ShouldNotBeNull();
        while (await process.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken) is string line)
        {
            if (JsonNode.Parse(line) is JsonObject said && (string?)said["event"] == "ready")
            {
                JsonNode file = JsonNode.Parse(await File.ReadAllTextAsync(Path.Combine(folder, "daemon.json"))).ShouldNotBeNull();
                return new CommandDaemon(process, $"{file["api"]}/", said);
            }
        }

        throw new InvalidOperationException($"dht up ended before it was ready: {await process.StandardError.ReadToEndAsync()}");
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            _process.Kill();
        }

        await _process.WaitForExitAsync();
        await _reading;
        _process.Dispose();
    }

    private static string FindRoot()
    {
        DirectoryInfo? folder = new(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "Kadstone.slnx")))
        {
            folder = folder.Parent;
        }

        return folder.ShouldNotBeNull("the tests run outside of the repository").FullName;
    }
}
