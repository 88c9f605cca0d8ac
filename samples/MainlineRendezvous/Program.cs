// Two peers of an infohash meet on a little network of this process's own. Run it: dotnet run --project samples/MainlineRendezvous
using System.Net;
using Kadstone.Datagrams;
using Kadstone.Kademlia;
using Kadstone.Mainline;

// On the public network this would be new MainlineOptions { Bootstrap = MainlineOptions.PublicRouters }.
// Here all nodes share one loopback address, which Mainline would take for one liar with many ids: so no diversity.
MainlineOptions local = new() { Addresses = [IPAddress.Loopback], Scope = AddressScope.Private, Diversity = false };
Key160 infoHash = Key160.Read(Convert.FromHexString("8ac3731ad4b039c05393b5404afa6e7397810b41"));

await using MainlineDht first = await MainlineDht.CreateAsync(local);
await using MainlineDht second = await MainlineDht.CreateAsync(local);
await second.ConnectAsync(first.LocalEndpoints[0]);
await using MainlineDht friend = await MainlineDht.CreateAsync(local);
await friend.ConnectAsync(second.LocalEndpoints[0]);

// Create a node, on a port of the kernel's choice.
await using MainlineDht node = await MainlineDht.CreateAsync(local);
Console.WriteLine($"created {node.Id} on port {node.Port}");

// Connect to known nodes: with the id only that node will do, without it is learnt.
NodeContact known = await node.ConnectAsync(first.LocalEndpoints[0], first.Id);
Console.WriteLine($"connected to {known.Id}, whose id we knew");
NodeContact learnt = await node.ConnectAsync(second.LocalEndpoints[0]);
Console.WriteLine($"connected to {learnt.Id}, whose id we learnt");

// Wait for someone to appear.
TaskCompletionSource<PeerFound> met = new(TaskCreationOptions.RunContinuationsAsynchronously);
node.PeerFound += (_, found) =>
{
    // Other people's business, or ourselves.
    if (!found.IsAdvertised || found.Peer.Port == 13589)
    {
        return;
    }

    Console.WriteLine($"found {found.Peer} for {found.InfoHash}");
    node.Close();
    met.SetResult(found);
};

// Tell everyone that we have something to offer; so does a friend.
Advertisement offer = node.Advertise(infoHash, port: 13589);
Console.WriteLine($"advertised at {await offer.WaitForFirstAsync()} nodes");
await friend.AnnouncePeerAsync(infoHash, port: 4242);
await met.Task.WaitAsync(TimeSpan.FromSeconds(20));

// What a node knew survives it: id, port and contacts, also as JSON.
MainlineState state = node.Save();
Console.WriteLine($"saved {state.Nodes.Count} contacts");
await using (MainlineDht old = await MainlineDht.CreateAsync(local, state))
{
    Console.WriteLine($"created {old.Id} again, with {await old.WaitForNetworkAsync()} contacts");
}

Console.WriteLine("closed");
