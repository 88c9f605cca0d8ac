using System.Net;
using Kadstone.Daemon.Pkarr;
using Kadstone.Datagrams;
using Kadstone.Mainline;

namespace Kadstone.Interop.Tests.Harness;

/// <summary>Our pkarr relay over a node of our own, which joins through somebody else's.</summary>
internal sealed class LocalRelay : IAsyncDisposable
{
    private readonly MainlineDht _dht;
    private readonly PkarrRelay _relay;

    private LocalRelay(MainlineDht dht, PkarrRelay relay)
    {
        _dht = dht;
        _relay = relay;
        Client = new HttpClient { BaseAddress = new Uri(Url) };
    }

    public string Url => $"http://{_relay.Endpoint}";

    public HttpClient Client { get; }

    public PkarrRelay Relay => _relay;

    public static async Task<LocalRelay> StartAsync(params string[] bootstrap)
    {
        // Read-only: what is found under a key was found at the others.
        MainlineOptions options = new()
        {
            Addresses = [IPAddress.Loopback],
            Scope = AddressScope.Private,
            Diversity = false,
            Serving = ServingMode.ReadOnly,
            Bootstrap = bootstrap,
        };
        MainlineDht dht = await MainlineDht.CreateAsync(options, cancellationToken: TestContext.Current.CancellationToken);
        try
        {
            await dht.WaitForNetworkAsync(TestContext.Current.CancellationToken);
            return new LocalRelay(dht, await PkarrRelay.StartAsync(dht, new PkarrRelayOptions { Endpoint = new IPEndPoint(IPAddress.Loopback, 0), LookupBurst = 1000 }));
        }
        catch
        {
            await dht.DisposeAsync();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await _relay.DisposeAsync();
        await _dht.DisposeAsync();
    }
}
