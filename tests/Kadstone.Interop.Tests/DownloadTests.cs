using Kadstone.Interop.Tests.Harness;

namespace Kadstone.Interop.Tests;

/// <summary>What a DHT is for: two clients that know one node and nothing of each other.</summary>
public sealed class DownloadTests
{
    private static readonly TimeSpan s_guard = TimeSpan.FromSeconds(60);

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
}
