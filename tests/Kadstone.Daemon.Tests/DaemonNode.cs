using System.Net;
using System.Text.Json;
using Kadstone.Crypto;
using Kadstone.Ipfs;
using Kadstone.Libp2p;

namespace Kadstone.Daemon.Tests;

/// <summary>A real node on loopback with its HTTP listeners, and a client that asks them as a program does.</summary>
internal sealed class DaemonNode : IAsyncDisposable
{
    private readonly IpfsDht _dht;

    private DaemonNode(IpfsDht dht, IpfsDaemon daemon)
    {
        _dht = dht;
        Daemon = daemon;
        Client = new HttpClient { BaseAddress = new Uri($"http://{daemon.Api}") };
        GatewayClient = daemon.Gateway is null ? null : new HttpClient { BaseAddress = new Uri($"http://{daemon.Gateway}") };
    }

    public IpfsDaemon Daemon { get; }

    public HttpClient Client { get; }

    public HttpClient? GatewayClient { get; }

    public PeerId Id => _dht.LocalPeer;

    public Multiaddr Address => _dht.Addresses[0].WithPeer(Id);

    public static async Task<DaemonNode> StartAsync(Func<IpfsDaemonOptions, IpfsDaemonOptions>? change = null, KadMode mode = KadMode.Server)
    {
        IpfsOptions options = new()
        {
            Host = new Libp2pOptions
            {
                Identity = PrivateKey.Generate(new SecureRandom()),
                Listen = [Multiaddr.FromTcp(IPAddress.Loopback, 0)],
                Limits = HostLimits.OneMachine,
            },
            Scope = KadScope.Lan,
            Policy = AddressPolicy.Any,
            Mode = mode,
        };
        IpfsDht dht = await IpfsDht.CreateAsync(options);
        IpfsDaemonOptions daemonOptions = new() { Api = new IPEndPoint(IPAddress.Loopback, 0), Gateway = new IPEndPoint(IPAddress.Loopback, 0) };
        return new DaemonNode(dht, await IpfsDaemon.StartAsync(dht, options, change is null ? daemonOptions : change(daemonOptions)));
    }

    /// <summary>Calls a command.</summary>
    /// <param name="call">Its path behind <c>/api/v0/</c>, and its query.</param>
    /// <param name="file">The one file of its body.</param>
    public async Task<RpcAnswer> CallAsync(string call, byte[]? file = null)
    {
        using HttpRequestMessage request = new(HttpMethod.Post, $"/api/v0/{call}");
        if (file is not null)
        {
            // As the JavaScript clients write it: a long boundary, and a name that is empty.
            ByteArrayContent part = new(file);
            part.Headers.TryAddWithoutValidation("Content-Disposition", "form-data; name=\"file\"; filename=\"\"");
            request.Content = new MultipartFormDataContent("-----------------------------5lehxL93z1GvfEXOovlo1") { part };
        }

        using HttpResponseMessage response = await Client.SendAsync(request, TestContext.Current.CancellationToken);
        string body = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        return new RpcAnswer(response.StatusCode, body, response.TrailingHeaders.TryGetValues("X-Stream-Error", out IEnumerable<string>? errors) ? errors.Single() : null);
    }

    /// <summary>Connects to another node, and waits until each has the other in its table.</summary>
    public async Task MeetAsync(DaemonNode other)
    {
        (await CallAsync($"swarm/connect?arg={other.Address}")).ShouldBeOk();
        await KnowsAsync(this, other);
        await KnowsAsync(other, this);
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        GatewayClient?.Dispose();
        await Daemon.DisposeAsync();
        await _dht.DisposeAsync();
    }

    // A peer enters the table after identify, which nobody announces: the table is asked until it is there.
    private static async Task KnowsAsync(DaemonNode node, DaemonNode other)
    {
        using PeriodicTimer timer = new(TimeSpan.FromMilliseconds(10));
        while (node._dht.Contacts().All(contact => contact.Id != other.Id))
        {
            await timer.WaitForNextTickAsync(TestContext.Current.CancellationToken);
        }
    }
}

/// <param name="Status">The status.</param>
/// <param name="Body">The whole body.</param>
/// <param name="StreamError">The trailer X-Stream-Error, if there was one.</param>
internal sealed record RpcAnswer(HttpStatusCode Status, string Body, string? StreamError)
{
    /// <summary>The lines of the body, each an object.</summary>
    public JsonElement[] Lines => [.. Body.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonDocument.Parse(line).RootElement)];

    public JsonElement Object => Lines.ShouldHaveSingleItem();

    public RpcAnswer ShouldBeOk()
    {
        Status.ShouldBe(HttpStatusCode.OK, Body);
        StreamError.ShouldBeNull();
        return this;
    }

    public RpcAnswer ShouldFail(string message, HttpStatusCode status = HttpStatusCode.InternalServerError)
    {
        Status.ShouldBe(status, Body);
        Object.GetProperty("Message").GetString().ShouldNotBeNull().ShouldContain(message);
        Object.GetProperty("Type").GetString().ShouldBe("error");
        Object.GetProperty("Code").GetInt32().ShouldBe(status == HttpStatusCode.InternalServerError ? 0 : 1);
        return this;
    }

    /// <summary>The events of one type.</summary>
    public JsonElement[] OfType(QueryEventType type) => [.. Lines.Where(line => line.GetProperty("Type").GetInt32() == (int)type)];
}
