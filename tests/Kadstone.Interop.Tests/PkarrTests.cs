using System.Globalization;
using System.Net;
using System.Text;
using Kadstone.Interop.Tests.Harness;

namespace Kadstone.Interop.Tests;

/// <summary>pkarr between our relay and nodes of others that know nothing of pkarr, and with the clients that others wrote for relays.</summary>
public abstract class PkarrConversations
{
    // did:dht's packet of vectors/pkarr.json; its key is SigningKey.First.
    private const string Key = "47pjoycnsrfmxikm95jh13y88e8qnhzu5kungjpxyepgt7a8krpy";

    // One answer.
    private const string Head = "\0\0\0\0\0\0\0\u0001\0\0\0\0";

    /// <summary>Nodes that know each other, and none of ours.</summary>
    private protected abstract Task<MainlinePeer> StartNetworkAsync(int nodes);

    [Fact]
    public async Task A_record_that_is_published_through_our_relay_is_found_by_its_node()
    {
        byte[] payload = PkarrVector.Payload("did-dht");
        await using MainlinePeer it = await StartNetworkAsync(4);
        await using LocalRelay relay = await LocalRelay.StartAsync(it.Endpoint);
        using HttpResponseMessage put = await relay.Client.PutAsync($"/{Key}", new ByteArrayContent(payload), TestContext.Current.CancellationToken);
        put.StatusCode.ShouldBe(HttpStatusCode.NoContent, await put.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        int stored = int.Parse(put.Headers.GetValues("Pkarr-Dht-Stored-Nodes").Single(), CultureInfo.InvariantCulture);
        stored.ShouldBeInRange(1, 4);

        MutableItem item = await it.GetMutableAsync(SigningKey.First, node: 3);
        item.Sequence.ShouldBe(1_700_356_854);
        item.Value.ShouldBe(Encoding.Latin1.GetString(payload.AsSpan(72)));
    }

    [Fact]
    public async Task A_record_that_its_node_publishes_is_resolved_by_our_relay_and_our_command()
    {
        // A message that is plain text as well: the scripts put texts. No reader looks at the flags.
        string message = $"{Head}\u0006_hello\u0034{Key}\0\0\u0010\0\u0001\0\0\u0001\u002C\0\u0006\u0005world";
        await using MainlinePeer it = await StartNetworkAsync(4);
        PutOutcome put = await it.PutMutableAsync(SigningKey.First, message, sequence: 5);
        put.Error.ShouldBeNull();
        put.Stored.ShouldBePositive();

        await using LocalRelay relay = await LocalRelay.StartAsync(it.Endpoint);
        using HttpResponseMessage got = await relay.Client.GetAsync($"/{Key}", TestContext.Current.CancellationToken);
        byte[] payload = await got.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken);
        got.StatusCode.ShouldBe(HttpStatusCode.OK, Encoding.Latin1.GetString(payload));
        Encoding.ASCII.GetString(payload.AsSpan(72)).ShouldBe(message);

        foreach (string[] way in (string[][])[["--relay", relay.Url], [.. DhtCommand.TestNetwork, "--bootstrap", it.Endpoint]])
        {
            DhtResult resolved = await DhtCommand.RunAsync("pkarr", "resolve", [Key, .. way]);
            resolved.Exit.ShouldBe(DhtExit.Found, resolved.Transcript);
            resolved.Lines.ShouldBe([$"_hello.{Key} 300 TXT \"world\""]);
        }
    }

    [Fact]
    public async Task What_our_command_publishes_is_found_by_its_node()
    {
        await using MainlinePeer it = await StartNetworkAsync(4);
        using TemporaryDirectory directory = new();
        DhtResult published = await DhtCommand.RunAsync(
            "pkarr", "publish", ["--key", SigningKey.First.WriteTo(directory.Path), "TXT", "_hello", "world", .. DhtCommand.TestNetwork, "--bootstrap", it.Endpoint]);
        published.IsStored.ShouldBeTrue(published.Transcript);
        published.Lines[0].ShouldBe(Key);
        MutableItem item = await it.GetMutableAsync(SigningKey.First, node: 3);
        item.Value.ShouldNotBeNull().ShouldEndWith("\u0005world");
        $"timestamp {item.Sequence}".ShouldBe(published.Lines[2]);
    }
}

[Trait("Peer", "bittorrent-dht")]
public sealed class BittorrentDhtPkarrTests : PkarrConversations
{
    private protected override async Task<MainlinePeer> StartNetworkAsync(int nodes) => await BittorrentDhtPeer.StartNetworkAsync(nodes);

    [Fact]
    public async Task Its_nodes_refuse_what_they_hold_and_that_is_no_conflict()
    {
        byte[] payload = PkarrVector.Payload("did-dht");
        await using MainlinePeer it = await StartNetworkAsync(4);
        await using LocalRelay relay = await LocalRelay.StartAsync(it.Endpoint);
        for (int put = 0; put < 2; put++)
        {
            using HttpResponseMessage answer = await relay.Client.PutAsync("/47pjoycnsrfmxikm95jh13y88e8qnhzu5kungjpxyepgt7a8krpy", new ByteArrayContent(payload), TestContext.Current.CancellationToken);
            answer.StatusCode.ShouldBe(HttpStatusCode.NoContent, await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
            answer.Headers.GetValues("Pkarr-Dht-Stored-Nodes").Single().ShouldNotBe("0");
        }
    }

    [Fact]
    public async Task The_published_clients_publish_and_resolve_through_our_relays()
    {
        string folder = Path.Combine(Repository.Peers, "pkarr");
        if (!Directory.Exists(Path.Combine(folder, "node_modules", "pkarr")))
        {
            Assert.Skip($"pkarr: npm ci was not run in {Path.GetRelativePath(Repository.Root, folder)}");
        }

        await using MainlinePeer it = await StartNetworkAsync(4);
        await using LocalRelay first = await LocalRelay.StartAsync(it.Endpoint);
        await using LocalRelay second = await LocalRelay.StartAsync(it.Endpoint);
        await using PeerProcess clients = PeerProcess.Start("pkarr", "node", ["clients.mjs", first.Url, second.Url], folder);
        string summary = await clients.WaitForLineAsync("the summary", line => line.StartsWith("summary ", StringComparison.Ordinal), TimeSpan.FromMinutes(3));
        summary.ShouldBe("summary 6 passed, 0 failed", string.Join('\n', clients.Lines));
    }
}

[Trait("Peer", "libtorrent")]
public sealed class LibtorrentPkarrTests : PkarrConversations
{
    private protected override async Task<MainlinePeer> StartNetworkAsync(int nodes) => await LibtorrentPeer.StartNetworkAsync(nodes);
}

/// <summary>Packets of the daemon tests' vectors.</summary>
internal static class PkarrVector
{
    public static byte[] Payload(string name)
    {
        string path = Path.Combine(Repository.Root, "tests", "Kadstone.Daemon.Tests", "Vectors", "pkarr.json");
        using System.Text.Json.JsonDocument vectors = System.Text.Json.JsonDocument.Parse(File.ReadAllBytes(path));
        return Convert.FromHexString(vectors.RootElement.GetProperty("packets").EnumerateArray().Single(packet => packet.GetProperty("name").GetString() == name).GetProperty("payload").GetString()!);
    }
}
