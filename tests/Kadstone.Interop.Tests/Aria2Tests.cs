using System.Net;
using System.Net.Sockets;
using Kadstone.Interop.Tests.Harness;

namespace Kadstone.Interop.Tests;

/// <summary>aria2 has no commands for its DHT: its log tells whom it asked, and where it connects tells what it found.</summary>
[Trait("Peer", "aria2")]
public sealed class Aria2Tests
{
    [Fact]
    public async Task It_joins_through_our_node_and_announces_to_it()
    {
        await using KadstoneNode ours = await KadstoneNode.StartAsync();
        using TrackerlessTorrent torrent = new();
        await using Aria2Client aria2 = await Aria2Client.StartAsync(torrent.TorrentFile, torrent.SeedDirectory, ours.Endpoint);
        await aria2.WaitForAnswerOfAsync(ours.Endpoint);
        await aria2.WaitForAnnounceToAsync(ours.Endpoint);
    }

    [Fact]
    public async Task We_join_through_it_and_find_each_other()
    {
        using TrackerlessTorrent torrent = new();
        await using Aria2Client aria2 = await Aria2Client.StartAsync(torrent.TorrentFile, torrent.SeedDirectory, dhtNode: null);
        await using KadstoneNode first = await KadstoneNode.StartAsync(aria2.DhtEndpoint);
        await using KadstoneNode second = await KadstoneNode.StartAsync(first.Endpoint);
        DhtResult ping = await DhtCommand.PingAsync(aria2.DhtEndpoint);
        ping.Exit.ShouldBe(DhtExit.Found, ping.Transcript);
        await aria2.WaitForAnswerOfAsync(first.Endpoint);
    }

    [Fact]
    public async Task We_find_the_peer_that_it_announced()
    {
        await using KadstoneNode ours = await KadstoneNode.StartAsync();
        using TrackerlessTorrent torrent = new();
        await using Aria2Client aria2 = await Aria2Client.StartAsync(torrent.TorrentFile, torrent.SeedDirectory, ours.Endpoint);
        await Eventually.ContainsAsync("our get_peers", async () => (await DhtCommand.GetPeersAsync(torrent.InfoHash, ours.Endpoint)).Lines, aria2.PeerEndpoint);
    }

    [Fact]
    public async Task It_connects_to_the_peer_that_we_announced()
    {
        await using KadstoneNode ours = await KadstoneNode.StartAsync();
        using TrackerlessTorrent torrent = new();
        // Nobody can know of this port but by the announce.
        using TcpListener announced = new(IPAddress.Loopback, 0);
        announced.Start();
        DhtResult announce = await DhtCommand.AnnounceAsync(torrent.InfoHash, ((IPEndPoint)announced.LocalEndpoint).Port, ours.Endpoint);
        announce.IsStored.ShouldBeTrue(announce.Transcript);

        await using Aria2Client aria2 = await Aria2Client.StartAsync(torrent.TorrentFile, torrent.LeechDirectory, ours.Endpoint);
        using CancellationTokenSource guard = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        guard.CancelAfter(Eventually.Guard);
        using TcpClient connection = await announced.AcceptTcpClientAsync(guard.Token);
    }
}
