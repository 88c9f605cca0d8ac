using System.Diagnostics;

namespace Kadstone.Interop.Tests.Harness;

/// <summary>
/// A network of its own, without a way out, with addresses that look public: some clients refuse loopback, and on public
/// addresses node ids have to fit them (BEP 42). Linux only, as root.
/// </summary>
internal sealed class NetworkNamespace : IAsyncDisposable
{
    private static int s_count;

    private readonly string _name = $"kadstone-{Environment.ProcessId}-{Interlocked.Increment(ref s_count)}";

    private NetworkNamespace(int hosts) =>
        // RFC 2544's range for tests of networks; one /24 a host, as diversity limits want it.
        Hosts = [.. Enumerable.Range(1, hosts).Select(host => $"198.18.{host}.1")];

    /// <summary>The addresses.</summary>
    public IReadOnlyList<string> Hosts { get; }

    public static async Task<NetworkNamespace> CreateAsync(int hosts)
    {
        PeerAvailability.RequireNetworkNamespaces();
        NetworkNamespace network = new(hosts);
        try
        {
            await RunIpAsync("netns", "add", network._name);
            await RunIpAsync("-n", network._name, "link", "set", "lo", "up");
            foreach (string host in network.Hosts)
            {
                await RunIpAsync("-n", network._name, "addr", "add", $"{host}/32", "dev", "lo");
            }

            // Clients ask the kernel which of their addresses leads out; nothing leaves by this route.
            await RunIpAsync("-n", network._name, "route", "add", "default", "dev", "lo");
            return network;
        }
        catch
        {
            await network.DisposeAsync();
            throw;
        }
    }

    /// <summary>A program that sees this network and no other.</summary>
    public PeerProcess Start(string name, string program, IEnumerable<string> arguments, string? directory = null) =>
        PeerProcess.Start(name, "ip", ["netns", "exec", _name, program, .. arguments], directory);

    public async ValueTask DisposeAsync()
    {
        if (File.Exists($"/run/netns/{_name}"))
        {
            await RunIpAsync("netns", "del", _name);
        }
    }

    private static async Task RunIpAsync(params string[] arguments)
    {
        using Process ip = Process.Start(new ProcessStartInfo("ip", arguments) { RedirectStandardError = true })!;
        string error = await ip.StandardError.ReadToEndAsync();
        await ip.WaitForExitAsync();
        if (ip.ExitCode != 0)
        {
            throw new PeerException($"ip {string.Join(' ', arguments)}: {error}");
        }
    }
}
