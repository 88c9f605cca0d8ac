using System.Net;
using Kadstone.Daemon.Tests.V1;
using Kadstone.Hosting;
using Kadstone.Storage.Tests.Postgres;

namespace Kadstone.Daemon.Tests.Faults;

/// <summary>Bar 45: SQL, paths, NUL and keys without end, wherever the API takes a word.</summary>
[Collection(nameof(V1Network))]
public sealed class InjectionTests(V1Network network, SharedPostgresServer server)
{
    private static readonly string[] s_words =
    [
        "'; DROP TABLE kadstone_records; --", "'; DROP TABLE records; --", "' OR '1'='1", "1; SELECT pg_sleep(60)", "\\'; DELETE FROM records; --", "\" OR \"\"=\"", "%' --", "$1", "@key", "?1",
        "../../../../etc/passwd", "..%2f..%2fetc%2fpasswd", "..\\..\\windows", "/etc/passwd", "file:///etc/passwd", "C:\\x", "key\0.txt", "\0", "\0\0\0\0", "CON", ".", "..", "~", "$(id)", "`id`", "|id", "${jndi:ldap://x}",
        "a\r\nSet-Cookie: a=b", "\u202eabc", "\ud7ff\uffff", "００", "0x00", "-1", "18446744073709551616", "1e309", "NaN", "null", "true", "[]", "{}", new string('a', 5_000), new string('0', 4_001), new string('%', 2_000),
    ];

    public static TheoryData<string> Stores => ["sqlite", "postgres"];

    [Theory]
    [MemberData(nameof(Stores))]
    public async Task A_word_of_any_kind_is_refused_or_kept_as_it_is_and_does_nothing_else(string kind)
    {
        using Storage.Tests.TemporaryFolder folder = new();
        KadstoneOptions options = network.Options();
        IPAddress own = IPAddress.Parse(kind == "sqlite" ? "127.78.18.1" : "127.78.19.1");
        options.Mainline = options.Mainline! with { Addresses = [own] };
        options.Hyperswarm = options.Hyperswarm! with { Host = own };
        options.DataFolder = folder.File("data");
        options.Store = kind == "sqlite" ? KadstoneStore.Sqlite() : KadstoneStore.Postgres(await (await server.GetAsync()).CreateSchemaAsync());
        await using KadstoneNode node = await KadstoneNode.CreateAsync(options, cancellationToken: V1Network.Cancelled);
        await using KadstoneDaemon daemon = await KadstoneDaemon.StartAsync(
            node, new KadstoneDaemonOptions { Api = new IPEndPoint(IPAddress.Loopback, 0), KeyFolder = folder.File("keys") }, cancellationToken: V1Network.Cancelled);
        await V1Network.KnowsAsync(node);
        using HttpClient client = V1Network.ClientOf(daemon);
        string key = V1Network.NewKey(20);
        Answer kept = await SendAsync(HttpMethod.Post, "/v1/mainline/announcements", $$"""{"key":"{{key}}","port":7000,"keep":true}""");
        string id = kept.ShouldBe(HttpStatusCode.Created).GetProperty("id").GetString().ShouldNotBeNull();
        string[] before = Files();

        foreach (string word in s_words)
        {
            string quoted = Uri.EscapeDataString(word);
            string json = System.Text.Json.JsonSerializer.Serialize(word);
            foreach ((HttpMethod method, string path, string? body) in (IEnumerable<(HttpMethod, string, string?)>)
                [
                    (HttpMethod.Get, $"/v1/x{quoted}", null),
                    (HttpMethod.Get, $"/v1/x{quoted}/peers/{key}", null),
                    (HttpMethod.Get, $"/v1/mainline/peers/x{quoted}", null),
                    (HttpMethod.Get, $"/v1/ipfs/peers/x{quoted}", null),
                    (HttpMethod.Get, $"/v1/mainline/values/x{quoted}", null),
                    (HttpMethod.Get, $"/v1/hyperswarm/values/x{quoted}", null),
                    (HttpMethod.Get, $"/v1/ipfs/values/x{quoted}", null),
                    (HttpMethod.Get, $"/v1/mainline/values/{key}?kind={quoted}", null),
                    (HttpMethod.Get, $"/v1/records?shelf={quoted}", null),
                    (HttpMethod.Get, $"/v1/records?after={quoted}", null),
                    (HttpMethod.Get, $"/v1/records?after=mainline-peers:x{quoted}", null),
                    (HttpMethod.Get, $"/v1/records?limit=x{quoted}", null),
                    (HttpMethod.Get, $"/v1/lookups/x{quoted}", null),
                    (HttpMethod.Delete, $"/v1/publications/x{quoted}", null),
                    (HttpMethod.Post, $"/v1/publications/x{quoted}/check", null),
                    (HttpMethod.Post, "/v1/mainline/announcements", $$"""{"key":{{json}}}"""),
                    (HttpMethod.Post, "/v1/ipfs/announcements", $$"""{"key":{{json}}}"""),
                    (HttpMethod.Put, "/v1/mainline/values", $$"""{"kind":{{json}},"text":"x"}"""),
                    (HttpMethod.Put, "/v1/mainline/values", $$"""{"kind":"mutable","text":"x","key":{{json}}}"""),
                ])
            {
                Answer answer = await SendAsync(method, path, body);
                ((int)answer.Status).ShouldBeInRange(400, 499, $"{method} {path} {body}: {answer.Body}");
            }

            // Here any word may be a name; one that is taken is a file of hexadecimal digits in its folder.
            Answer named = await SendAsync(HttpMethod.Post, $"/api/v0/key/gen?arg={quoted}", null);
            ((int)named.Status).ShouldNotBe(0);
        }

        Directory.GetFiles(folder.File("keys")).ShouldAllBe(file => Path.GetFileNameWithoutExtension(file).All(char.IsAsciiHexDigitLower));
        Files().ShouldBe(before);
        Directory.GetFileSystemEntries(folder.Path).Select(Path.GetFileName).Order().ShouldBe(["data", "keys"]);

        // Nothing went, and nothing came but what was acknowledged.
        Answer listed = await SendAsync(HttpMethod.Get, "/v1/publications", null);
        listed.ShouldBe(HttpStatusCode.OK).GetProperty("publications").EnumerateArray().ShouldHaveSingleItem().GetProperty("id").GetString().ShouldBe(id);
        (await SendAsync(HttpMethod.Delete, $"/v1/publications/{id}", null)).Status.ShouldBe(HttpStatusCode.NoContent);

        async Task<Answer> SendAsync(HttpMethod method, string path, string? json)
        {
            using HttpRequestMessage request = new(method, path) { Content = json is null ? null : StatusTests.Json(json) };
            return await network.SendAsync(request, client);
        }

        string[] Files() => [.. Directory.GetFiles(folder.File("data")).Select(path => Path.GetFileName(path)).Where(name => !name.StartsWith("node.sqlite-", StringComparison.Ordinal)).Order()];
    }
}
