// Two peers of a topic meet, on each wire of Hyperswarm. Run it: dotnet run --project samples/HyperRendezvous
using System.Net;
using System.Text;
using Kadstone.Datagrams;
using Kadstone.Hyperswarm;
using Kadstone.Kademlia;

// A topic of 32 bytes.
Key256 topic = Key256.Read(Encoding.ASCII.GetBytes("01234567012345670123456701234567"));

// All nodes share one loopback address here, which a node would take for one liar with many ids: so no diversity.
HyperDhtOptions local = new() { Host = IPAddress.Loopback, Scope = AddressScope.Private, Diversity = false };

// The first generation. A bootstrap node, and two nodes that join through it.
await using (Gen1RpcNode bootstrap = Gen1RpcNode.CreateBootstrapper(port: 0, local))
{
    await bootstrap.ListenAsync();
    RpcOptions joining = local with { Bootstrap = [bootstrap.LocalEndpoint.ToString()] };
    await using Gen1HyperDht a = Gen1HyperDht.Create(joining);
    await using Gen1HyperDht b = Gen1HyperDht.Create(joining);
    await MeetAsync("first generation", a, b);
}

// Today's wire: the same verbs. What is announced is signed, and found with the key that signed it.
await using (HyperDht bootstrap = await HyperDht.CreateAsync(local with { IsReachableAssumed = true }))
{
    HyperDhtOptions joining = local with { IsReachableAssumed = true, Bootstrap = [bootstrap.Node.LocalEndpoint.ToString()] };
    await using HyperDht a = HyperDht.Create(joining);
    await using HyperDht b = HyperDht.Create(joining);
    await MeetAsync("today's wire", a, b);
    Console.WriteLine($"b signs with {Convert.ToHexStringLower(b.PublicKey.Span)}");
}

async Task MeetAsync(string wire, IHyperDht a, IHyperDht b)
{
    await a.Node.Ready;

    // Announce on the key; the peers that are met on the way are of no interest here.
    await b.AnnounceAllAsync(topic, new AnnounceOptions { Port = 10000 });

    HashSet<string> met = [];
    await foreach (PeersFound found in a.LookupAsync(topic))
    {
        foreach (string peer in found.Peers.Select(peer => peer.ToString()).Where(met.Add))
        {
            string who = found.Records.Count == 0 ? "" : $" of {Convert.ToHexStringLower(found.Records[0].PublicKey.Span)}";
            Console.WriteLine($"{wire}: found {peer}{who}");
        }
    }

    await b.UnannounceAsync(topic, new AnnounceOptions { Port = 10000 });
    Console.WriteLine($"{wire}: {(await a.LookupAllAsync(topic)).Sum(found => found.Peers.Count)} peers after it was taken back");
}
