// A record store of one's own, and a node that keeps its items there over a restart. Run it: dotnet run --project samples/CustomStore
using System.Net;
using CustomStore;
using Kadstone.Datagrams;
using Kadstone.Mainline;
using Kadstone.Storage;

string path = Path.Combine(Path.GetTempPath(), $"kadstone-journal-{Environment.ProcessId}");
MainlineOptions local = new() { Addresses = [IPAddress.Loopback], Scope = AddressScope.Private, Diversity = false };
await using MainlineDht friend = await MainlineDht.CreateAsync(local);
PutItemResult put;

// A friend puts an item at our node. It is acknowledged once it stands in the journal.
await using (JournalStore store = await JournalStore.OpenAsync(path))
await using (MainlineDht node = await MainlineDht.CreateAsync(local with { Store = store }))
{
    await friend.ConnectAsync(node.LocalEndpoints[0]);
    put = await friend.PutImmutableAsync(ItemValue.FromText("hello"));
    Console.WriteLine($"stored at {put.Commit.Stored} node, which has {await store.CountAsync(Shelf.MainlineImmutable)} item");
}

// Node and store end. Another node with the same file has the item, and hands it out.
await using (JournalStore store = await JournalStore.OpenAsync(path))
await using (MainlineDht node = await MainlineDht.CreateAsync(local with { Store = store }))
{
    await friend.ConnectAsync(node.LocalEndpoints[0]);
    FoundItem? found = await friend.GetImmutableAsync(put.Target);
    Console.WriteLine($"after a restart: {found?.Value}");
}

File.Delete(path);
