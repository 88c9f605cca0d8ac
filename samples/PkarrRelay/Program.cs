// A pkarr relay: DNS records signed by a key, over HTTP. Run it: dotnet run --project samples/PkarrRelay
using System.Net;
using Kadstone.Daemon.Pkarr;
using Kadstone.Datagrams;
using Kadstone.Mainline;

// On the public network this would be new MainlineOptions { Bootstrap = MainlineOptions.PublicRouters }, and no other node.
MainlineOptions local = new() { Addresses = [IPAddress.Loopback], Scope = AddressScope.Private, Diversity = false };
await using MainlineDht other = await MainlineDht.CreateAsync(local);
await using MainlineDht dht = await MainlineDht.CreateAsync(local with { Bootstrap = [other.LocalEndpoints[0].ToString()] });
await using PkarrRelay relay = await PkarrRelay.StartAsync(dht, new PkarrRelayOptions { Endpoint = new IPEndPoint(IPAddress.Loopback, 0) });
Console.WriteLine($"http://{relay.Endpoint}/KEY, until Enter");
Console.ReadLine();
Console.WriteLine($"kept {relay.Kept().Count} packets");
