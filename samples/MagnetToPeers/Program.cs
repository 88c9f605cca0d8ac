// From a magnet link to the peers of its torrent. Run it: dotnet run --project samples/MagnetToPeers
using System.Net;
using Kadstone.Datagrams;
using Kadstone.Kademlia;
using Kadstone.Mainline;

// On the public network this would be new MainlineOptions { Bootstrap = MainlineOptions.PublicRouters }, and no friend who announces.
MainlineOptions local = new() { Addresses = [IPAddress.Loopback], Scope = AddressScope.Private, Diversity = false };
MagnetLink link = MagnetLink.Parse("magnet:?xt=urn:btih:8ac3731ad4b039c05393b5404afa6e7397810b41&dn=a%20small%20torrent");
await using MainlineDht friend = await MainlineDht.CreateAsync(local);
await using MainlineDht dht = await MainlineDht.CreateAsync(local with { Bootstrap = [friend.LocalEndpoints[0].ToString()] });
await friend.ConnectAsync(dht.LocalEndpoints[0]);
await friend.AnnouncePeerAsync(link.InfoHash ?? default, port: 6881);
Key160 infoHash = await dht.ResolveAsync(link) ?? throw new InvalidOperationException("Nobody knows where the link leads.");
await foreach (UdpEndpoint peer in dht.GetPeersAsync(infoHash))
{
    Console.WriteLine($"{link.Name}: {peer}");
}
