// A web application with a node of Mainline in it. It asks itself once over HTTP and ends; leave the last part out and it stays.
using System.Net;
using Kadstone.Datagrams;
using Kadstone.Hosting;
using Kadstone.Kademlia;
using Kadstone.Mainline;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Diagnostics.HealthChecks;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

// Somebody to meet: in the public network this is not needed, and neither is what AddMainline changes below.
await using MainlineDht other = await MainlineDht.CreateAsync(new MainlineOptions { Addresses = [IPAddress.Loopback], Scope = AddressScope.Private });

WebApplicationBuilder builder = WebApplication.CreateBuilder(["--urls", "http://127.0.0.1:0"]);
builder.Logging.SetMinimumLevel(LogLevel.Warning);
builder.Services.AddSingleton<PrometheusText>();
builder.Services.AddKadstone(kadstone => kadstone
    .AddMainline(mainline => mainline with { Port = 0, Addresses = [IPAddress.Loopback], Scope = AddressScope.Private, Bootstrap = [other.LocalEndpoints[0].ToString()] })
    .UseDataFolder(null)
    .UseMemory()
    .Bind(builder.Configuration));

WebApplication application = builder.Build();
application.MapHealthChecks("/health/live", Only(KadstoneServiceCollectionExtensions.LiveTag));
application.MapHealthChecks("/health/ready", Only(KadstoneServiceCollectionExtensions.ReadyTag));
application.MapHealthChecks("/health/reachable", Only(KadstoneServiceCollectionExtensions.ReachableTag));
application.MapGet("/metrics", (PrometheusText metrics) => Results.Text(metrics.Write(), PrometheusText.ContentType));
application.MapPost("/peers/{infoHash}", async (string infoHash, int port, MainlineDht dht, CancellationToken cancellationToken) =>
    (await dht.AnnouncePeerAsync(Key160.Read(Convert.FromHexString(infoHash)), port, cancellationToken: cancellationToken)).Commit.Stored);
application.MapGet("/peers/{infoHash}", async (string infoHash, MainlineDht dht, CancellationToken cancellationToken) =>
{
    List<string> peers = [];
    await foreach (UdpEndpoint peer in dht.GetPeersAsync(Key160.Read(Convert.FromHexString(infoHash))).WithCancellation(cancellationToken))
    {
        peers.Add(peer.ToString());
    }

    return peers;
});

await application.StartAsync();
await application.Services.GetRequiredService<MainlineDht>().WaitForNetworkAsync();

using HttpClient client = new() { BaseAddress = new Uri(application.Urls.First()) };
const string InfoHash = "2b66980093bc11806fab50cb3cb41835b95a0362";
using HttpResponseMessage announced = await client.PostAsync(new Uri($"/peers/{InfoHash}?port=4242", UriKind.Relative), null);
Console.WriteLine($"announced at {await announced.Content.ReadAsStringAsync()} nodes");
Console.WriteLine($"found {await client.GetStringAsync(new Uri($"/peers/{InfoHash}", UriKind.Relative))}");
Console.WriteLine($"reachable: {await client.GetStringAsync(new Uri("/health/reachable", UriKind.Relative))}");
string metrics = await client.GetStringAsync(new Uri("/metrics", UriKind.Relative));
Console.WriteLine(metrics.Split('\n').First(line => line.StartsWith("kadstone_routing_table_contacts", StringComparison.Ordinal)));
await application.StopAsync();
Console.WriteLine("closed");

static HealthCheckOptions Only(string tag) => new() { Predicate = check => check.Tags.Contains(tag) };
