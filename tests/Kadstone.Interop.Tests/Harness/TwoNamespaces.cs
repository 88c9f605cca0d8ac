using System.Diagnostics;
using System.Globalization;
using System.Text.Json;

namespace Kadstone.Interop.Tests.Harness;

/// <summary>Two machines with a cable between: each a network of its own, and either end can be pulled. Linux only, as root.</summary>
internal sealed class TwoNamespaces : IAsyncDisposable
{
    public const string Near = "198.18.1.1";
    public const string Far = "198.18.2.1";

    private static int s_count;

    // A link's name has 15 letters at most.
    private readonly string _tag = $"{Environment.ProcessId.ToString("x", CultureInfo.InvariantCulture)}-{Interlocked.Increment(ref s_count)}";

    private string NearName => $"kadstone-near-{_tag}";

    private string FarName => $"kadstone-far-{_tag}";

    private string NearLink => $"kn{_tag}";

    private string FarLink => $"kf{_tag}";

    /// <summary>Makes them; the near end of the cable is not plugged in.</summary>
    public static async Task<TwoNamespaces> CreateAsync()
    {
        PeerAvailability.RequireNetworkNamespaces();
        TwoNamespaces two = new();
        try
        {
            await IpAsync("netns", "add", two.NearName);
            await IpAsync("netns", "add", two.FarName);
            await IpAsync("link", "add", two.NearLink, "netns", two.NearName, "type", "veth", "peer", "name", two.FarLink, "netns", two.FarName);
            foreach ((string name, string link, string address) in ((string, string, string)[])[(two.NearName, two.NearLink, Near), (two.FarName, two.FarLink, Far)])
            {
                await IpAsync("-n", name, "addr", "add", $"{address}/16", "dev", link);
                await IpAsync("-n", name, "link", "set", "lo", "up");
            }

            await IpAsync("-n", two.FarName, "link", "set", two.FarLink, "up");
            return two;
        }
        catch (PeerException exception) when (exception.Message.Contains("veth", StringComparison.Ordinal))
        {
            await two.DisposeAsync();
            Assert.Skip($"network namespaces: no cable between them ({exception.Message})");
            throw;
        }
        catch
        {
            await two.DisposeAsync();
            throw;
        }
    }

    public Task PlugAsync(bool isIn) => IpAsync("-n", NearName, "link", "set", NearLink, isIn ? "up" : "down");

    /// <summary>Whether the far machine is switched on. Without it the near end knows where to send, and nobody hears.</summary>
    public async Task SwitchFarAsync(bool isOn)
    {
        await IpAsync("-n", FarName, "addr", isOn ? "replace" : "del", $"{Far}/16", "dev", FarLink);
    }

    /// <summary>The near end sends without asking first who is there, as it does over a router.</summary>
    public async Task FixFarAsync()
    {
        using JsonDocument link = JsonDocument.Parse(await IpAsync("-n", FarName, "-j", "link", "show", FarLink));
        string address = link.RootElement[0].GetProperty("address").GetString()!;
        await IpAsync("-n", NearName, "neigh", "replace", Far, "lladdr", address, "dev", NearLink, "nud", "permanent");
    }

    public PeerProcess StartNear(string name, string program, IEnumerable<string> arguments, string? directory = null) => Start(NearName, name, program, arguments, directory);

    public PeerProcess StartFar(string name, string program, IEnumerable<string> arguments, string? directory = null) => Start(FarName, name, program, arguments, directory);

    public async ValueTask DisposeAsync()
    {
        foreach (string name in (string[])[NearName, FarName])
        {
            if (File.Exists($"/run/netns/{name}"))
            {
                await IpAsync("netns", "del", name);
            }
        }
    }

    private static PeerProcess Start(string space, string name, string program, IEnumerable<string> arguments, string? directory) =>
        PeerProcess.Start(name, "ip", ["netns", "exec", space, program, .. arguments], directory);

    private static async Task<string> IpAsync(params string[] arguments)
    {
        using Process ip = Process.Start(new ProcessStartInfo("ip", arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        Task<string> output = ip.StandardOutput.ReadToEndAsync();
        string error = await ip.StandardError.ReadToEndAsync();
        await ip.WaitForExitAsync();
        return ip.ExitCode == 0 ? await output : throw new PeerException($"ip {string.Join(' ', arguments)}: {error}");
    }
}
