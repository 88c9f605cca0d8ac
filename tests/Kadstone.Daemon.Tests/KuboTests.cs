using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Kadstone.Ipfs;
using Kadstone.Libp2p;

namespace Kadstone.Daemon.Tests;

/// <summary>Kubo's RPC over three real nodes in a line.</summary>
public sealed class KuboTests : IAsyncLifetime
{
    private const string Nobody = "Qmd7qZS4T7xXtsNFdRoK1trfMs5zU94EpokQ9WFtxdPxsZ";
    private const string Nothing = "bafkreigh2akiscaildcqabsyg3dfr6chu3fgpregiymsck7e7aqa4s52zy";

    private readonly List<DaemonNode> _nodes = [];

    private DaemonNode First => _nodes[0];

    private DaemonNode Second => _nodes[1];

    private DaemonNode Third => _nodes[2];

    [Fact]
    public async Task Id_tells_what_a_client_needs_to_dial_us()
    {
        JsonElement id = (await First.CallAsync("id")).ShouldBeOk().Object;
        id.GetProperty("ID").GetString().ShouldBe(First.Id.ToString());
        id.GetProperty("Addresses")[0].GetString().ShouldBe(First.Address.ToString());
        id.GetProperty("Protocols").EnumerateArray().Select(protocol => protocol.GetString()).ShouldContain("/ipfs/lan/kad/1.0.0");
        PublicKey.TryRead(id.GetProperty("PublicKey").GetBytesFromBase64(), out PublicKey? key).ShouldBeTrue();
        key.PeerId.ShouldBe(First.Id);
    }

    [Fact]
    public async Task Id_of_another_is_the_same_that_it_tells_of_itself()
    {
        string own = (await Third.CallAsync("id")).ShouldBeOk().Body;
        (await First.CallAsync($"id?arg={Third.Id}")).ShouldBeOk().Body.ShouldBe(own);
    }

    [Fact]
    public async Task A_ping_is_a_stream_of_round_trips()
    {
        JsonElement[] lines = (await First.CallAsync($"ping?arg={Third.Id}&count=3")).ShouldBeOk().Lines;
        lines.Length.ShouldBe(5);
        lines.ShouldAllBe(line => line.GetProperty("Success").GetBoolean());
        lines[1..4].ShouldAllBe(line => line.GetProperty("Time").GetInt64() > 0);
        lines[^1].GetProperty("Text").GetString().ShouldNotBeNull().ShouldStartWith("Average latency: ");
    }

    [Fact]
    public async Task Who_is_not_there_cannot_be_pinged() => (await First.CallAsync($"ping?arg={Nobody}")).ShouldFail(Nobody);

    [Fact]
    public async Task Connections_come_and_go()
    {
        await First.CallAsync($"swarm/connect?arg={Third.Address}");
        Peers(await First.CallAsync("swarm/peers")).ShouldContain(Third.Id.ToString());
        (await First.CallAsync("swarm/addrs")).ShouldBeOk().Object.GetProperty("Addrs").GetProperty(Third.Id.ToString()).GetArrayLength().ShouldBeGreaterThan(0);
        (await First.CallAsync($"swarm/disconnect?arg={Third.Address}")).ShouldBeOk().Object.GetProperty("Strings")[0].GetString().ShouldBe($"disconnect {Third.Id} success");
        Peers(await First.CallAsync("swarm/peers?verbose=true")).ShouldNotContain(Third.Id.ToString());

        static string?[] Peers(RpcAnswer answer) => [.. answer.ShouldBeOk().Object.GetProperty("Peers").EnumerateArray().Select(peer => peer.GetProperty("Peer").GetString())];
    }

    [Fact]
    public async Task An_address_that_leads_nowhere_is_an_error() =>
        (await First.CallAsync($"swarm/connect?arg=/ip4/127.0.0.1/tcp/1/p2p/{Nobody}")).ShouldFail($"connect {Nobody} failure");

    [Theory]
    [InlineData("dht")]
    [InlineData("routing")]
    public async Task Findpeer_finds_one_two_steps_away(string group)
    {
        RpcAnswer answer = (await First.CallAsync($"{group}/findpeer?arg={Third.Id.ToCid()}")).ShouldBeOk();
        JsonElement found = answer.OfType(QueryEventType.FinalPeer)[^1].GetProperty("Responses")[0];
        found.GetProperty("ID").GetString().ShouldBe(Third.Id.ToString());
        found.GetProperty("Addrs")[0].GetString().ShouldBe(Third.Address.WithoutPeer().ToString());
    }

    [Fact]
    public async Task Findpeer_of_nobody_is_an_event_and_a_good_status()
    {
        RpcAnswer answer = (await First.CallAsync($"dht/findpeer?arg={Nobody}")).ShouldBeOk();
        answer.OfType(QueryEventType.FinalPeer).ShouldBeEmpty();
        answer.OfType(QueryEventType.QueryError).ShouldNotBeEmpty();
    }

    [Theory]
    [InlineData("1ms")]
    [InlineData("3ms")]
    [InlineData("10ms")]
    public async Task A_call_with_hardly_any_time_is_answered_whole_or_told_that_it_was_too_little(string timeout)
    {
        for (int i = 0; i < 30; i++)
        {
            RpcAnswer answer = await First.CallAsync($"dht/query?arg={Third.Id}&timeout={timeout}");
            if (answer.Status == HttpStatusCode.OK)
            {
                answer.StreamError.ShouldBeNull();
                answer.OfType(QueryEventType.FinalPeer).ShouldNotBeEmpty();
            }
            else
            {
                answer.ShouldFail("context deadline exceeded");
            }
        }
    }

    [Fact]
    public async Task Every_event_has_the_four_fields_that_clients_read()
    {
        RpcAnswer answer = (await First.CallAsync($"dht/query?arg={Third.Id}")).ShouldBeOk();
        answer.OfType(QueryEventType.FinalPeer).ShouldNotBeEmpty();
        foreach (JsonElement line in answer.Lines)
        {
            line.EnumerateObject().Select(property => property.Name).ShouldBe(["Extra", "ID", "Responses", "Type"]);
            QueryEventType type = (QueryEventType)line.GetProperty("Type").GetInt32();
            Enum.IsDefined(type).ShouldBeTrue();
            PeerId.TryParse(line.GetProperty("ID").GetString(), out _).ShouldBeTrue();
            JsonElement responses = line.GetProperty("Responses");
            if (type is QueryEventType.PeerResponse or QueryEventType.Provider or QueryEventType.AddingPeer)
            {
                responses.ValueKind.ShouldBe(JsonValueKind.Array);
            }

            if (responses.ValueKind == JsonValueKind.Array)
            {
                responses.EnumerateArray().ShouldAllBe(peer => peer.GetProperty("Addrs").ValueKind == JsonValueKind.Array);
            }
        }
    }

    [Fact]
    public async Task What_is_added_can_be_provided_and_is_found()
    {
        string cid = (await Third.CallAsync("add?cid-version=1", "found by its hash"u8.ToArray())).ShouldBeOk().Object.GetProperty("Hash").GetString()!;
        (await Third.CallAsync($"routing/provide?arg={cid}")).ShouldBeOk();
        RpcAnswer found = (await First.CallAsync($"routing/findprovs?arg={cid}")).ShouldBeOk();
        found.OfType(QueryEventType.Provider).SelectMany(line => line.GetProperty("Responses").EnumerateArray()).Select(peer => peer.GetProperty("ID").GetString()).ShouldContain(Third.Id.ToString());
    }

    [Fact]
    public async Task What_is_not_here_is_not_provided() => (await First.CallAsync($"dht/provide?arg={Nothing}")).ShouldFail($"block {Nothing} not found locally, cannot provide");

    [Fact]
    public async Task A_recursive_provide_tells_of_all_blocks_of_a_file()
    {
        string root = (await Second.CallAsync("add?raw-leaves=true&cid-version=1", [.. Enumerable.Range(0, 300_000).Select(at => (byte)(at % 199))])).ShouldBeOk().Object.GetProperty("Hash").GetString()!;
        (await Second.CallAsync($"routing/provide?arg={root}&recursive=true")).ShouldBeOk();
        Cid piece = Cid.OfRaw([.. Enumerable.Range(262_144, 300_000 - 262_144).Select(at => (byte)(at % 199))]);
        (await First.CallAsync($"routing/findprovs?arg={piece}")).OfType(QueryEventType.Provider).ShouldNotBeEmpty();
    }

    [Fact]
    public async Task A_name_that_is_published_here_is_got_resolved_and_put_there()
    {
        string name = (await Second.CallAsync("key/gen?arg=blog")).ShouldBeOk().Object.GetProperty("Id").GetString()!;
        name.ShouldStartWith("k51");
        JsonElement published = (await Second.CallAsync($"name/publish?arg={Nothing}&key=blog&lifetime=1h&ttl=2m")).ShouldBeOk().Object;
        published.GetProperty("Name").GetString().ShouldBe(name);
        published.GetProperty("Value").GetString().ShouldBe($"/ipfs/{Nothing}");

        (await First.CallAsync($"name/resolve?arg=/ipns/{name}/a/b")).ShouldBeOk().Object.GetProperty("Path").GetString().ShouldBe($"/ipfs/{Nothing}/a/b");
        byte[] record = (await First.CallAsync($"routing/get?arg=/ipns/{name}")).ShouldBeOk().Object.GetProperty("Extra").GetBytesFromBase64();
        Encoding.UTF8.GetString(record).ShouldContain(Nothing);
        (await First.CallAsync($"dht/get?arg=/ipns/{name}")).ShouldBeOk().OfType(QueryEventType.Value)[^1].GetProperty("Extra").GetBytesFromBase64().ShouldBe(record);

        (await First.CallAsync($"dht/put?arg=/ipns/{name}", record)).ShouldBeOk().OfType(QueryEventType.PeerResponse).ShouldNotBeEmpty();
        JsonElement put = (await First.CallAsync($"routing/put?arg=/ipns/{name}", record)).ShouldBeOk().Object;
        PeerId.Parse(put.GetProperty("ID").GetString()!).ShouldBe(PeerId.Parse(name));
    }

    [Fact]
    public async Task A_name_under_an_RSA_key_of_old_is_published_too()
    {
        string name = (await First.CallAsync("key/gen?arg=old&type=rsa&size=2048")).ShouldBeOk().Object.GetProperty("Id").GetString()!;
        (await First.CallAsync($"name/publish?arg={Nothing}&key=old")).ShouldBeOk();
        (await Third.CallAsync($"name/resolve?arg={name}")).ShouldBeOk().Object.GetProperty("Path").GetString().ShouldBe($"/ipfs/{Nothing}");
    }

    [Theory]
    [InlineData("routing/get", false)]
    [InlineData("dht/get", true)]
    public async Task What_nobody_published_is_told_in_two_ways(string call, bool isEvent)
    {
        RpcAnswer answer = await First.CallAsync($"{call}?arg=/ipns/k51qzi5uqu5dl0dbfddy2wb42nvbc6anyxnkrguy5l0h0bv9kaih6j6vqdskqk");
        if (isEvent)
        {
            answer.ShouldBeOk().OfType(QueryEventType.QueryError)[^1].GetProperty("Extra").GetString().ShouldBe("routing: not found");
        }
        else
        {
            answer.ShouldFail("routing: not found");
        }
    }

    [Fact]
    public async Task Junk_is_no_record() =>
        (await First.CallAsync($"routing/put?arg=/ipns/{First.Id}", "junk"u8.ToArray())).Status.ShouldBe(HttpStatusCode.InternalServerError);

    [Theory]
    [InlineData("dht/findprovs", "argument \"key\" is required")]
    [InlineData("dht/findprovs?arg=[object Object]", "invalid CID")]
    [InlineData("dht/findprovs?arg=" + Nothing + "&num-providers=-1", "num-providers")]
    [InlineData("dht/findprovs?arg=" + Nothing + "&timeout=soon", "timeout")]
    [InlineData("swarm/connect?arg=here", "invalid multiaddr")]
    [InlineData("name/publish?arg=here/there", "invalid path")]
    [InlineData("add", "multipart/form-data")]
    [InlineData("key/gen?arg=x&type=dsa", "unrecognized key type")]
    public async Task What_a_client_got_wrong_is_400_with_the_reason(string call, string reason) => (await First.CallAsync(call)).ShouldFail(reason, HttpStatusCode.BadRequest);

    [Theory]
    [InlineData("dht/query?arg=nobody", "invalid peer ID")]
    [InlineData("dht/get?arg=/other/key", "invalid key")]
    [InlineData("dht/get?arg=ipns", "invalid key")]
    [InlineData("key/rm?arg=self", "'self'")]
    [InlineData("key/rm?arg=nokey", "nokey")]
    [InlineData("name/publish?arg=" + Nothing + "&key=nokey", "no key")]
    public async Task What_Kubo_calls_a_failure_is_500_with_its_words(string call, string reason) => (await First.CallAsync(call)).ShouldFail(reason);

    [Fact]
    public async Task A_timeout_is_told_in_the_words_that_clients_look_for()
    {
        using TcpListener mute = new(IPAddress.Loopback, 0);
        mute.Start();
        (await First.CallAsync($"swarm/connect?arg=/ip4/127.0.0.1/tcp/{((IPEndPoint)mute.LocalEndpoint).Port}/p2p/{Nobody}&timeout=50ms")).ShouldFail("context deadline exceeded");
    }

    [Fact]
    public async Task What_goes_wrong_behind_the_first_line_stands_in_the_trailer()
    {
        const string Part = "--x\r\nContent-Disposition: form-data; name=\"file\"\r\n\r\n";
        using StringContent body = new($"{Part}first\r\n{Part}no end");
        body.Headers.ContentType = MediaTypeHeaderValue.Parse("multipart/form-data; boundary=x");
        using HttpResponseMessage response = await First.Client.PostAsync("/api/v0/add", body, TestContext.Current.CancellationToken);
        response.StatusCode.ShouldBe(HttpStatusCode.OK);
        (await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)).Split('\n', StringSplitOptions.RemoveEmptyEntries).ShouldHaveSingleItem();
        response.Headers.GetValues("X-Chunked-Output").ShouldBe(["1"]);
        response.Headers.Trailer.ShouldBe(["X-Stream-Error"]);
        response.TrailingHeaders.GetValues("X-Stream-Error").ShouldBe(["the multipart body is malformed"]);
        (await First.CallAsync("version")).ShouldBeOk();
    }

    [Fact]
    public async Task Options_that_nobody_knows_change_nothing() =>
        (await First.CallAsync("object/new?0=u&1=n&2=i&verbose=true&stream=true")).ShouldBeOk().Object.GetProperty("Hash").GetString().ShouldBe("QmdfTbBqBPQ7VNxZEYEj14VmRuZBkqFbiwReogJgS1zR1n");

    [Fact]
    public async Task Keys_are_made_listed_and_removed()
    {
        (await First.CallAsync("key/gen?arg=twice")).ShouldBeOk();
        (await First.CallAsync("key/gen?arg=twice")).ShouldFail("already exists");
        (await First.CallAsync("key/list")).Object.GetProperty("Keys").EnumerateArray().Select(key => key.GetProperty("Name").GetString()).ShouldContain("twice");
        (await First.CallAsync("key/rm?arg=twice")).ShouldBeOk();
        (await First.CallAsync("key/list")).Object.GetProperty("Keys").EnumerateArray().Select(key => key.GetProperty("Name").GetString()).ShouldNotContain("twice");
    }

    [Fact]
    public async Task A_block_is_named_by_its_codec_and_hash()
    {
        JsonElement put = (await First.CallAsync("block/put", "hello"u8.ToArray())).ShouldBeOk().Object;
        put.GetProperty("Key").GetString().ShouldBe(Cid.OfRaw("hello"u8).ToString());
        put.GetProperty("Size").GetInt32().ShouldBe(5);
    }

    [Fact]
    public async Task The_table_the_bootstrap_list_and_the_version_can_be_asked()
    {
        JsonElement table = (await Second.CallAsync("stats/dht")).ShouldBeOk().Object;
        table.GetProperty("Name").GetString().ShouldBe("lan");
        table.GetProperty("Buckets")[0].GetProperty("Peers").GetArrayLength().ShouldBeGreaterThanOrEqualTo(2);
        (await First.CallAsync("bootstrap/list")).ShouldBeOk().Object.GetProperty("Peers").GetArrayLength().ShouldBe(0);
        (await First.CallAsync("version")).ShouldBeOk().Object.GetProperty("Version").GetString().ShouldNotBeNullOrEmpty();
        (await First.CallAsync("swarm/addrs/local?id=true")).ShouldBeOk().Object.GetProperty("Strings")[0].GetString().ShouldBe(First.Address.ToString());
    }

    [Fact]
    public async Task A_node_without_routing_says_so()
    {
        await using DaemonNode node = await DaemonNode.StartAsync(options => options with { HasRouting = false }, KadMode.Client);
        foreach (string call in (string[])[$"dht/findpeer?arg={Nobody}", $"dht/findprovs?arg={Nothing}", $"routing/get?arg=/ipns/{First.Id}", $"dht/query?arg={Nobody}", "stats/dht"])
        {
            (await node.CallAsync(call)).ShouldFail("not a DHT");
        }

        (await node.CallAsync($"name/publish?arg={Nothing}&allow-offline=true")).ShouldBeOk();
        (await node.CallAsync("name/resolve")).ShouldBeOk().Object.GetProperty("Path").GetString().ShouldBe($"/ipfs/{Nothing}");
    }

    public async ValueTask InitializeAsync()
    {
        for (int made = 0; made < 3; made++)
        {
            _nodes.Add(await DaemonNode.StartAsync());
        }

        await Second.MeetAsync(First);
        await Third.MeetAsync(Second);
    }

    public async ValueTask DisposeAsync() => await Task.WhenAll(_nodes.Select(node => node.DisposeAsync().AsTask()));
}
