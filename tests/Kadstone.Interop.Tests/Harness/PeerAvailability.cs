using System.Diagnostics;

namespace Kadstone.Interop.Tests.Harness;

/// <summary>A peer that is not installed skips its tests by name, never silently.</summary>
internal static class PeerAvailability
{
    /// <summary>Debian's own Python: python3-libtorrent is built for no other.</summary>
    public const string Python = "/usr/bin/python3";

    private static readonly Lazy<string?> s_libtorrent = new(() => Runs(Python, "-c", "import libtorrent") ? null : "libtorrent: python3-libtorrent is not installed");
    private static readonly Lazy<string?> s_bittorrentDht = new(() => NpmPackage("bittorrent-dht"));
    private static readonly Lazy<string?> s_dhtJs = new(() => NpmPackage("dht.js"));
    private static readonly Lazy<string?> s_aria2 = new(() => Runs("aria2c", "--version") ? null : "aria2: aria2 is not installed");
    private static readonly Lazy<string?> s_transmission = new(() => Runs("transmission-cli", "--version") ? null : "transmission: transmission-cli is not installed");
    private static readonly Lazy<string?> s_rtorrent = new(() => Runs("rtorrent", "-h") ? null : "rtorrent: rtorrent is not installed");
    private static readonly Lazy<string?> s_networkNamespaces = new(CannotMakeNetworkNamespaces);
    private static readonly Lazy<string?> s_kadstone = new(() =>
        File.Exists(Repository.DhtCommand) && Says("mainline", "dotnet", Repository.DhtCommand, "mainline", "--help") ? null : "kadstone: dht mainline is not there yet");

    public static void RequireLibtorrent() => Require(s_libtorrent);

    public static void RequireBittorrentDht() => Require(s_bittorrentDht);

    public static void RequireDhtJs() => Require(s_dhtJs);

    public static void RequireAria2() => Require(s_aria2);

    public static void RequireTransmission() => Require(s_transmission);

    public static void RequireRtorrent() => Require(s_rtorrent);

    public static void RequireNetworkNamespaces() => Require(s_networkNamespaces);

    public static void RequireKadstone() => Require(s_kadstone);

    private static void Require(Lazy<string?> reason)
    {
        if (reason.Value is { } missing)
        {
            Assert.Skip(missing);
        }
    }

    private static string? NpmPackage(string name) =>
        !Directory.Exists(Path.Combine(Repository.Peers, "node_modules", name)) ? $"{name}: npm ci was not run in {Path.GetRelativePath(Repository.Root, Repository.Peers)}"
        : !Runs("node", "--version") ? $"{name}: node is not installed"
        : null;

    private static string? CannotMakeNetworkNamespaces()
    {
        string name = $"kadstone-{Environment.ProcessId}-probe";
        if (!Runs("ip", "-V"))
        {
            return "network namespaces: iproute2 is not installed";
        }

        bool made = Runs("ip", "netns", "add", name);
        return made && Runs("ip", "netns", "exec", name, "ip", "link", "set", "lo", "up") && Runs("ip", "netns", "del", name)
            ? null
            : "network namespaces: making one needs root";
    }

    private static bool Runs(string program, params string[] arguments) => Says("", program, arguments);

    private static bool Says(string text, string program, params string[] arguments)
    {
        try
        {
            using Process process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true })!;
            process.StandardInput.Close();
            Task<string> errors = process.StandardError.ReadToEndAsync();
            string output = process.StandardOutput.ReadToEnd();
            process.WaitForExit();
            _ = errors.Result;
            return process.ExitCode == 0 && output.Contains(text, StringComparison.Ordinal);
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return false;
        }
    }
}
