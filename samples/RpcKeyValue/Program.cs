// A key-value store on a hundred nodes of this process, in the first generation's words. Run it: dotnet run --project samples/RpcKeyValue
using System.Collections.Concurrent;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using Kadstone.Datagrams;
using Kadstone.Hyperswarm;
using Kadstone.Kademlia;

RpcCommand store = new("store", 16);
RpcCommand lookup = new("lookup", 17);

// First a bootstrap node: others join through it, and nobody keeps it. For redundancy there may be several.
// All nodes share one loopback address here, which a node would take for one liar with many ids: so no diversity, and no rate limits.
RpcOptions local = new() { Host = IPAddress.Loopback, Scope = AddressScope.Private, Diversity = false, Limits = RateLimits.None };
await using Gen1RpcNode bootstrap = Gen1RpcNode.CreateBootstrapper(port: 0, local);
await bootstrap.ListenAsync();

// Now a hundred nodes that can store values.
RpcOptions joining = local with { Bootstrap = [bootstrap.LocalEndpoint.ToString()] };
Gen1RpcNode[] nodes = [.. Enumerable.Range(0, 100).Select(_ => CreateNode())];
await Task.WhenAll(nodes.Select(node => node.Ready));
Console.WriteLine($"{nodes.Length} nodes");

// To insert a value, commit a "store" to the 20 nodes closest to its hash. We are no part of the network ourselves.
await using Gen1RpcNode self = Gen1RpcNode.Create(joining with { Ephemeral = true });
byte[] value = Encoding.UTF8.GetBytes("hello from the hash table");
Key256 key = Hash(value);
RpcQuery insert = self.ClosestAsync(key, store, value);
await insert.ToListAsync();
Console.WriteLine($"inserted {key} at {insert.Commits} nodes");

// The one closest to it lies from now on: it answers with something else.
Gen1RpcNode liar = nodes.Single(node => node.Id == insert.Closest[0].Id);
liar.OnQuery(lookup, (_, _) => ValueTask.FromResult(new RpcReply("a wrong value"u8.ToArray())));

// To find it again, ask for "lookup", and believe nobody: only the value with this hash is it.
int rejected = 0;
string? found = null;
await foreach (RpcAnswer answer in self.QueryAsync(key, lookup))
{
    if (answer.Value is not ReadOnlyMemory<byte> bytes)
    {
        continue;
    }

    rejected += Hash(bytes.Span) == key ? 0 : 1;
    found = Hash(bytes.Span) == key ? Encoding.UTF8.GetString(bytes.Span) : found;
}

Console.WriteLine($"found '{found}', and {rejected} wrong value rejected");
await Task.WhenAll(nodes.Select(node => node.DisposeAsync().AsTask()));
Console.WriteLine("closed");

Gen1RpcNode CreateNode()
{
    Gen1RpcNode node = Gen1RpcNode.Create(joining);
    ConcurrentDictionary<Key256, ReadOnlyMemory<byte>> values = new();

    // We are among the closest, and somebody whose address is proved sends us a "store": the hash is the key, whatever they say.
    node.OnClosest(store, (request, _) =>
    {
        if (request.Value is ReadOnlyMemory<byte> stored)
        {
            values[Hash(stored.Span)] = stored;
        }

        return ValueTask.FromResult(RpcReply.Empty);
    });

    // Somebody asks for a "lookup".
    node.OnQuery(lookup, (request, _) => ValueTask.FromResult(
        values.TryGetValue(request.Target.GetValueOrDefault(), out ReadOnlyMemory<byte> stored) ? new RpcReply(stored) : RpcReply.Empty));
    return node;
}

static Key256 Hash(ReadOnlySpan<byte> value) => Key256.Read(SHA256.HashData(value));
