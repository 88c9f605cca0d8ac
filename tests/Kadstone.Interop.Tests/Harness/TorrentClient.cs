using System.Text;
using System.Text.Json.Nodes;

namespace Kadstone.Interop.Tests.Harness;

/// <summary>A torrent client on an address of its own, with one torrent and no way to peers but the DHT.</summary>
internal sealed class TorrentClient : IAsyncDisposable
{
    private const int PeerPort = 26_881;

    private readonly TemporaryDirectory _directory;
    private readonly PeerProcess _process;

    private TorrentClient(TemporaryDirectory directory, PeerProcess process)
    {
        _directory = directory;
        _process = process;
    }

    /// <param name="source">A .torrent file, or a magnet link.</param>
    /// <param name="download">Where the file is, or shall be.</param>
    /// <param name="known">The nodes that it had saved: from a single one its node takes minutes to grow, since it asks every 15 s.</param>
    public static TorrentClient StartTransmission(NetworkNamespace network, string host, string source, string download, IEnumerable<string> known)
    {
        PeerAvailability.RequireTransmission();
        TemporaryDirectory own = new();
        byte[] nodes = [.. known.SelectMany(Compact)];
        File.WriteAllBytes(own.File("dht.dat"), [.. "d2:id20:"u8, .. Convert.FromHexString(InfoHashes.Next()), .. Encoding.ASCII.GetBytes($"5:nodes{nodes.Length}:"), .. nodes, (byte)'e']);

        // Empty, or it would ask for its public router.
        File.WriteAllText(own.File("dht.bootstrap"), "");
        JsonObject settings = new()
        {
            ["bind-address-ipv4"] = host,
            ["bind-address-ipv6"] = "::1",
            ["dht-enabled"] = true,
            ["lpd-enabled"] = false,
            ["pex-enabled"] = false,
            ["utp-enabled"] = false,
            ["port-forwarding-enabled"] = false,
        };
        File.WriteAllText(own.File("settings.json"), settings.ToJsonString());
        string[] arguments = ["-g", own.Path, "-w", download, "-p", $"{PeerPort}", source];
        return new TorrentClient(own, network.Start("transmission", "transmission-cli", arguments, own.Path));
    }

    /// <summary>rTorrent 0.9.8 finds no peers in any DHT: it takes the bencoded text of the list of peers for the peers. It announces well.</summary>
    public static TorrentClient StartRtorrent(NetworkNamespace network, string host, string torrent, string download, string known)
    {
        PeerAvailability.RequireRtorrent();
        TemporaryDirectory own = new();
        File.WriteAllText(own.File("rtorrent.rc"), $"""
            network.bind_address.set = {host}
            network.port_range.set = {PeerPort}-{PeerPort}
            network.port_random.set = no
            directory.default.set = {download}
            session.path.set = {own.Path}
            protocol.pex.set = no
            dht.port.set = {PeerPort + 1}
            dht.mode.set = on
            system.daemon.set = true
            schedule2 = node, 1, 0, "dht.add_node={known}"
            schedule2 = load, 2, 0, "load.start={torrent}"

            """);
        return new TorrentClient(own, network.Start("rtorrent", "rtorrent", ["-n", "-o", $"import={own.File("rtorrent.rc")}"], own.Path));
    }

    public static TorrentClient StartAria2(NetworkNamespace network, string host, string source, string download, string known)
    {
        PeerAvailability.RequireAria2();
        TemporaryDirectory own = new();
        string[] arguments =
        [
            "--no-conf", $"--dir={download}", $"--interface={host}", $"--listen-port={PeerPort}", $"--bt-external-ip={host}",
            "--enable-dht=true", $"--dht-listen-port={PeerPort + 1}", $"--dht-entry-point={known}", $"--dht-file-path={own.File("dht.dat")}",
            "--enable-dht6=false", $"--dht-file-path6={own.File("dht6.dat")}", "--enable-peer-exchange=false", "--bt-enable-lpd=false",
            "--check-integrity=true", "--seed-ratio=0", "--follow-torrent=mem", "--summary-interval=0", source,
        ];
        return new TorrentClient(own, network.Start("aria2", "aria2c", arguments, own.Path));
    }

    public async ValueTask DisposeAsync()
    {
        await _process.DisposeAsync();
        _directory.Dispose();
    }

    private static byte[] Compact(string endpoint)
    {
        System.Net.IPEndPoint parsed = System.Net.IPEndPoint.Parse(endpoint);
        return [.. parsed.Address.GetAddressBytes(), (byte)(parsed.Port >> 8), (byte)parsed.Port];
    }
}
