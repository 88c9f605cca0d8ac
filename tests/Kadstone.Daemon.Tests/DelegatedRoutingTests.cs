using System.Net;
using System.Text.Json;
using Kadstone.Libp2p;

namespace Kadstone.Daemon.Tests;

/// <summary>Delegated Routing V1 over two real nodes, on the API and on the gateway.</summary>
public sealed class DelegatedRoutingTests : IAsyncLifetime
{
    private const string Lines = "application/x-ndjson";
    private const string IpnsRecord = "application/vnd.ipfs.ipns-record";
    private const string Nothing = "bafkreigh2akiscaildcqabsyg3dfr6chu3fgpregiymsck7e7aqa4s52zy";

    private DaemonNode _asked = null!;
    private DaemonNode _other = null!;
    private string _cid = "";

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Providers_come_as_one_object_or_as_lines(bool onGateway)
    {
        Answer whole = await GetAsync($"providers/{_cid}", onGateway);
        whole.Type.ShouldBe("application/json");
        JsonElement record = whole.Object.GetProperty("Providers").EnumerateArray().ShouldHaveSingleItem();
        record.GetProperty("Schema").GetString().ShouldBe("peer");
        record.GetProperty("ID").GetString().ShouldBe(_other.Id.ToString());
        record.GetProperty("Addrs")[0].GetString().ShouldBe(_other.Address.WithoutPeer().ToString());
        record.GetProperty("Protocols").GetArrayLength().ShouldBe(0);

        Answer lines = await GetAsync($"providers/{_cid}", onGateway, Lines);
        lines.Type.ShouldBe(Lines);
        lines.Body.ShouldBe(record.GetRawText() + "\n");
    }

    [Fact]
    public async Task What_is_found_may_be_kept_for_long_and_nothing_for_a_moment()
    {
        foreach (string accept in (string[])[Lines, "application/json"])
        {
            Answer found = await GetAsync($"providers/{_cid}", accept: accept);
            found.Header("Cache-Control").ShouldBe("public, max-age=300, stale-while-revalidate=172800, stale-if-error=172800");
            found.Header("Vary").ShouldBe("Accept");
            Answer empty = await GetAsync($"providers/{Nothing}", accept: accept);
            empty.Status.ShouldBe(HttpStatusCode.OK);
            empty.Header("Cache-Control").ShouldStartWith("public, max-age=15, ");
        }

        (await GetAsync($"providers/{Nothing}")).Body.ShouldBe("{\"Providers\":[]}");
    }

    [Fact]
    public async Task A_peer_is_found_by_any_text_of_its_id()
    {
        foreach (string id in (string[])[_other.Id.ToString(), _other.Id.ToCid().ToString(), _other.Id.ToCid().ToString(MultibaseEncoding.Base36)])
        {
            (await GetAsync($"peers/{id}")).Object.GetProperty("Peers")[0].GetProperty("ID").GetString().ShouldBe(_other.Id.ToString());
        }

        (await GetAsync($"peers/{_asked.Id}")).Object.GetProperty("Peers")[0].GetProperty("ID").GetString().ShouldBe(_asked.Id.ToString());
    }

    [Fact]
    public async Task The_closest_peers_of_a_key_are_listed()
    {
        foreach (string key in (string[])[Nothing, _asked.Id.ToString()])
        {
            (await GetAsync($"dht/closest/peers/{key}")).Object.GetProperty("Peers").EnumerateArray().Select(peer => peer.GetProperty("ID").GetString()).ShouldContain(_other.Id.ToString());
        }
    }

    [Theory]
    [InlineData("filter-addrs=tcp", 1)]
    [InlineData("filter-addrs=quic-v1", 0)]
    [InlineData("filter-addrs=quic-v1,ip4", 1)]
    [InlineData("filter-addrs=!tcp", 0)]
    [InlineData("filter-addrs=!udp,!p2p-circuit", 1)]
    [InlineData("filter-addrs=unknown", 0)]
    [InlineData("filter-protocols=unknown", 1)]
    [InlineData("filter-protocols=transport-bitswap,UNKNOWN", 1)]
    [InlineData("filter-protocols=transport-bitswap", 0)]
    [InlineData("filter-addrs=&filter-protocols=", 1)]
    public async Task Filters_leave_out_what_is_not_wanted(string filter, int left) =>
        (await GetAsync($"providers/{_cid}?{filter}")).Object.GetProperty("Providers").GetArrayLength().ShouldBe(left);

    [Theory]
    [InlineData("providers/junk", null, HttpStatusCode.UnprocessableEntity)]
    [InlineData("peers/junk", null, HttpStatusCode.UnprocessableEntity)]
    [InlineData("dht/closest/peers/junk", null, HttpStatusCode.UnprocessableEntity)]
    [InlineData("ipns/junk", IpnsRecord, HttpStatusCode.BadRequest)]
    [InlineData("providers/" + Nothing, "text/html", HttpStatusCode.NotAcceptable)]
    [InlineData("nothing/junk", null, HttpStatusCode.NotFound)]
    public async Task Mistakes_have_their_status(string path, string? accept, HttpStatusCode status)
    {
        (await GetAsync(path, accept: accept)).Status.ShouldBe(status);
        (await GetAsync(path, onGateway: true, accept)).Status.ShouldBe(status);
    }

    [Fact]
    public async Task A_record_that_is_put_here_is_got_there()
    {
        (await _other.CallAsync("key/gen?arg=moved")).ShouldBeOk();
        string name = (await _other.CallAsync($"name/publish?arg={Nothing}&key=moved&ttl=90s")).ShouldBeOk().Object.GetProperty("Name").GetString()!;
        Answer got = await GetAsync($"ipns/{name}", onGateway: true, IpnsRecord);
        got.Status.ShouldBe(HttpStatusCode.OK);
        got.Type.ShouldBe(IpnsRecord);
        got.Header("Cache-Control").ShouldStartWith("public, max-age=90, ");
        (await PutAsync(_asked.GatewayClient!, name, got.Bytes, IpnsRecord)).ShouldBe(HttpStatusCode.OK);
        (await PutAsync(_asked.Client, name, got.Bytes, "application/octet-stream")).ShouldBe(HttpStatusCode.NotAcceptable);
        (await PutAsync(_asked.Client, _asked.Id.ToCid().ToString(), got.Bytes, IpnsRecord)).ShouldBe(HttpStatusCode.BadRequest);
        (await PutAsync(_asked.Client, name, "junk"u8.ToArray(), IpnsRecord)).ShouldBe(HttpStatusCode.BadRequest);
        (await PutAsync(_asked.Client, name, new byte[10_241], IpnsRecord)).ShouldBe(HttpStatusCode.BadRequest);
    }

    [Fact]
    public async Task A_name_that_nobody_published_is_no_record_and_no_error()
    {
        Answer got = await GetAsync($"ipns/{_other.Id.ToCid()}", accept: IpnsRecord);
        got.Status.ShouldBe(HttpStatusCode.OK);
        got.Type.ShouldBe("text/plain");
        (await GetAsync($"ipns/{_other.Id.ToCid()}", accept: "text/plain")).Status.ShouldBe(HttpStatusCode.NotAcceptable);
    }

    [Fact]
    public async Task The_gateway_is_every_pages_and_the_api_no_ones()
    {
        Answer there = await GetAsync($"providers/{Nothing}", onGateway: true, origin: "http://any.example");
        there.Status.ShouldBe(HttpStatusCode.OK);
        there.Header("Access-Control-Allow-Origin").ShouldBe("*");
        (await GetAsync($"providers/{Nothing}", origin: "http://any.example")).Status.ShouldBe(HttpStatusCode.Forbidden);

        using HttpRequestMessage preflight = new(HttpMethod.Options, $"/routing/v1/ipns/{_other.Id}");
        using HttpResponseMessage allowed = await _asked.GatewayClient!.SendAsync(preflight, TestContext.Current.CancellationToken);
        allowed.StatusCode.ShouldBe(HttpStatusCode.NoContent);
        allowed.Headers.GetValues("Access-Control-Allow-Methods").Single().ShouldContain("PUT");
    }

    [Theory]
    [InlineData("/api/v0/id")]
    [InlineData("/api/v0/version")]
    [InlineData("/")]
    public async Task The_gateway_knows_nothing_else(string path)
    {
        using HttpResponseMessage response = await _asked.GatewayClient!.PostAsync(path, null, TestContext.Current.CancellationToken);
        response.StatusCode.ShouldBe(HttpStatusCode.NotFound);
    }

    [Fact]
    public async Task The_gateway_lets_one_host_ask_so_often_and_no_oftener()
    {
        await using DaemonNode node = await DaemonNode.StartAsync(options => options with { GatewayBurst = 5 });
        List<HttpStatusCode> statuses = [];
        for (int asked = 0; asked < 200; asked++)
        {
            using HttpResponseMessage response = await node.GatewayClient!.GetAsync("/routing/v1/peers/junk", TestContext.Current.CancellationToken);
            statuses.Add(response.StatusCode);
        }

        statuses[..5].ShouldAllBe(status => status == HttpStatusCode.UnprocessableEntity);
        statuses.ShouldContain(HttpStatusCode.TooManyRequests);
        (await node.CallAsync("version")).ShouldBeOk();
    }

    public async ValueTask InitializeAsync()
    {
        _asked = await DaemonNode.StartAsync();
        _other = await DaemonNode.StartAsync();
        await _asked.MeetAsync(_other);
        _cid = (await _other.CallAsync("add?cid-version=1", "provided by one"u8.ToArray())).ShouldBeOk().Object.GetProperty("Hash").GetString()!;
        (await _other.CallAsync($"routing/provide?arg={_cid}")).ShouldBeOk();
    }

    public async ValueTask DisposeAsync()
    {
        await _asked.DisposeAsync();
        await _other.DisposeAsync();
    }

    private async Task<Answer> GetAsync(string path, bool onGateway = false, string? accept = null, string? origin = null)
    {
        using HttpRequestMessage request = new(HttpMethod.Get, $"/routing/v1/{path}");
        foreach ((string header, string? value) in (IEnumerable<(string, string?)>)[("Accept", accept), ("Origin", origin)])
        {
            _ = value is null || request.Headers.TryAddWithoutValidation(header, value);
        }

        using HttpResponseMessage response = await (onGateway ? _asked.GatewayClient! : _asked.Client).SendAsync(request, TestContext.Current.CancellationToken);
        return new Answer(
            response.StatusCode,
            response.Content.Headers.ContentType?.MediaType ?? "",
            response.Headers.ToDictionary(header => header.Key, header => string.Join(',', header.Value)),
            await response.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken));
    }

    private static async Task<HttpStatusCode> PutAsync(HttpClient client, string name, byte[] record, string type)
    {
        using ByteArrayContent content = new(record);
        content.Headers.ContentType = new(type);
        using HttpResponseMessage response = await client.PutAsync($"/routing/v1/ipns/{name}", content, TestContext.Current.CancellationToken);
        return response.StatusCode;
    }

    private sealed record Answer(HttpStatusCode Status, string Type, IReadOnlyDictionary<string, string> Headers, byte[] Bytes)
    {
        public string Body => System.Text.Encoding.UTF8.GetString(Bytes);

        public JsonElement Object => JsonDocument.Parse(Body).RootElement;

        public string Header(string name) => Headers.TryGetValue(name, out string? value) ? value.Replace("public,max-age", "public, max-age", StringComparison.Ordinal) : "";
    }
}
