using Kadstone.Interop.Tests.Harness;

namespace Kadstone.Interop.Tests;

/// <summary>Clients of other makes, each on an address of its own, that know nothing but nodes of ours.</summary>
public sealed class OtherMakesTests
{
    // Transmission asks the nodes that it had saved one by one, and searches once eight have answered: half a minute.
    private static readonly TimeSpan s_guard = TimeSpan.FromSeconds(120);

    private const int Nodes = 12;

    [Fact, Trait("Peer", "transmission"), Trait("Peer", "aria2")]
    public async Task Aria2_downloads_from_Transmission()
    {
        PeerAvailability.RequireTransmission();
        PeerAvailability.RequireAria2();
        await using NetworkNamespace network = await NetworkNamespace.CreateAsync(Nodes + 2);
        await using KadstoneSwarm ours = await KadstoneSwarm.StartAsync(network, Nodes);
        using TrackerlessTorrent torrent = new();
        await using TorrentClient seeder = TorrentClient.StartTransmission(network, network.Hosts[Nodes], torrent.TorrentFile, torrent.SeedDirectory, ours.Endpoints);
        await using TorrentClient leecher = TorrentClient.StartAria2(network, network.Hosts[Nodes + 1], torrent.TorrentFile, torrent.LeechDirectory, ours.Endpoints[1]);
        await torrent.WaitForDownloadAsync(s_guard);
    }

    [Fact, Trait("Peer", "transmission"), Trait("Peer", "rtorrent")]
    public async Task Transmission_downloads_from_rTorrent_by_a_magnet_link()
    {
        PeerAvailability.RequireTransmission();
        PeerAvailability.RequireRtorrent();
        await using NetworkNamespace network = await NetworkNamespace.CreateAsync(Nodes + 2);
        await using KadstoneSwarm ours = await KadstoneSwarm.StartAsync(network, Nodes);
        using TrackerlessTorrent torrent = new();
        await using TorrentClient seeder = TorrentClient.StartRtorrent(network, network.Hosts[Nodes], torrent.TorrentFile, torrent.SeedDirectory, ours.Endpoints[0]);
        await using TorrentClient leecher = TorrentClient.StartTransmission(network, network.Hosts[Nodes + 1], torrent.MagnetLink, torrent.LeechDirectory, ours.Endpoints);
        await torrent.WaitForDownloadAsync(s_guard);
    }

    [Fact, Trait("Peer", "rtorrent"), Trait("Peer", "aria2")]
    public async Task Aria2_downloads_from_rTorrent()
    {
        PeerAvailability.RequireRtorrent();
        PeerAvailability.RequireAria2();
        await using NetworkNamespace network = await NetworkNamespace.CreateAsync(Nodes + 2);
        await using KadstoneSwarm ours = await KadstoneSwarm.StartAsync(network, Nodes);
        using TrackerlessTorrent torrent = new();
        await using TorrentClient seeder = TorrentClient.StartRtorrent(network, network.Hosts[Nodes], torrent.TorrentFile, torrent.SeedDirectory, ours.Endpoints[0]);
        await using TorrentClient leecher = TorrentClient.StartAria2(network, network.Hosts[Nodes + 1], torrent.TorrentFile, torrent.LeechDirectory, ours.Endpoints[1]);
        await torrent.WaitForDownloadAsync(s_guard);
    }
}
