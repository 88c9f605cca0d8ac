using Kadstone.Interop.Tests.Harness;

namespace Kadstone.Interop.Tests;

/// <summary>What a DHT is for: two clients that know one node of ours and nothing of each other.</summary>
[Trait("Peer", "libtorrent"), Trait("Peer", "aria2")]
public sealed class DownloadTests
{
    private static readonly TimeSpan s_guard = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task Libtorrent_downloads_from_aria2()
    {
        await using KadstoneNode ours = await KadstoneNode.StartAsync();
        await FromAria2ToLibtorrentAsync(ours.Endpoint, torrent => torrent.TorrentFile);
    }

    [Fact]
    public async Task Libtorrent_downloads_from_aria2_by_a_magnet_link()
    {
        await using KadstoneNode ours = await KadstoneNode.StartAsync();
        await FromAria2ToLibtorrentAsync(ours.Endpoint, torrent => torrent.MagnetLink);
    }

    [Fact]
    public async Task Aria2_downloads_from_libtorrent()
    {
        await using KadstoneNode ours = await KadstoneNode.StartAsync();
        await FromLibtorrentToAria2Async(ours.Endpoint, torrent => torrent.TorrentFile);
    }

    [Fact]
    public async Task Aria2_downloads_from_libtorrent_by_a_magnet_link()
    {
        await using KadstoneNode ours = await KadstoneNode.StartAsync();
        await FromLibtorrentToAria2Async(ours.Endpoint, torrent => torrent.MagnetLink);
    }

    internal static async Task FromAria2ToLibtorrentAsync(string dhtNode, Func<TrackerlessTorrent, string> source)
    {
        PeerAvailability.RequireLibtorrent();
        using TrackerlessTorrent torrent = new();
        await using Aria2Client seeder = await Aria2Client.StartAsync(torrent.TorrentFile, torrent.SeedDirectory, dhtNode);
        await seeder.WaitForAnnounceToAsync(dhtNode);
        await using LibtorrentPeer leecher = await LibtorrentPeer.StartClientAsync(dhtNode);
        await leecher.AddTorrentAsync(torrent.InfoHash, source(torrent), torrent.LeechDirectory);
        await torrent.WaitForDownloadAsync(s_guard);
    }

    internal static async Task FromLibtorrentToAria2Async(string dhtNode, Func<TrackerlessTorrent, string> source)
    {
        PeerAvailability.RequireAria2();
        using TrackerlessTorrent torrent = new();
        await using LibtorrentPeer seeder = await LibtorrentPeer.StartClientAsync(dhtNode);
        await seeder.AddTorrentAsync(torrent.InfoHash, torrent.TorrentFile, torrent.SeedDirectory);
        await Eventually.GetAsync("the seeder's check of its file", () => seeder.IsSeedingAsync(torrent.InfoHash), seeding => seeding);
        await using Aria2Client leecher = await Aria2Client.StartAsync(source(torrent), torrent.LeechDirectory, dhtNode);
        await torrent.WaitForDownloadAsync(s_guard);
    }
}
