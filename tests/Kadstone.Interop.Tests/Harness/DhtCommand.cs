using System.Collections.Concurrent;
using System.Globalization;

namespace Kadstone.Interop.Tests.Harness;

/// <summary>The exit codes of the <c>dht</c> command that tests tell apart.</summary>
internal enum DhtExit
{
    Found = 0,
    Error = 1,
    Usage = 2,
    NothingFound = 3,
    FewerThanAsked = 4,
    TimedOut = 5,
    NoNetwork = 6,
    Rejected = 7,
}

/// <param name="Lines">Standard output: one result a line.</param>
/// <param name="Transcript">Both streams, for failure messages.</param>
internal sealed record DhtResult(DhtExit Exit, IReadOnlyList<string> Lines, string Transcript)
{
    /// <summary>Whether the write reached anyone: in a network of three, fewer than eight is what there is.</summary>
    public bool IsStored => Exit is DhtExit.Found or DhtExit.FewerThanAsked;
}

/// <summary>One run of <c>dht mainline VERB</c>, which embeds a node of its own that knows the bootstrap nodes only.</summary>
internal static class DhtCommand
{
    /// <summary>What every Mainline node of a test needs: loopback counts as an ordinary network, and many nodes share an address.</summary>
    public static string[] TestNetwork { get; } = ["--private", "--diversity", "off"];

    public static Task<DhtResult> PingAsync(string endpoint) => RunAsync([], "ping", endpoint);

    public static Task<DhtResult> GetPeersAsync(string infoHash, params string[] bootstrap) => RunAsync(bootstrap, "peers", infoHash);

    public static Task<DhtResult> AnnounceAsync(string infoHash, int port, params string[] bootstrap) =>
        RunAsync(bootstrap, "announce", infoHash, "--peer-port", port.ToString(CultureInfo.InvariantCulture));

    public static Task<DhtResult> PutImmutableAsync(string value, params string[] bootstrap) => RunAsync(bootstrap, "put", value);

    public static async Task<DhtResult> PutMutableAsync(SigningKey key, string value, long sequence, string? salt = null, params string[] bootstrap)
    {
        using TemporaryDirectory directory = new();
        return await RunAsync(bootstrap, ["put-signed", value, "--key", key.WriteTo(directory.Path), "--seq", sequence.ToString(CultureInfo.InvariantCulture), .. Salt(salt)]);
    }

    /// <param name="target">Of an immutable item the target, of a mutable one the public key.</param>
    public static Task<DhtResult> GetAsync(string target, string? salt = null, params string[] bootstrap) => 
        RunAsync(bootstrap, target.Length == 64 ? ["get", "--public-key", target, .. Salt(salt)] : ["get", target]);

    public static Task<DhtResult> SampleInfoHashesAsync(string endpoint) => RunAsync([], "sample", "--node", endpoint);

    private static string[] Salt(string? salt) => salt is null ? [] : ["--salt", salt];

    private static Task<DhtResult> RunAsync(string[] bootstrap, params string[] verb) =>
        RunAsync("mainline", verb[0], [.. verb[1..], .. TestNetwork, .. BootstrapOptions(bootstrap)]);

    /// <summary>One run of any verb that asks.</summary>
    public static async Task<DhtResult> RunAsync(string group, string verb, params IEnumerable<string> options)
    {
        PeerAvailability.RequireKadstone();
        using TemporaryDirectory directory = new();
        ConcurrentQueue<string> lines = new();
        string[] arguments = [Repository.DhtCommand, group, verb, .. options, "--timeout", "20s"];
        await using PeerProcess process = PeerProcess.Start("dht", "dotnet", arguments, directory.Path, lines.Enqueue);
        Task first = await Task.WhenAny(process.Ended, Task.Delay(Eventually.Guard, TestContext.Current.CancellationToken));
        return first == process.Ended
            ? new DhtResult((DhtExit)process.ExitCode, [.. lines], process.Failure($"by 'dht {string.Join(' ', arguments[1..])}'").Message)
            : throw process.Failure($"did not end by itself: dht {string.Join(' ', arguments[1..])}");
    }

    internal static IEnumerable<string> BootstrapOptions(IEnumerable<string> bootstrap) => bootstrap.SelectMany(endpoint => (string[])["--bootstrap", endpoint]);
}
