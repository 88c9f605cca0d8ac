// Networks for tests: real nodes on loopback, and a protocol of one's own in virtual time. Run it: dotnet run --project samples/TestNetwork
using System.Net;
using System.Security.Cryptography;
using Kadstone.Datagrams;
using Kadstone.Kademlia;
using Kadstone.Mainline;
using Kadstone.Simulation;
using TestNetwork;

// Twenty nodes in this process. Each has an address in a network of its own, as in life, so all limits stay on; and an id, so that every run is alike.
MainlineOptions At(int n) => new()
{
    Addresses = [IPAddress.Parse($"127.78.{n}.1")],
    Scope = AddressScope.Private,
    Id = Key160.Read(SHA256.HashData([(byte)n]).AsSpan(0, 20)),
};
List<MainlineDht> nodes = [await MainlineDht.CreateAsync(At(1))];
string[] bootstrap = [nodes[0].LocalEndpoints[0].ToString()];
for (int n = 2; n <= 20; n++)
{
    nodes.Add(await MainlineDht.CreateAsync(At(n) with { Bootstrap = bootstrap }));
}

await Task.WhenAll(nodes.Select(node => node.WaitForNetworkAsync()));
Console.WriteLine($"{nodes.Count} nodes");

// What is announced is still found when half of the network is gone, the announcer among them.
Key160 infoHash = Key160.Read(Convert.FromHexString("8ac3731ad4b039c05393b5404afa6e7397810b41"));
await nodes[3].AnnouncePeerAsync(infoHash, port: 4242);
await Task.WhenAll(nodes.Take(10).Select(node => node.DisposeAsync().AsTask()));
await foreach (UdpEndpoint peer in nodes[^1].GetPeersAsync(infoHash))
{
    Console.WriteLine($"ten are gone, and {peer} is found");
    break;
}

await Task.WhenAll(nodes.Skip(10).Select(node => node.DisposeAsync().AsTask()));

// In virtual time: four of five datagrams are lost, and an hour of it takes no time. Twice with one seed, and event for event the same.
Replay.Twice(seed: 42, seed =>
{
    SimulatedNetwork network = new(seed, LinkOptions.Healthy with { Loss = 0.8 });
    SimulatedNode<Greeter> alice = network.AddHost().Bind(new Greeter(), port: 4000);
    SimulatedNode<Greeter> bob = network.AddHost().Bind(new Greeter(), port: 4000);
    alice.Run((protocol, now) => protocol.Greet(bob.LocalEndpoint(), now));
    network.Require(() => alice.Protocol.IsGreeted, TimeSpan.FromHours(1), "alice hears from bob");
    Console.WriteLine($"greeted after {alice.Protocol.Hellos} hellos and {network.Elapsed.TotalSeconds:0} virtual seconds, trace {network.TraceHash:x16}");
    return network;
});
