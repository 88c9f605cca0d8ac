// Content is provided, and somebody else finds who provides it. Run it: dotnet run --project samples/ProvideCid
using System.Net;
using Kadstone.Ipfs;
using Kadstone.Libp2p;

// On the public network this would be new IpfsOptions { Bootstrap = [...] } and nothing else. Here four servers share one loopback address.
IpfsOptions local = new()
{
    Host = new Libp2pOptions { Listen = [Multiaddr.FromTcp(IPAddress.Loopback, 0)], Limits = HostLimits.OneMachine },
    Scope = KadScope.Lan,
    Policy = AddressPolicy.Any,
    Mode = KadMode.Server,
};
await using IpfsDht first = await IpfsDht.CreateAsync(local);
IpfsOptions joining = local with { Bootstrap = [first.Addresses[0].WithPeer(first.LocalPeer)] };
await using IpfsDht second = await IpfsDht.CreateAsync(joining);
await using IpfsDht provider = await IpfsDht.CreateAsync(joining);
await using IpfsDht seeker = await IpfsDht.CreateAsync(joining);
await Task.WhenAll(second.Ready, provider.Ready, seeker.Ready);

// A content is named by its hash. That we have it, the nodes nearest to that hash are told; the content itself stays with us.
Cid cid = Cid.OfRaw("hello from the hash table"u8);
ProvideOutcome outcome = await provider.ProvideAsync(cid);
Console.WriteLine($"provided {cid}: {outcome.Told} nodes told, {outcome.Failed} not reached");

// Found as they are named; one is enough here.
await foreach (PeerInfo found in seeker.FindProvidersAsync(cid, new FindProvidersOptions { NumProviders = 1 }))
{
    Console.WriteLine($"found {found.Id}, who is {(found.Id == provider.LocalPeer ? "the provider" : "somebody else")}, at {found.Addresses[0]}");
}
