using System.Globalization;
using System.Net;
using System.Runtime.InteropServices;
using Kadstone.Interop.Tests.Harness;

namespace Kadstone.Interop.Tests.Hostile;

/// <summary>Our node as its users start it, with the options that a test chooses, and what the kernel says about its process.</summary>
internal sealed partial class NodeUnderTest : IAsyncDisposable
{
    private const string Listening = "listening on ";
    private const int Terminate = 15;
    private const int KillNow = 9;

    private readonly PeerProcess _process;
    private readonly TemporaryDirectory? _directory;

    private NodeUnderTest(PeerProcess process, TemporaryDirectory? directory, IPEndPoint[] endpoints)
    {
        _process = process;
        _directory = directory;
        Endpoints = endpoints;
    }

    public IPEndPoint[] Endpoints { get; }

    public IPEndPoint Endpoint => Endpoints[0];

    public IPEndPoint Endpoint6 => Endpoints[1];

    public int ExitCode => _process.ExitCode;

    public IReadOnlyList<string> Lines => _process.Lines;

    public Task Ended => _process.Ended;

    public long ResidentBytes => Status("VmRSS:") * 1024;

    public long Threads => Status("Threads:");

    public int Descriptors => Directory.GetFileSystemEntries($"/proc/{_process.Id}/fd").Length;

    /// <summary>Processor time so far, of all its threads.</summary>
    public TimeSpan ProcessorTime
    {
        get
        {
            // proc(5): user and system time are the 14th and 15th field; the second may hold blanks.
            string stat = File.ReadAllText($"/proc/{_process.Id}/stat");
            string[] fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
            long ticks = long.Parse(fields[11], CultureInfo.InvariantCulture) + long.Parse(fields[12], CultureInfo.InvariantCulture);
            return TimeSpan.FromSeconds(ticks / 100d);
        }
    }

    /// <summary>Starts a private node on 127.0.0.1 and waits until it is ready.</summary>
    public static Task<NodeUnderTest> StartAsync(params string[] options) =>
        StartRawAsync(["--host", "127.0.0.1", "--port", $"{FreePorts.Next()}", "--private", .. options]);

    /// <summary>Starts a node with exactly these options.</summary>
    public static Task<NodeUnderTest> StartRawAsync(params string[] options) => StartAsync("ready", options);

    /// <summary>As <see cref="StartRawAsync"/>, but does not wait until the node has joined.</summary>
    public static Task<NodeUnderTest> StartListeningAsync(params string[] options) => StartAsync(Listening, options);

    private static async Task<NodeUnderTest> StartAsync(string firstLine, string[] options)
    {
        TemporaryDirectory directory = new();
        PeerProcess process = Launch(directory.Path, options);
        try
        {
            await process.WaitForLineAsync(firstLine, line => line.StartsWith(firstLine, StringComparison.Ordinal));
            return new NodeUnderTest(
                process,
                directory,
                [.. process.Lines.Where(line => line.StartsWith(Listening, StringComparison.Ordinal)).Select(line => IPEndPoint.Parse(line[Listening.Length..].Trim()))]);
        }
        catch
        {
            await process.DisposeAsync();
            directory.Dispose();
            throw;
        }
    }

    /// <summary>Starts a node that is expected to refuse, and waits for its end.</summary>
    public static async Task<(int ExitCode, IReadOnlyList<string> Lines)> RefusedAsync(params string[] options)
    {
        using TemporaryDirectory directory = new();
        await using PeerProcess process = Launch(directory.Path, options);
        await process.Ended.WaitAsync(Eventually.Guard);
        return (process.ExitCode, process.Lines);
    }

    public async Task<IPEndPoint> ProveReadyAsync()
    {
        await using Stranger stranger = new("127.0.0.1");
        (await stranger.AskAsync(Endpoint, "ping")).IsError.ShouldBeFalse();
        return Endpoint;
    }

    /// <summary>The node id, as an answer names it.</summary>
    public async Task<string> IdAsync()
    {
        await using Stranger stranger = new();
        return Convert.ToHexStringLower((await stranger.AskAsync(Endpoint, "ping")).Values["id"].Bytes);
    }

    public async Task<TimeSpan> TerminateAsync()
    {
        long began = TimeProvider.System.GetTimestamp();
        Signal(_process.Id, Terminate).ShouldBe(0);
        await Ended.WaitAsync(Eventually.Guard);
        return TimeProvider.System.GetElapsedTime(began);
    }

    public async Task KillAsync()
    {
        Signal(_process.Id, KillNow).ShouldBe(0);
        await Ended.WaitAsync(Eventually.Guard);
    }

    public async ValueTask DisposeAsync()
    {
        await _process.DisposeAsync();
        _directory?.Dispose();
    }

    private static PeerProcess Launch(string directory, string[] options)
    {
        PeerAvailability.RequireKadstone();
        return PeerProcess.Start("kadstone", "dotnet", [Repository.DhtCommand, "mainline", "node", .. options], directory);
    }

    private long Status(string name)
    {
        string line = File.ReadLines($"/proc/{_process.Id}/status").First(line => line.StartsWith(name, StringComparison.Ordinal));
        return long.Parse(line[name.Length..].Replace("kB", "", StringComparison.Ordinal).Trim(), CultureInfo.InvariantCulture);
    }

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    private static partial int Signal(int process, int signal);
}

/// <summary>A node on both families, shared by the tests of a class.</summary>
public abstract class NodeFixture(params string[] options) : IAsyncLifetime
{
    internal NodeUnderTest Node { get; private set; } = null!;

    public async ValueTask InitializeAsync() =>
        Node = await NodeUnderTest.StartRawAsync(["--host", "127.0.0.1", "--host", "::1", "--port", $"{FreePorts.Next()}", "--private", .. options]);

    public async ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        if (Node is not null)
        {
            await Node.DisposeAsync();
        }
    }
}

/// <summary>All defaults: limits and diversity on.</summary>
public sealed class GuardedNode() : NodeFixture();

/// <summary>Neither limits nor diversity: as in benches and dense test networks.</summary>
public sealed class OpenNode() : NodeFixture("--diversity", "off", "--no-limits");
