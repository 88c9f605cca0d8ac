using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Kadstone.Daemon.Tests.V1;
using Kadstone.Datagrams;
using Kadstone.Hosting;
using Kadstone.Interop.Tests.Hostile;
using Kadstone.Mainline;
using Kadstone.Storage;
using Answer = Kadstone.Daemon.Tests.V1.Answer;

namespace Kadstone.Daemon.Tests.Faults;

/// <summary>A daemon on Mainline with a store that may go away, one other node, a program that asks over HTTP, and a stranger who asks over UDP.</summary>
internal sealed class StoredDaemon : IAsyncDisposable
{
    private static int s_next;

    private readonly MainlineDht _other;
    private readonly KadstoneDaemon _daemon;
    private readonly HttpClient _client;
    private readonly byte[] _announced = RandomNumberGenerator.GetBytes(20);
    private int _puts;

    private StoredDaemon(MainlineDht other, KadstoneNode node, KadstoneDaemon daemon, Stranger stranger)
    {
        (_other, Node, _daemon, Stranger) = (other, node, daemon, stranger);
        _client = V1Network.ClientOf(daemon);
        _client.Timeout = TimeSpan.FromMinutes(1);
    }

    public KadstoneNode Node { get; }

    public Stranger Stranger { get; }

    /// <summary>The publications that were acknowledged.</summary>
    public List<string> Publications { get; } = [];

    /// <summary>The values that were acknowledged to the stranger.</summary>
    public List<byte[]> Values { get; } = [];

    private IPEndPoint Endpoint => Node.Mainline!.LocalEndpoints[0];

    public static async Task<StoredDaemon> StartAsync(KadstoneStore store)
    {
        int number = Interlocked.Increment(ref s_next);
        MainlineDht other = await MainlineDht.CreateAsync(new MainlineOptions { Addresses = [IPAddress.Parse($"127.79.{number}.1")], Scope = AddressScope.Private });
        (KadstoneNode node, KadstoneDaemon daemon) = await V1Network.StartAsync(new KadstoneOptions
        {
            DataFolder = null,
            Store = store,
            Mainline = new MainlineOptions { Addresses = [IPAddress.Parse($"127.79.{number}.2")], Scope = AddressScope.Private, Bootstrap = [other.LocalEndpoints[0].ToString()] },
        });
        StoredDaemon stored = new(other, node, daemon, new Stranger($"127.79.{number}.3"));
        await node.Mainline!.WaitForNetworkAsync(V1Network.Cancelled);
        await stored.Stranger.ProveAsync(stored.Endpoint);
        byte[] token = await stored.TokenAsync(stored._announced);
        (await stored.Stranger.AskAsync(stored.Endpoint, "announce_peer", ("info_hash", stored._announced), ("port", 7000L), ("token", token))).Code.ShouldBe(0);
        return stored;
    }

    /// <summary>What the DHT answers from memory: a ping, and the peers of somebody's torrent.</summary>
    public async Task ShouldAnswerAsync()
    {
        (await Stranger.AskAsync(Endpoint, "ping")).Code.ShouldBe(0);
        (await Stranger.AskAsync(Endpoint, "get_peers", ("info_hash", _announced))).Peers.ShouldContain(peer => peer.Port == 7000);
    }

    /// <summary>A durable put over HTTP.</summary>
    public async Task<Answer> PublishAsync()
    {
        using StringContent content = StatusTests.Json($$"""{"key":"{{V1Network.NewKey(20)}}","port":7000,"keep":true}""");
        using HttpResponseMessage response = await _client.PostAsync("/v1/mainline/announcements", content, V1Network.Cancelled);
        Answer answer = new(response.StatusCode, await response.Content.ReadAsStringAsync(V1Network.Cancelled));
        if (answer.Status == HttpStatusCode.Created)
        {
            Publications.Add(answer.Json.GetProperty("id").GetString().ShouldNotBeNull());
        }

        return answer;
    }

    /// <summary>A stranger's put of a new value; the code of its error, 0 when it is acknowledged.</summary>
    public async Task<int> PutAsync()
    {
        byte[] value = Bencoded.Of($"{_puts++}{new string('x', 900)}");
        byte[] token = await TokenAsync(SHA1.HashData(value));
        int code = (await Stranger.AskAsync(Endpoint, "put", ("token", token), ("v", new Raw(value)))).Code;
        if (code == 0)
        {
            Values.Add(value);
        }

        return code;
    }

    public async Task<JsonElement> StatusAsync()
    {
        using HttpResponseMessage response = await _client.GetAsync("/v1/status", V1Network.Cancelled);
        return new Answer(response.StatusCode, await response.Content.ReadAsStringAsync(V1Network.Cancelled)).ShouldBe(HttpStatusCode.OK);
    }

    /// <summary>Everything that was acknowledged is there: in the store, and for strangers.</summary>
    public async Task ShouldHaveAllAsync()
    {
        IReadOnlyList<KeyedRecord> kept = await Node.Store.ListAsync(Shelf.DaemonPublications, null, 1000, V1Network.Cancelled);
        string[] ids = [.. kept.Select(record => Encoding.UTF8.GetString(record.Key.Span))];
        Publications.ShouldAllBe(id => ids.Contains(id));
        foreach (byte[] value in Values)
        {
            (await Stranger.AskAsync(Endpoint, "get", ("target", SHA1.HashData(value)))).Values["v"].Encoding.ShouldBe(value);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await Stranger.DisposeAsync();
        _client.Dispose();
        await _daemon.DisposeAsync();
        await Node.DisposeAsync();
        await _other.DisposeAsync();
    }

    // Of get_peers, which is answered from memory: get would ask the store.
    private async Task<byte[]> TokenAsync(byte[] key) => (await Stranger.AskAsync(Endpoint, "get_peers", ("info_hash", key))).Values["token"].Bytes;
}
