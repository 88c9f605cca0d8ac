using System.Text;
using Kadstone.Hyperswarm;
using Kadstone.Interop.Tests.Harness;
using Kadstone.Kademlia;
using static Kadstone.Interop.Tests.Harness.HyperSwarm;

namespace Kadstone.Interop.Tests;

/// <summary>Our hyperdht and the real one, command by command, each asking what only the other stores.</summary>
public sealed class HyperDhtTests
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact, Trait("Peer", "hyperdht")]
    public async Task What_theirs_announces_at_ours_is_found_by_theirs_and_ours_until_it_is_taken_back()
    {
        await using HyperSwarm ours = await HyperSwarm.StartAsync(2);
        await using HyperdhtPeer theirs = await HyperdhtPeer.StartAsync(2, ours.Endpoints[0]);
        await ours.JoinedByAsync(theirs);
        string topic = HyperPeer.NextKey();
        string seed = HyperPeer.NextKey();

        (string publicKey, IReadOnlyList<string> stored) = await theirs.AnnounceAsync(topic, seed, ["1.2.3.4:80", "5.6.7.8:49737"]);
        stored.ShouldContain(ours.Endpoints[0]);
        stored.ShouldContain(ours.Endpoints[1]);
        (await theirs.LookupAsync(topic, node: 1)).ShouldBe([publicKey]);

        // Answer by answer: those of our nodes among them, as their reader understands them.
        System.Text.Json.Nodes.JsonArray results = (await theirs.GetLookupAsync(topic, node: 1))["results"]!.AsArray();
        results.Select(result => (string)result!["from"]!).ShouldContain(ours.Endpoints[0]);
        results.ShouldAllBe(result => result!["peers"]![0]!["relays"]!.ToJsonString() == """["1.2.3.4:80","5.6.7.8:49737"]""");

        IReadOnlyList<PeersFound> found = await ours[1].LookupAllAsync(KeyOf(topic), cancellationToken: Cancelled);
        found.SelectMany(each => each.Records).ShouldAllBe(record => Hex(record.PublicKey) == publicKey);
        found.SelectMany(each => each.Peers).Select(peer => peer.ToString()).Distinct().ShouldBe(["1.2.3.4:80", "5.6.7.8:49737"]);

        await theirs.UnannounceAsync(topic, seed);
        (await theirs.LookupAsync(topic, node: 1)).ShouldBeEmpty();
        (await ours[1].LookupAllAsync(KeyOf(topic), cancellationToken: Cancelled)).ShouldBeEmpty();
    }

    [Fact, Trait("Peer", "hyperdht")]
    public async Task What_ours_announces_at_theirs_is_found_by_theirs_until_it_is_taken_back()
    {
        await using HyperdhtPeer theirs = await HyperdhtPeer.StartAsync(4);
        await using HyperSwarm ours = await HyperSwarm.StartAsync(1, theirs.Endpoint);
        string topic = HyperPeer.NextKey();
        AnnounceOptions options = new() { Port = 10_000 };

        RpcCommit commit = await ours[0].AnnounceOnceAsync(KeyOf(topic), options, Cancelled);
        (commit.Stored, commit.Refused, commit.Silent).ShouldBe((4, 0, 0));
        (await theirs.LookupAsync(topic, node: 2)).ShouldBe([Hex(ours[0].PublicKey)]);
        System.Text.Json.Nodes.JsonArray results = (await theirs.GetLookupAsync(topic, node: 3))["results"]!.AsArray();
        results.ShouldAllBe(result => result!["peers"]![0]!["relays"]!.ToJsonString() == """["127.0.0.1:10000"]""");

        (await ours[0].UnannounceAsync(KeyOf(topic), new AnnounceOptions { Port = 10_001 }, Cancelled)).Stored.ShouldBe(0);
        (await theirs.LookupAsync(topic, node: 2)).ShouldNotBeEmpty();
        (await ours[0].UnannounceAsync(KeyOf(topic), options, Cancelled)).Stored.ShouldBe(4);
        (await theirs.LookupAsync(topic, node: 2)).ShouldBeEmpty();
    }

    [Fact, Trait("Peer", "hyperdht")]
    public async Task A_server_is_found_by_its_public_key_both_ways()
    {
        await using HyperdhtPeer theirs = await HyperdhtPeer.StartAsync(3);
        await using HyperSwarm ours = await HyperSwarm.StartAsync(2, theirs.Endpoint);
        await theirs.WaitForNodeAsync(ours.Endpoints[0]);
        await theirs.WaitForNodeAsync(ours.Endpoints[1]);

        byte[] seed = Convert.FromHexString(HyperPeer.NextKey());
        (string publicKey, string target) = await theirs.GetKeyPairAsync(Convert.ToHexStringLower(seed));
        await ours[0].AnnounceOnceAsync(KeyOf(target), new AnnounceOptions { Seed = seed }, Cancelled);
        (await theirs.FindPeerAsync(publicKey, node: 1)).ShouldBe([.. theirs.Endpoints.Where((_, index) => index != 1), ours.Endpoints[1]], ignoreOrder: true);

        // Theirs announces itself at the three closest: some of them ours, so that ours answers for it.
        string server = await theirs.ListenAsync(HyperPeer.NextKey(), node: 2);
        List<PeersFound> found = [];
        await foreach (PeersFound each in ours[1].FindPeerAsync(Convert.FromHexString(server), Cancelled))
        {
            found.Add(each);
        }

        found.ShouldNotBeEmpty();
        found.ShouldAllBe(each => Hex(each.Records.Single().PublicKey) == server);
        await theirs.CloseServerAsync(server);
    }

    [Fact, Trait("Peer", "hyperdht")]
    public async Task Immutable_values_are_put_and_got_both_ways_and_through_nodes_of_the_other_kind_alone()
    {
        await using HyperdhtPeer theirs = await HyperdhtPeer.StartAsync(3);
        await using HyperSwarm ours = await HyperSwarm.StartAsync(2, theirs.Endpoint);
        await theirs.WaitForNodeAsync(ours.Endpoints[1]);
        foreach (int length in (int[])[1, 300, 1_200])
        {
            string value = new('k', length);
            HyperPut put = await ours[0].ImmutablePutAsync(Encoding.ASCII.GetBytes(value), Cancelled);
            put.Commit.Stored.ShouldBe(4);
            (await theirs.GetImmutableAsync(Convert.ToHexStringLower(BytesOf(put.Target)), node: 2)).ShouldBe(value);

            string other = new('n', length);
            (string target, IReadOnlyList<string> stored) = await theirs.PutImmutableAsync(other, node: 1);
            stored.ShouldContain(ours.Endpoints[1]);
            (await ours[0].ImmutableGetAsync(KeyOf(target), Cancelled)).GetValueOrDefault().ToArray().ShouldBe(Encoding.ASCII.GetBytes(other));
        }

        await using HyperSwarm alone = await HyperSwarm.StartAsync(1);
        await using HyperdhtPeer putter = await HyperdhtPeer.StartEphemeralAsync(alone.Endpoints[0]);
        (string key, IReadOnlyList<string> at) = await putter.PutImmutableAsync("only ours has it");
        at.ShouldBe(alone.Endpoints);
        (await putter.GetImmutableAsync(key)).ShouldBe("only ours has it");
    }

    [Fact, Trait("Peer", "hyperdht")]
    public async Task Mutable_values_are_put_and_got_both_ways_and_the_highest_version_wins()
    {
        await using HyperdhtPeer theirs = await HyperdhtPeer.StartAsync(3);
        await using HyperSwarm ours = await HyperSwarm.StartAsync(2, theirs.Endpoint);
        await theirs.WaitForNodeAsync(ours.Endpoints[1]);
        string seed = HyperPeer.NextKey();
        byte[] seedBytes = Convert.FromHexString(seed);

        (string publicKey, IReadOnlyList<string> stored) = await theirs.PutMutableAsync(seed, "first", 1);
        stored.ShouldContain(ours.Endpoints[0]);
        MutableValue first = (await ours[1].MutableGetAsync(Convert.FromHexString(publicKey), cancellationToken: Cancelled)).ShouldNotBeNull();
        (first.Sequence, Encoding.UTF8.GetString(first.Value.Span)).ShouldBe((1L, "first"));

        (await ours[0].MutablePutAsync(seedBytes, "second"u8.ToArray(), 2, Cancelled)).Commit.Stored.ShouldBe(4);
        (await theirs.GetMutableAsync(publicKey, node: 2)).ShouldBe(("second", 2));
        (await theirs.GetMutableAsync(publicKey, sequence: 3, node: 2)).ShouldBe(((string?)null, (int?)null));

        // Both kinds refuse what is too low, and another value under a used number.
        RpcCommit low = (await ours[0].MutablePutAsync(seedBytes, "third"u8.ToArray(), 1, Cancelled)).Commit;
        (low.Stored, low.Refused).ShouldBe((0, 4));
        RpcCommit used = (await ours[0].MutablePutAsync(seedBytes, "third"u8.ToArray(), 2, Cancelled)).Commit;
        (used.Stored, used.Refused).ShouldBe((0, 4));
        (await ours[0].MutablePutAsync(seedBytes, "second"u8.ToArray(), 2, Cancelled)).Commit.Stored.ShouldBe(4);

        byte[] longest = [.. Enumerable.Repeat((byte)'x', 1_100)];
        await ours[1].MutablePutAsync(seedBytes, longest, 3, Cancelled);
        (await theirs.GetMutableAsync(publicKey)).ShouldBe((Encoding.ASCII.GetString(longest), 3));
    }

    [Fact, Trait("Peer", "hyperdht")]
    public async Task Versions_that_ours_refuses_are_refused_as_theirs_does_it()
    {
        await using HyperSwarm ours = await HyperSwarm.StartAsync(1);
        await using HyperdhtPeer theirs = await HyperdhtPeer.StartEphemeralAsync(ours.Endpoints[0]);
        string seed = HyperPeer.NextKey();
        (string publicKey, IReadOnlyList<string> stored) = await theirs.PutMutableAsync(seed, "kept", 5);
        stored.ShouldBe(ours.Endpoints);

        // What theirs signs, put once more by itself, so that the error is seen.
        (string _, string target) = await theirs.GetKeyPairAsync(seed);
        foreach ((string value, int sequence, int error) in ((string, int, int)[])[("other", 5, 16), ("lower", 4, 17), ("kept", 5, 0)])
        {
            System.Text.Json.Nodes.JsonObject signed = await theirs.AskAsync("mutable_put", 0, new() { ["seed"] = seed, ["value"] = HyperPeer.Hex(value), ["seq"] = sequence });
            string put = $"{publicKey}{sequence:x2}{value.Length:x2}{HyperPeer.Hex(value)}{(string)signed["signature"]!}";
            HyperReply asked = await theirs.RequestAsync(ours.Endpoints[0], 7, target, "00");
            HyperReply reply = await theirs.RequestAsync(ours.Endpoints[0], 6, target, put, asked.Token);
            (reply.Error, reply.Value).ShouldBe((error, null));
        }

        (await theirs.GetMutableAsync(publicKey)).ShouldBe(("kept", 5));
    }

    private static byte[] BytesOf(Key256 key)
    {
        byte[] bytes = new byte[Key256.ByteLength];
        key.Write(bytes);
        return bytes;
    }
}
