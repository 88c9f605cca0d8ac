using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Kadstone.Interop.Tests.Harness;
using Kadstone.Ipfs;
using Kadstone.Libp2p;

namespace Kadstone.Interop.Tests;

/// <summary>Ten nodes of js-libp2p's kad-dht and ten of ours are one network, on either protocol.</summary>
public sealed class Libp2pKadTests
{
    private const int Each = 10;

    private static readonly FindProvidersOptions s_any = new() { NumProviders = 0 };
    private static readonly GetOptions s_all = new() { Quorum = 0 };

    public static TheoryData<KadScope> Scopes => [KadScope.Wan, KadScope.Lan];

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Theory]
    [MemberData(nameof(Scopes))]
    public async Task Providers_of_either_make_are_found_by_the_other(KadScope scope)
    {
        await using Libp2pKadMix mix = await Libp2pKadMix.StartAsync(Each, scope);
        Cid ours = Cid.OfRaw("ours"u8);
        Cid theirs = Cid.OfRaw("theirs"u8);

        ProvideOutcome outcome = await mix.Ours[2].ProvideAsync(ours, cancellationToken: Cancelled);
        await mix.Theirs.AskAsync(3, "provide", new JsonObject { ["cid"] = theirs.ToString() });

        outcome.Told.ShouldBeGreaterThanOrEqualTo(15);
        foreach (int seeker in new[] { 0, 5, 9 })
        {
            JsonNode found = (await mix.Theirs.AskAsync(seeker, "findProviders", new JsonObject { ["cid"] = ours.ToString() }))["providers"]!.AsArray()[0]!;
            ((string)found["id"]!).ShouldBe(mix.Ours[2].LocalPeer.ToString());
            found["addresses"]!.AsArray().Select(address => (string)address!).ShouldContain(address => address.StartsWith(mix.Ours[2].Addresses[0].ToString(), StringComparison.Ordinal));

            PeerInfo provider = (await mix.Ours[seeker].FindProvidersListAsync(theirs, s_any, Cancelled)).ShouldHaveSingleItem();
            provider.Id.ToString().ShouldBe(mix.Theirs.Nodes[3].Peer);
            provider.Addresses.ShouldContain(Multiaddr.Parse(mix.Theirs.Nodes[3].Address));
        }
    }

    [Theory]
    [MemberData(nameof(Scopes))]
    public async Task Values_of_either_make_are_got_by_the_other(KadScope scope)
    {
        await using Libp2pKadMix mix = await Libp2pKadMix.StartAsync(Each, scope);

        Ipfs.PutOutcome outcome = await mix.Ours[1].PutAsync("/test/ours", "from us"u8.ToArray(), cancellationToken: Cancelled);
        int stored = (int)(await mix.Theirs.AskAsync(2, "put", Put("/test/theirs", "from them")))["stored"]!;

        outcome.StoredOn.ShouldBeGreaterThanOrEqualTo(15);
        stored.ShouldBeGreaterThanOrEqualTo(15);
        foreach (int seeker in new[] { 4, 8 })
        {
            string? got = (string?)(await mix.Theirs.AskAsync(seeker, "get", new JsonObject { ["key"] = Hex("/test/ours") }))["value"];
            got.ShouldBe(Hex("from us"));
            Encoding.UTF8.GetString((await mix.Ours[seeker].GetAsync("/test/theirs", s_all, Cancelled)).Span).ShouldBe("from them");
        }
    }

    [Theory]
    [MemberData(nameof(Scopes))]
    public async Task Names_of_either_make_are_resolved_by_the_other(KadScope scope)
    {
        await using Libp2pKadMix mix = await Libp2pKadMix.StartAsync(Each, scope);
        byte[] seed = RandomNumberGenerator.GetBytes(32);
        PrivateKey key = PrivateKey.FromSeed(seed);

        await mix.Ours[1].PublishNameAsync(key, "/ipfs/bafkqaaa", cancellationToken: Cancelled);
        await mix.Ours[1].PublishNameAsync(key, "/ipfs/bafkqabdunfxhs", cancellationToken: Cancelled);
        await mix.Theirs.AskAsync(6, "publish", new JsonObject { ["path"] = "/ipfs/bafkqabdunfxhs", ["sequence"] = 7 });

        JsonObject resolved = await mix.Theirs.AskAsync(3, "resolve", new JsonObject { ["name"] = key.PeerId.ToString() });
        ((string?)resolved["path"]).ShouldBe("/ipfs/bafkqabdunfxhs");
        ((int)resolved["sequence"]!).ShouldBe(1);
        IpnsName name = await mix.Ours[7].ResolveNameAsync(PeerId.Parse(mix.Theirs.Nodes[6].Peer), s_all, Cancelled);
        name.Path.ShouldBe("/ipfs/bafkqabdunfxhs");
        name.Sequence.ShouldBe(7UL);
    }

    [Theory]
    [MemberData(nameof(Scopes))]
    public async Task Peers_of_either_make_are_found_by_the_other(KadScope scope)
    {
        await using Libp2pKadMix mix = await Libp2pKadMix.StartAsync(Each, scope);

        JsonObject found = await mix.Theirs.AskAsync(8, "findPeer", new JsonObject { ["peer"] = mix.Ours[2].LocalPeer.ToString() });
        PeerInfo peer = await mix.Ours[9].FindPeerAsync(mix.Theirs.Nodes[4].Peer, cancellationToken: Cancelled);

        ((string?)found["found"]?["id"]).ShouldBe(mix.Ours[2].LocalPeer.ToString());
        peer.Id.ToString().ShouldBe(mix.Theirs.Nodes[4].Peer);
        peer.Addresses.ShouldContain(Multiaddr.Parse(mix.Theirs.Nodes[4].Address));
    }

    [Theory]
    [MemberData(nameof(Scopes))]
    public async Task Both_makes_name_the_same_closest_peers(KadScope scope)
    {
        await using Libp2pKadMix mix = await Libp2pKadMix.StartAsync(Each, scope);
        byte[] key = Cid.OfRaw("a key"u8).Multihash.ToArray();
        string[] all = [.. mix.Ours.Select(node => node.LocalPeer.ToString()), .. mix.Theirs.Nodes.Select(node => node.Peer)];
        string[] nearest = [.. all.OrderBy(peer => Distance(peer, key), StringComparer.Ordinal)];

        IReadOnlyList<PeerInfo> ours = await mix.Ours[5].FindClosestPeersAsync(key, cancellationToken: Cancelled);
        string[] theirs = [.. (await mix.Theirs.AskAsync(5, "closest", new JsonObject { ["key"] = Convert.ToHexString(key) }))["peers"]!.AsArray().Select(peer => (string)peer!)];

        ours.Select(peer => peer.Id.ToString()).ShouldBe(nearest.Where(peer => peer != mix.Ours[5].LocalPeer.ToString()).Take(20));
        theirs.OrderBy(peer => Distance(peer, key), StringComparer.Ordinal).Take(5).ShouldBe(nearest.Where(peer => peer != mix.Theirs.Nodes[5].Peer).Take(5));
    }

    private static JsonObject Put(string key, string value) => new() { ["key"] = Hex(key), ["value"] = Hex(value) };

    private static string Hex(string text) => Convert.ToHexStringLower(Encoding.UTF8.GetBytes(text));

    private static string Distance(string peer, byte[] key) =>
        Convert.ToHexString([.. SHA256.HashData(PeerId.Parse(peer).Bytes.Span).Zip(SHA256.HashData(key), (left, right) => (byte)(left ^ right))]);
}
