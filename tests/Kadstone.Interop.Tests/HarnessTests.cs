using System.Security.Cryptography;
using Kadstone.Interop.Tests.Harness;

namespace Kadstone.Interop.Tests;

/// <summary>The harness itself: the real peers among each other, without our node. When one of these fails, look no further.</summary>
public sealed class HarnessTests
{
    [Fact, Trait("Peer", "libtorrent"), Trait("Peer", "bittorrent-dht")]
    public async Task Libtorrent_and_bittorrent_dht_find_each_others_peers()
    {
        await using LibtorrentPeer libtorrent = await LibtorrentPeer.StartNetworkAsync(3);
        await using BittorrentDhtPeer javascript = await BittorrentDhtPeer.StartAsync(1, libtorrent.Endpoint);

        string hash = InfoHashes.Next();
        int port = await javascript.AnnounceAsync(hash);
        await Eventually.ContainsAsync("libtorrent finds", () => libtorrent.GetPeersAsync(hash, node: 1), $"127.0.0.1:{port}");

        hash = InfoHashes.Next();
        port = await libtorrent.AnnounceAsync(hash);
        await Eventually.ContainsAsync("bittorrent-dht finds", () => javascript.GetPeersAsync(hash), $"127.0.0.1:{port}");
    }

    [Fact, Trait("Peer", "libtorrent"), Trait("Peer", "dht.js")]
    public async Task Libtorrent_and_dht_js_find_each_others_peers()
    {
        await using LibtorrentPeer libtorrent = await LibtorrentPeer.StartNetworkAsync(3);
        await using DhtJsPeer seed = await DhtJsPeer.StartAsync(1, libtorrent.Endpoint);
        await seed.WaitForNodeAsync(libtorrent.Endpoint);

        string hash = InfoHashes.Next();
        int port = await seed.AnnounceAsync(hash);
        await Eventually.ContainsAsync("libtorrent finds", () => libtorrent.GetPeersAsync(hash), $"127.0.0.1:{port}");

        hash = InfoHashes.Next();
        port = await libtorrent.AnnounceAsync(hash);
        await Eventually.ContainsAsync("dht.js finds", () => seed.GetPeersAsync(hash), $"127.0.0.1:{port}");
    }

    [Fact, Trait("Peer", "libtorrent"), Trait("Peer", "bittorrent-dht")]
    public async Task Libtorrent_and_bittorrent_dht_read_each_others_items()
    {
        await using LibtorrentPeer libtorrent = await LibtorrentPeer.StartNetworkAsync(3);
        await using BittorrentDhtPeer javascript = await BittorrentDhtPeer.StartAsync(1, libtorrent.Endpoint);
        await javascript.WaitForNodeAsync(libtorrent.Endpoint);

        (string target, int stored) = await javascript.PutImmutableAsync("from JavaScript");
        stored.ShouldBePositive();
        (await libtorrent.GetImmutableAsync(target)).ShouldBe("from JavaScript");
        (target, _) = await libtorrent.PutImmutableAsync("from C++");
        (await javascript.GetImmutableAsync(target)).ShouldBe("from C++");

        (await javascript.PutMutableAsync(SigningKey.First, "fourth", sequence: 4, salt: "a")).Error.ShouldBeNull();
        (await libtorrent.GetMutableAsync(SigningKey.First, "a")).ShouldBe(new MutableItem("fourth", 4));
        (await libtorrent.PutMutableAsync(SigningKey.First, "fifth", salt: "a")).Sequence.ShouldBe(5);
        (await javascript.GetMutableAsync(SigningKey.First, "a")).ShouldBe(new MutableItem("fifth", 5));
        (await javascript.PutMutableAsync(SigningKey.First, "late", sequence: 3, salt: "a")).Error.ShouldNotBeNull();
        (await javascript.PutMutableAsync(SigningKey.First, "sixth", sequence: 6, expectedSequence: 2, salt: "a")).Error.ShouldNotBeNull();
    }

    [Fact, Trait("Peer", "libtorrent")]
    public async Task Libtorrent_samples_the_infohashes_of_another_node()
    {
        await using LibtorrentPeer libtorrent = await LibtorrentPeer.StartNetworkAsync(3);
        string hash = InfoHashes.Next();
        await libtorrent.AnnounceAsync(hash, node: 1);
        await Eventually.ContainsAsync("the sample", () => libtorrent.SampleInfoHashesAsync(libtorrent.Endpoint, node: 2), hash);
    }

    [Fact, Trait("Peer", "libtorrent"), Trait("Peer", "aria2")]
    public async Task A_trackerless_download_works_through_one_libtorrent_node()
    {
        await using LibtorrentPeer node = await LibtorrentPeer.StartAsync();
        await DownloadTests.FromAria2ToLibtorrentAsync(node.Endpoint, torrent => torrent.TorrentFile);
    }

    [Fact, Trait("Peer", "bittorrent-dht")]
    public async Task A_peer_that_dies_fails_the_question_with_its_last_words()
    {
        PeerAvailability.RequireBittorrentDht();
        PeerException refused = await Should.ThrowAsync<PeerException>(() =>
            JsonLinesProcess.StartAsync("broken", "node", ["-e", "console.error('my last words'); process.exit(3)"]));
        refused.Message.ShouldContain("my last words");
        refused.Message.ShouldContain("exit code 3");
    }

    [Fact]
    public async Task A_silent_peer_fails_the_question_after_the_guard_time()
    {
        PeerAvailability.RequireBittorrentDht();
        await using JsonLinesProcess silent = await JsonLinesProcess.StartAsync("silent", "node", ["-e", "console.log('{\"event\": \"listening\"}'); process.stdin.resume()"]);
        PeerException failure = await Should.ThrowAsync<PeerException>(() => silent.AskAsync("nodes", guard: TimeSpan.FromMilliseconds(100)));
        failure.Message.ShouldContain("silent did not answer");
    }

    [Fact]
    public void The_expanded_key_of_the_rfcs_first_seed_is_clamped()
    {
        byte[] expanded = Convert.FromHexString(SigningKey.First.ExpandedSecretKey);
        expanded.Length.ShouldBe(SHA512.HashSizeInBytes);
        (expanded[0] & 7).ShouldBe(0);
        (expanded[31] >> 6).ShouldBe(1);
    }
}
