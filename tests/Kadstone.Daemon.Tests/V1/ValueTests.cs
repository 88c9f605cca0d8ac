using System.Net;
using System.Text;
using System.Text.Json;
using Kadstone.Hyperswarm;
using Kadstone.Kademlia;
using Kadstone.Mainline;

namespace Kadstone.Daemon.Tests.V1;

/// <summary>Values and records: put into a network, got from it, and seen in the store.</summary>
[Collection(nameof(V1Network))]
public sealed class ValueTests(V1Network network)
{
    [Fact]
    public async Task An_immutable_value_on_Mainline_is_found_by_a_stranger_and_by_us()
    {
        string text = V1Network.NewKey(8);
        JsonElement put = (await network.PutAsync("/v1/mainline/values", $$"""{"kind":"immutable","text":"{{text}}"}""")).ShouldBe(HttpStatusCode.Created);
        string key = put.GetProperty("key").GetString().ShouldNotBeNull();
        put.GetProperty("acknowledged").GetInt32().ShouldBeGreaterThanOrEqualTo(1);
        Key160.TryParse(key, out Key160 target).ShouldBeTrue();
        (await network.Mainline.GetImmutableAsync(target, V1Network.Cancelled)).ShouldNotBeNull().Value.ToString().ShouldBe(text);
        JsonElement got = (await network.GetAsync($"/v1/mainline/values/{key}")).ShouldBe(HttpStatusCode.OK);
        got.GetProperty("text").GetString().ShouldBe(text);
        got.GetProperty("value").GetBytesFromBase64().ShouldBe(Encoding.UTF8.GetBytes(text));
        got.GetProperty("sequence").ValueKind.ShouldBe(JsonValueKind.Null);
        got.GetProperty("lookup").GetString().ShouldNotBeNullOrEmpty();
    }

    [Fact]
    public async Task A_mutable_value_on_Mainline_has_a_salt_a_sequence_and_a_signature()
    {
        string salt = V1Network.NewKey(4);
        JsonElement first = (await network.PutAsync("/v1/mainline/values", $$"""{"kind":"mutable","text":"one","salt":"{{salt}}","key":"self"}""")).ShouldBe(HttpStatusCode.Created);
        JsonElement second = (await network.PutAsync("/v1/mainline/values", $$"""{"kind":"mutable","text":"two","salt":"{{salt}}","keep":true}""")).ShouldBe(HttpStatusCode.Created);
        second.GetProperty("sequence").GetInt64().ShouldBe(first.GetProperty("sequence").GetInt64() + 1);
        string key = second.GetProperty("key").GetString().ShouldNotBeNull();
        FoundItem found = (await network.Mainline.GetMutableAsync(Convert.FromHexString(key), Encoding.UTF8.GetBytes(salt), V1Network.Cancelled)).ShouldNotBeNull();
        found.Value.ToString().ShouldBe("two");
        JsonElement got = (await network.GetAsync($"/v1/mainline/values/{key}?kind=mutable&salt={salt}")).ShouldBe(HttpStatusCode.OK);
        got.GetProperty("text").GetString().ShouldBe("two");
        got.GetProperty("publicKey").GetString().ShouldBe(key);
        got.GetProperty("signature").GetString().ShouldBe(Convert.ToHexStringLower(found.Signature.Span));
        await ShouldCheckAndGo(second.GetProperty("id").GetString().ShouldNotBeNull(), "value");
    }

    [Fact]
    public async Task Values_on_Hyperswarm_are_found_by_strangers_and_by_us()
    {
        string text = V1Network.NewKey(8);
        JsonElement immutable = (await network.PutAsync("/v1/hyperswarm/values", $$"""{"kind":"immutable","value":"{{Convert.ToBase64String(Encoding.UTF8.GetBytes(text))}}","keep":true}""")).ShouldBe(HttpStatusCode.Created);
        string key = immutable.GetProperty("key").GetString().ShouldNotBeNull();
        ReadOnlyMemory<byte>? stranger = await network.Hyperswarm.ImmutableGetAsync(Key256.Read(Convert.FromHexString(key)), V1Network.Cancelled);
        Encoding.UTF8.GetString(stranger.ShouldNotBeNull().Span).ShouldBe(text);
        (await network.GetAsync($"/v1/hyperswarm/values/{key}")).ShouldBe(HttpStatusCode.OK).GetProperty("text").GetString().ShouldBe(text);
        await ShouldCheckAndGo(immutable.GetProperty("id").GetString().ShouldNotBeNull(), "value");

        JsonElement mutable = (await network.PutAsync("/v1/hyperswarm/values", $$"""{"kind":"mutable","text":"{{text}}"}""")).ShouldBe(HttpStatusCode.Created);
        string publicKey = mutable.GetProperty("key").GetString().ShouldNotBeNull();
        publicKey.ShouldBe(Convert.ToHexStringLower(network.Node.Hyperswarm!.PublicKey.Span));
        MutableValue found = (await network.Hyperswarm.MutableGetAsync(Convert.FromHexString(publicKey), cancellationToken: V1Network.Cancelled)).ShouldNotBeNull();
        found.Sequence.ShouldBe(mutable.GetProperty("sequence").GetInt64());
        JsonElement got = (await network.GetAsync($"/v1/hyperswarm/values/{publicKey}?kind=mutable")).ShouldBe(HttpStatusCode.OK);
        got.GetProperty("text").GetString().ShouldBe(text);
        got.GetProperty("sequence").GetInt64().ShouldBe(found.Sequence);
    }

    [Fact]
    public async Task A_name_on_IPFS_leads_strangers_to_its_path()
    {
        string path = $"/ipfs/{Libp2p.Cid.OfRaw(Encoding.UTF8.GetBytes(V1Network.NewKey(8)))}";
        JsonElement put = (await network.PutAsync("/v1/ipfs/values", $$"""{"kind":"mutable","text":"{{path}}","key":"self","keep":true}""")).ShouldBe(HttpStatusCode.Created);
        put.GetProperty("acknowledged").GetInt32().ShouldBeGreaterThanOrEqualTo(1, put.ToString());
        (await network.Ipfs.ResolveNameAsync(network.Node.Ipfs!.LocalPeer, null, V1Network.Cancelled)).Path.ShouldBe(path);
        JsonElement got = (await network.GetAsync($"/v1/ipfs/values/{put.GetProperty("key").GetString()}")).ShouldBe(HttpStatusCode.OK);
        got.GetProperty("text").GetString().ShouldBe(path);
        await ShouldCheckAndGo(put.GetProperty("id").GetString().ShouldNotBeNull(), "name");
    }

    [Fact]
    public async Task The_records_of_others_are_listed_page_by_page()
    {
        for (int n = 0; n < 5; n++)
        {
            await network.Mainline.PutImmutableAsync(ItemValue.FromText($"record {n} {V1Network.NewKey(8)}"), V1Network.Cancelled);
        }

        HashSet<string> keys = [];
        string? after = null;
        long count;
        do
        {
            string cursor = after is null ? "" : $"&after={Uri.EscapeDataString(after)}";
            JsonElement page = (await network.GetAsync($"/v1/records?shelf=mainline-immutable&limit=2{cursor}")).ShouldBe(HttpStatusCode.OK);
            count = page.GetProperty("shelves").EnumerateArray().Single(shelf => shelf.GetProperty("shelf").GetString() == "mainline-immutable").GetProperty("count").GetInt64();
            page.GetProperty("records").GetArrayLength().ShouldBeInRange(1, 2);
            foreach (JsonElement record in page.GetProperty("records").EnumerateArray())
            {
                keys.Add(record.GetProperty("key").GetString()!).ShouldBeTrue();
                record.GetProperty("bytes").GetInt32().ShouldBeGreaterThan(0);
                record.GetProperty("expires").GetDateTimeOffset().ShouldBeGreaterThan(DateTimeOffset.UtcNow);
                record.GetProperty("isOwn").GetBoolean().ShouldBeFalse();
            }

            after = page.GetProperty("next").GetString();
        }
        while (after is not null);

        keys.Count.ShouldBeGreaterThanOrEqualTo(5);
        keys.Count.ShouldBe((int)count);
        HashSet<string> all = [];
        string? next = null;
        do
        {
            JsonElement page = (await network.GetAsync($"/v1/records?limit=3{(next is null ? "" : $"&after={Uri.EscapeDataString(next)}")}")).ShouldBe(HttpStatusCode.OK);
            page.GetProperty("records").EnumerateArray().ShouldAllBe(record => all.Add($"{record.GetProperty("shelf").GetString()}:{record.GetProperty("key").GetString()}"));
            next = page.GetProperty("next").GetString();
        }
        while (next is not null);

        all.Count.ShouldBeGreaterThanOrEqualTo(keys.Count);
    }

    [Fact]
    public async Task A_record_is_shown_with_its_value_and_to_no_browser_as_anything_but_json()
    {
        string text = $"<script>{V1Network.NewKey(8)}</script>";
        string target = (await network.Mainline.PutImmutableAsync(ItemValue.FromText(text), V1Network.Cancelled)).Target.ToString();
        Answer answer = await network.GetAsync($"/v1/records/mainline-immutable/{target.ToUpperInvariant()}");
        JsonElement record = answer.ShouldBe(HttpStatusCode.OK);
        record.GetProperty("key").GetString().ShouldBe(target);
        record.GetProperty("shelf").GetString().ShouldBe("mainline-immutable");
        byte[] value = record.GetProperty("value").GetBytesFromBase64();
        value.Length.ShouldBe(record.GetProperty("bytes").GetInt32());
        Encoding.UTF8.GetString(value).ShouldContain(text);
        record.GetProperty("expires").GetDateTimeOffset().ShouldBeGreaterThan(DateTimeOffset.UtcNow);
        record.GetProperty("isOwn").GetBoolean().ShouldBeFalse();

        using HttpResponseMessage raw = await network.Client.GetAsync($"/v1/records/mainline-immutable/{target}", V1Network.Cancelled);
        raw.Content.Headers.ContentType!.MediaType.ShouldBe("application/json");
        raw.Headers.GetValues("X-Content-Type-Options").ShouldBe(["nosniff"]);
        (await raw.Content.ReadAsStringAsync(V1Network.Cancelled)).ShouldNotContain("<script>");
    }

    [Fact]
    public async Task A_record_that_is_not_there_is_not_found()
    {
        (await network.GetAsync("/v1/records/mainline-immutable/00ff")).ShouldFail(HttpStatusCode.NotFound, "Nothing is stored under 00ff on the shelf mainline-immutable; GET /v1/records lists what is.");
        (await network.GetAsync("/v1/records/mainline-immutable/00/ff")).ShouldFail(HttpStatusCode.NotFound, "");
    }

    [Fact]
    public async Task The_density_has_a_count_for_each_first_byte()
    {
        JsonElement density = (await network.GetAsync("/v1/records/density")).ShouldBe(HttpStatusCode.OK);
        foreach (JsonElement shelf in density.GetProperty("shelves").EnumerateArray())
        {
            shelf.GetProperty("counts").GetArrayLength().ShouldBe(256);
            shelf.GetProperty("isSampled").GetBoolean().ShouldBeFalse();
        }
    }

    [Theory]
    [InlineData("/v1/records?after=mainline-immutable:xyz")]
    [InlineData("/v1/records?after=nowhere:00")]
    [InlineData("/v1/records?after=0")]
    [InlineData("/v1/records?shelf=nowhere")]
    [InlineData("/v1/records/nowhere/00")]
    [InlineData("/v1/records/daemon-publications/00")]
    [InlineData("/v1/records/mainline-immutable/0")]
    [InlineData("/v1/records/mainline-immutable/xy")]
    [InlineData("/v1/records/mainline-immutable/00?limit=1")]
    [InlineData("/v1/records?limit=0")]
    [InlineData("/v1/records?limit=1001")]
    [InlineData("/v1/records?limit=-1")]
    [InlineData("/v1/records?limit=1&limit=2")]
    [InlineData("/v1/records?limt=1")]
    [InlineData("/v1/mainline/values/00")]
    [InlineData("/v1/mainline/values/00000000000000000000?kind=either")]
    [InlineData("/v1/hyperswarm/values/0000?salt=x")]
    [InlineData("/v1/ipfs/values/bafkqaaa")]
    public async Task What_cannot_be_meant_is_refused_with_what_is_allowed(string path) => (await network.GetAsync(path)).ShouldFail(HttpStatusCode.BadRequest, "");

    private async Task ShouldCheckAndGo(string id, string kind)
    {
        JsonElement listed = (await network.GetAsync("/v1/publications")).Json.GetProperty("publications").EnumerateArray().Single(one => one.GetProperty("id").GetString() == id);
        listed.GetProperty("kind").GetString().ShouldBe(kind);
        JsonElement check = (await network.PostAsync($"/v1/publications/{id}/check", null)).ShouldBe(HttpStatusCode.OK);
        check.GetProperty("ok").GetBoolean().ShouldBeTrue(check.ToString());
        (await network.DeleteAsync($"/v1/publications/{id}")).ShouldBe(HttpStatusCode.NoContent);
    }
}
