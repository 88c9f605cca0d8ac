using System.Net;
using System.Security.Cryptography;
using Kadstone.Interop.Tests.Harness;

namespace Kadstone.Interop.Tests.Hostile;

/// <summary>Every query of BEP 5, 32, 33 and 51 with right and with wrong arguments, over real UDP.</summary>
public abstract class QueryTests(NodeFixture fixture)
{
    private const int Protocol = 203;
    private const int UnknownMethod = 204;

    private protected NodeUnderTest Node => fixture.Node;

    private IPEndPoint To => fixture.Node.Endpoint;

    private static byte[] Random20() => RandomNumberGenerator.GetBytes(20);

    private static readonly object[] s_notTwentyBytes =
    [
        new byte[19], new byte[21], Array.Empty<byte>(), 20, new object[] { new byte[20] }, Array.Empty<(string, object)>(),
    ];

    [Theory]
    [InlineData("127.0.0.1")]
    [InlineData("::1")]
    public async Task Transactions_of_0_to_32_bytes_come_back_and_the_asker_is_named(string address)
    {
        IPEndPoint to = address.Contains(':', StringComparison.Ordinal) ? Node.Endpoint6 : To;
        await using Stranger stranger = new(address);
        await stranger.ProveAsync(to);
        for (int length = 0; length <= 32; length++)
        {
            byte[] transaction = RandomNumberGenerator.GetBytes(length);
            Answer answer = await stranger.SendAsync(to, stranger.Query("ping", stranger.WithId([]), transaction), transaction);
            answer.Message["y"].Text.ShouldBe("r");
            answer.Message["t"].Bytes.ShouldBe(transaction);
            answer.Message["ip"].Bytes.ShouldBe(Compact.Of(stranger.Endpoint));
            answer.Values["id"].Bytes.Length.ShouldBe(20);
        }

        await stranger.ShouldBeIgnoredAsync(to, stranger.Query("ping", stranger.WithId([]), new byte[33]), "a transaction of 33 bytes");
    }

    [Fact]
    public async Task Errors_carry_transaction_and_address_as_well()
    {
        await using Stranger stranger = await new Stranger().ProveAsync(To);
        Answer answer = await stranger.AskAsync(To, "find_node");
        answer.Code.ShouldBe(Protocol);
        answer.Message["e"].Items[1].Text.ShouldNotBeEmpty();
        answer.Message["ip"].Bytes.ShouldBe(Compact.Of(stranger.Endpoint));
        answer.Message.Has("r").ShouldBeFalse();
    }

    [Theory]
    [InlineData("ping", null)]
    [InlineData("find_node", "target")]
    [InlineData("get_peers", "info_hash")]
    [InlineData("get", "target")]
    [InlineData("sample_infohashes", "target")]
    public async Task Arguments_that_are_missing_or_of_a_wrong_type_are_error_203(string method, string? target)
    {
        await using Stranger stranger = await new Stranger().ProveAsync(To);
        (string, object)[] rest = target is null ? [] : [(target, Random20())];
        (await stranger.AskAsync(To, method, rest)).Code.ShouldBe(0);
        foreach (object id in s_notTwentyBytes)
        {
            (await AskRawAsync(stranger, method, new (string, object)[] { ("id", id) }.Concat(rest).ToArray())).Code.ShouldBe(Protocol);
        }

        (await AskRawAsync(stranger, method, rest)).Code.ShouldBe(Protocol);
        (await AskRawAsync(stranger, method, "arguments")).Code.ShouldBe(Protocol);
        (await AskRawAsync(stranger, method, new object[] { stranger.Id })).Code.ShouldBe(Protocol);
        (await AskRawAsync(stranger, method, 1)).Code.ShouldBe(Protocol);
        byte[] transaction = [1, 2, 3, 4];
        (await stranger.SendAsync(To, Bencoded.Dictionary(("q", method), ("t", transaction), ("y", "q")), transaction)).Code.ShouldBe(Protocol);
        if (target is null)
        {
            return;
        }

        (await stranger.AskAsync(To, method)).Code.ShouldBe(Protocol);
        foreach (object wrong in s_notTwentyBytes)
        {
            (await stranger.AskAsync(To, method, (target, wrong))).Code.ShouldBe(Protocol);
        }
    }

    [Fact]
    public async Task Unknown_methods_with_a_target_are_find_node_and_without_one_are_error_204()
    {
        await using Stranger stranger = await new Stranger().ProveAsync(To);
        (await stranger.AskAsync(To, "vote", ("target", Random20()))).Nodes().ShouldNotBeNull();
        (await stranger.AskAsync(To, "vote", ("info_hash", Random20()))).Nodes().ShouldNotBeNull();
        (await stranger.AskAsync(To, "x", ("target", Random20()))).Nodes().ShouldNotBeNull();
        (await stranger.AskAsync(To, "vote")).Code.ShouldBe(UnknownMethod);
        (await stranger.AskAsync(To, "PING")).Code.ShouldBe(UnknownMethod);
        (await stranger.AskAsync(To, "")).Code.ShouldBe(UnknownMethod);
        (await stranger.AskAsync(To, "\xff\xfe")).Code.ShouldBe(UnknownMethod);
        (await stranger.AskAsync(To, new string('q', 900))).Code.ShouldBe(UnknownMethod);
        (await AskRawAsync(stranger, "vote", Array.Empty<(string, object)>())).Code.ShouldBe(Protocol);
        byte[] transaction = [5, 5];
        (await stranger.SendAsync(To, Bencoded.Dictionary(("a", stranger.WithId([])), ("t", transaction), ("y", "q")), transaction)).Code.ShouldBe(Protocol);
        (await stranger.SendAsync(To, Bencoded.Dictionary(("a", stranger.WithId([])), ("q", 4), ("t", transaction), ("y", "q")), transaction)).Code.ShouldBe(Protocol);
    }

    [Fact]
    public async Task What_is_no_query_is_not_answered()
    {
        await using Stranger stranger = await new Stranger().ProveAsync(To);
        (string, object)[] me = stranger.WithId([]);
        await stranger.ShouldBeIgnoredAsync(To, [], "an empty datagram");
        await stranger.ShouldBeIgnoredAsync(To, "d1:y1:qe"u8.ToArray(), "no transaction");
        await stranger.ShouldBeIgnoredAsync(To, Bencoded.Dictionary(("a", me), ("q", "ping"), ("t", 7), ("y", "q")), "an integer for a transaction");
        await stranger.ShouldBeIgnoredAsync(To, Bencoded.Dictionary(("a", me), ("q", "ping"), ("t", "aa")), "no kind");
        await stranger.ShouldBeIgnoredAsync(To, Bencoded.Dictionary(("a", me), ("q", "ping"), ("t", "aa"), ("y", "x")), "another kind");
        await stranger.ShouldBeIgnoredAsync(To, Bencoded.Dictionary(("r", me), ("t", "aa"), ("y", "r")), "a response nobody awaits");
        await stranger.ShouldBeIgnoredAsync(To, Bencoded.Dictionary(("e", new object[] { 201, "x" }), ("t", "aa"), ("y", "e")), "an error nobody awaits");
        await stranger.ShouldBeIgnoredAsync(To, Bencoded.Dictionary(("e", "x"), ("t", "aa"), ("y", "e")), "a broken error");
        await stranger.ShouldBeIgnoredAsync(To, [.. stranger.Query("ping", me, "aa"u8.ToArray()), (byte)'e'], "bytes after the query");
        await stranger.ShouldBeIgnoredAsync(To, stranger.Query("ping", me, "aa"u8.ToArray(), ("zz", new byte[3000])), "a query of 3 KB");
    }

    [Fact]
    public async Task Unsorted_keys_and_unknown_keys_do_no_harm()
    {
        await using Stranger stranger = await new Stranger().ProveAsync(To);
        byte[] unsorted = [.. "d1:y1:q1:t2:xy1:q4:ping1:ad2:id20:"u8, .. stranger.Id, .. "ee"u8];
        (await stranger.SendAsync(To, unsorted, "xy"u8.ToArray())).IsError.ShouldBeFalse();
        byte[] unknown = stranger.Query("ping", stranger.WithId([("zz", new object[] { 1, "a" })]), "xz"u8.ToArray(), ("v", new object[] { 1 }), ("ro", "x"), ("zz", 5));
        (await stranger.SendAsync(To, unknown, "xz"u8.ToArray())).IsError.ShouldBeFalse();
    }

    [Fact]
    public async Task An_announced_peer_is_found_with_a_token_of_its_own_and_by_no_other()
    {
        byte[] hash = Random20();
        await using Stranger first = await new Stranger().ProveAsync(To);
        await using Stranger second = await new Stranger().ProveAsync(To);
        Answer asked = await first.AskAsync(To, "get_peers", ("info_hash", hash));
        asked.Values.Has("values").ShouldBeFalse();
        _ = asked.Nodes();
        byte[] token = asked.Values["token"].Bytes;

        (await second.AskAsync(To, "announce_peer", ("info_hash", hash), ("port", 1), ("token", token))).Code.ShouldBe(Protocol, "the token of another address");
        (await first.AskAsync(To, "announce_peer", ("info_hash", Random20()), ("port", 1), ("token", token))).Code.ShouldBe(Protocol, "the token of another key");
        (await first.AskAsync(To, "announce_peer", ("info_hash", hash), ("port", 1))).Code.ShouldBe(Protocol, "no token");
        foreach (object wrong in new object[] { "", new byte[8], token[..^1], (byte[])[.. token, 0], 7, new object[] { token }, new byte[65] })
        {
            (await first.AskAsync(To, "announce_peer", ("info_hash", hash), ("port", 1), ("token", wrong))).Code.ShouldBe(Protocol);
        }

        (await first.AskAsync(To, "get_peers", ("info_hash", hash))).Peers.ShouldBeEmpty("nothing was announced properly");
        (await first.AskAsync(To, "announce_peer", ("info_hash", hash), ("port", 4711), ("token", token))).Code.ShouldBe(0);
        Answer found = await second.AskAsync(To, "get_peers", ("info_hash", hash));
        found.Peers.ShouldBe([new IPEndPoint(first.Endpoint.Address, 4711)]);
        found.Values.Has("token").ShouldBeTrue();
        _ = found.Nodes();
    }

    [Fact]
    public async Task Ports_are_1_to_65535_unless_implied()
    {
        byte[] hash = Random20();
        await using Stranger stranger = await new Stranger().ProveAsync(To);
        byte[] token = await TokenAsync(stranger, To, hash);
        foreach (object wrong in new object[] { 0, -1, 65_536, long.MaxValue, long.MinValue, ulong.MaxValue, "6881", new object[] { 1 }, Array.Empty<(string, object)>() })
        {
            (await stranger.AskAsync(To, "announce_peer", ("info_hash", hash), ("port", wrong), ("token", token))).Code.ShouldBe(Protocol, $"{wrong}");
            (await stranger.AskAsync(To, "announce_peer", ("info_hash", hash), ("implied_port", 0), ("port", wrong), ("token", token))).Code.ShouldBe(Protocol, $"{wrong}");
        }

        (await stranger.AskAsync(To, "announce_peer", ("info_hash", hash), ("token", token))).Code.ShouldBe(Protocol, "no port");
        (await stranger.AskAsync(To, "get_peers", ("info_hash", hash))).Peers.ShouldBeEmpty();

        (await stranger.AskAsync(To, "announce_peer", ("implied_port", 1), ("info_hash", hash), ("port", 0), ("token", token))).Code.ShouldBe(0);
        (await stranger.AskAsync(To, "get_peers", ("info_hash", hash))).Peers.ShouldBe([stranger.Endpoint]);
        (await stranger.AskAsync(To, "announce_peer", ("implied_port", 1), ("info_hash", hash), ("token", token))).Code.ShouldBe(0);
        (await stranger.AskAsync(To, "announce_peer", ("implied_port", 1), ("info_hash", hash), ("port", 9), ("token", token))).Code.ShouldBe(0);
        (await stranger.AskAsync(To, "get_peers", ("info_hash", hash))).Peers.ShouldBe([stranger.Endpoint]);
        foreach (int right in (int[])[1, 65_535])
        {
            (await stranger.AskAsync(To, "announce_peer", ("implied_port", 0), ("info_hash", hash), ("port", right), ("token", token))).Code.ShouldBe(0);
        }

        IPAddress ip = stranger.Endpoint.Address;
        (await stranger.AskAsync(To, "get_peers", ("info_hash", hash))).Peers.ShouldBe([stranger.Endpoint, new(ip, 1), new(ip, 65_535)], ignoreOrder: true);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task What_ten_announced_is_found_scraped_and_sampled(bool ipv6)
    {
        IPEndPoint to = ipv6 ? Node.Endpoint6 : To;
        byte[] hash = Random20();
        List<Stranger> strangers = [];
        try
        {
            // On IPv6 loopback has one address, and of one address four ports are kept under a key.
            for (int i = 0; i < (ipv6 ? 4 : 10); i++)
            {
                strangers.Add(await new Stranger(ipv6 ? "::1" : null).ProveAsync(to));
                byte[] token = await TokenAsync(strangers[i], to, hash);
                (await strangers[i].AskAsync(to, "announce_peer", ("implied_port", 1), ("info_hash", hash), ("seed", i % 2), ("token", token))).Code.ShouldBe(0);
            }

            Answer found = await strangers[0].AskAsync(to, "get_peers", ("info_hash", hash));
            found.Peers.ShouldBe(strangers.Select(stranger => stranger.Endpoint), ignoreOrder: true);
            found.Values.Has("BFsd").ShouldBeFalse();

            Answer scraped = await strangers[1].AskAsync(to, "get_peers", ("info_hash", hash), ("scrape", 1));
            for (int i = 0; i < strangers.Count; i++)
            {
                bool isSeed = i % 2 == 1;
                Contains(scraped.Values[isSeed ? "BFsd" : "BFpe"].Bytes, strangers[i].Endpoint.Address).ShouldBeTrue();
            }

            scraped.Values["BFsd"].Bytes.Length.ShouldBe(256);
            scraped.Values["BFpe"].Bytes.Length.ShouldBe(256);
            (await strangers[1].AskAsync(to, "get_peers", ("info_hash", Random20()), ("scrape", 1))).Values.Has("BFsd").ShouldBeFalse("nothing is stored there");

            Answer sample = await strangers[0].AskAsync(to, "sample_infohashes", ("target", Random20()));
            sample.Values["interval"].Number.ShouldBeInRange(0, 21_600);
            sample.Values["num"].Number.ShouldBeGreaterThan(0);
            byte[][] samples = [.. sample.Values["samples"].Bytes.Chunk(20)];
            samples.Length.ShouldBeInRange(1, 20);
            if (samples.Length < 20)
            {
                samples.ShouldContain(one => one.SequenceEqual(hash));
            }

            samples.ShouldAllBe(one => one.Length == 20);
            _ = sample.Nodes(ipv6);
        }
        finally
        {
            await DisposeAsync(strangers);
        }
    }

    [Fact]
    public async Task Peers_of_one_family_are_not_given_to_the_other()
    {
        byte[] hash = Random20();
        await using Stranger ipv4 = await new Stranger().ProveAsync(To);
        await using Stranger ipv6 = await new Stranger("::1").ProveAsync(Node.Endpoint6);
        await AnnounceAsync(ipv4, To, hash);
        (await ipv6.AskAsync(Node.Endpoint6, "get_peers", ("info_hash", hash))).Peers.ShouldBeEmpty();
        await AnnounceAsync(ipv6, Node.Endpoint6, hash);
        (await ipv6.AskAsync(Node.Endpoint6, "get_peers", ("info_hash", hash))).Peers.ShouldBe([ipv6.Endpoint]);
        (await ipv4.AskAsync(To, "get_peers", ("info_hash", hash))).Peers.ShouldBe([ipv4.Endpoint]);
        byte[] token = await TokenAsync(ipv4, To, hash);
        (await ipv6.AskAsync(Node.Endpoint6, "announce_peer", ("info_hash", hash), ("port", 5), ("token", token))).Code.ShouldBe(Protocol, "the token of the other socket");
    }

    [Fact]
    public async Task Want_chooses_the_families_of_nodes()
    {
        await using Stranger ipv4 = await new Stranger().ProveAsync(To);
        await using Stranger ipv6 = await new Stranger("::1").ProveAsync(Node.Endpoint6);
        foreach (string method in (string[])["find_node", "get_peers", "get", "sample_infohashes"])
        {
            string target = method == "get_peers" ? "info_hash" : "target";
            foreach ((Stranger stranger, IPEndPoint to) in new[] { (ipv4, To), (ipv6, Node.Endpoint6) })
            {
                bool is6 = stranger == ipv6;
                async Task ExpectAsync(object? want, bool has4, bool has6)
                {
                    (string, object)[] arguments = [(target, Random20()), .. want is null ? Array.Empty<(string, object)>() : [("want", want)]];
                    Bencoded values = (await stranger.AskAsync(to, method, arguments)).Values;
                    values.Has("nodes").ShouldBe(has4, $"{method} {want} {is6}");
                    values.Has("nodes6").ShouldBe(has6, $"{method} {want} {is6}");
                }

                await ExpectAsync(null, !is6, is6);
                await ExpectAsync(new object[] { "n4" }, true, false);
                await ExpectAsync(new object[] { "n6" }, false, true);
                await ExpectAsync(new object[] { "n4", "n6" }, true, true);
                await ExpectAsync(new object[] { "n6", "n4", "n4", "n5", 6, new object[] { "n6" } }, true, true);

                // BEP 32: what is not known is ignored, and then the family of the packet decides.
                await ExpectAsync("n4", !is6, is6);
                await ExpectAsync(6, !is6, is6);
                await ExpectAsync(Array.Empty<object>(), !is6, is6);
                await ExpectAsync(new object[] { "n5", 4 }, !is6, is6);
            }
        }
    }

    private async Task<Answer> AskRawAsync(Stranger stranger, string method, object arguments)
    {
        byte[] transaction = RandomNumberGenerator.GetBytes(4);
        return await stranger.SendAsync(To, stranger.Query(method, arguments, transaction), transaction);
    }

    internal static async Task<byte[]> TokenAsync(Stranger stranger, IPEndPoint to, byte[] hash) =>
        (await stranger.AskAsync(to, "get_peers", ("info_hash", hash))).Values["token"].Bytes;

    internal static async Task AnnounceAsync(Stranger stranger, IPEndPoint to, byte[] hash)
    {
        byte[] token = await TokenAsync(stranger, to, hash);
        (await stranger.AskAsync(to, "announce_peer", ("implied_port", 1), ("info_hash", hash), ("token", token))).Code.ShouldBe(0);
    }

    internal static async Task DisposeAsync(IEnumerable<Stranger> strangers)
    {
        foreach (Stranger stranger in strangers)
        {
            await stranger.DisposeAsync();
        }
    }

    // BEP 33: two places of 11 bits from the first four bytes of SHA-1 of the address.
    private static bool Contains(byte[] filter, IPAddress address)
    {
        byte[] hash = SHA1.HashData(address.GetAddressBytes());
        int first = (hash[0] | (hash[1] << 8)) % 2048;
        int second = (hash[2] | (hash[3] << 8)) % 2048;
        return (filter[first / 8] & (1 << (first % 8))) != 0 && (filter[second / 8] & (1 << (second % 8))) != 0;
    }
}

/// <summary>With all defaults.</summary>
public sealed class GuardedQueryTests(GuardedNode fixture) : QueryTests(fixture), IClassFixture<GuardedNode>
{
    [Fact]
    public async Task One_address_holds_four_ports_under_a_key_and_more_under_others()
    {
        byte[] hash = RandomNumberGenerator.GetBytes(20);
        await using Stranger stranger = await new Stranger().ProveAsync(Node.Endpoint);
        byte[] token = await TokenAsync(stranger, Node.Endpoint, hash);
        for (int port = 1; port <= 30; port++)
        {
            Answer answer = await stranger.AskAsync(Node.Endpoint, "announce_peer", ("info_hash", hash), ("port", port), ("token", token));
            answer.Code.ShouldBe(port <= 4 ? 0 : 202, $"port {port}");
        }

        (await stranger.AskAsync(Node.Endpoint, "get_peers", ("info_hash", hash))).Peers.Count.ShouldBe(4);
        (await stranger.AskAsync(Node.Endpoint, "announce_peer", ("info_hash", hash), ("port", 4), ("token", token))).Code.ShouldBe(0, "one that is there is renewed");
        await AnnounceAsync(stranger, Node.Endpoint, RandomNumberGenerator.GetBytes(20));
    }

    [Theory]
    [InlineData("ping", "target")]
    [InlineData("find_node", "target")]
    [InlineData("get_peers", "info_hash")]
    [InlineData("get", "target")]
    [InlineData("sample_infohashes", "target")]
    [InlineData("vote", "nothing")]
    public async Task Who_never_answers_gets_ten_answers_and_then_no_more_bytes_than_it_sends(string method, string argument)
    {
        const int Flood = 400;

        // What is asked for is as long as can be: a list of peers, an item of 1,000 bytes.
        byte[] value = Bencoded.Of(new string('v', 996));
        byte[] key = SHA1.HashData(value);
        await using (Stranger giver = await new Stranger().ProveAsync(Node.Endpoint))
        {
            byte[] token = (await giver.AskAsync(Node.Endpoint, "get", ("target", key))).Values["token"].Bytes;
            (await giver.AskAsync(Node.Endpoint, "put", ("token", token), ("v", new Raw(value)))).Code.ShouldBe(0);
            await AnnounceAsync(giver, Node.Endpoint, key);
        }

        await using Stranger mute = new() { IsSilent = true };
        byte[] query = mute.Query(method, mute.WithId([(argument, key)]), "aaaa"u8.ToArray());
        await SendAsync(mute, query, 10);
        mute.DatagramsReceived.ShouldBeInRange(1, 10, "ten datagrams, our ping among them");
        long before = mute.BytesReceived;
        await SendAsync(mute, query, Flood);
        (mute.BytesReceived - before).ShouldBeLessThanOrEqualTo((long)Flood * query.Length);
        mute.Queries.Count.ShouldBeLessThanOrEqualTo(1, "one ping a minute asks for proof");
        mute.Queries.ShouldAllBe(ping => ping["q"].Text == "ping");
    }

    // The node is through with all of it, the store's answers too, when another's get is answered.
    private async Task SendAsync(Stranger mute, byte[] query, int count)
    {
        for (int i = 0; i < count; i++)
        {
            mute.Send(query, Node.Endpoint);
        }

        await using Stranger other = new();
        (await other.AskAsync(Node.Endpoint, "get", ("target", new byte[20]))).Code.ShouldBe(0);
        await Task.Delay(100, TestContext.Current.CancellationToken);
    }
}

/// <summary>Without limits and diversity.</summary>
public sealed class OpenQueryTests(OpenNode fixture) : QueryTests(fixture), IClassFixture<OpenNode>
{
    [Fact]
    public async Task One_address_may_announce_any_number_of_ports()
    {
        byte[] hash = RandomNumberGenerator.GetBytes(20);
        await using Stranger stranger = new();
        byte[] token = await TokenAsync(stranger, Node.Endpoint, hash);
        for (int port = 1; port <= 150; port++)
        {
            (await stranger.AskAsync(Node.Endpoint, "announce_peer", ("info_hash", hash), ("port", port), ("token", token))).Code.ShouldBe(0);
        }

        IReadOnlyList<IPEndPoint> peers = (await stranger.AskAsync(Node.Endpoint, "get_peers", ("info_hash", hash))).Peers;
        peers.Count.ShouldBeInRange(90, 100);
        peers.Distinct().Count().ShouldBe(peers.Count);
    }
}
