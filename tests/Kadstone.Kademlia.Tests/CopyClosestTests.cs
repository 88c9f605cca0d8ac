using System.Diagnostics;

namespace Kadstone.Kademlia.Tests;

public sealed class CopyClosestTests(ITestOutputHelper output)
{
    [Fact]
    public void It_copies_exactly_the_closest_entries()
    {
        for (int seed = 0; seed < 40; seed++)
        {
            Random chance = new(seed);
            RoutingTable<Key160, Peer> table = Table(chance, contacts: 1 + chance.Next(400));
            Peer[] entries = [.. table.Entries.Select(entry => entry.Contact)];
            Peer[] buffer = new Peer[1 + chance.Next(24)];
            for (int i = 0; i < 200; i++)
            {
                Key160 target = i % 2 == 0
                    ? Keyspace.Random<Key160>(chance)
                    : Keyspace.RandomInBucket(table.Self, chance.Next(14), chance);

                int count = table.CopyClosest(target, buffer);

                Peer[] expected = [.. entries.OrderBy(peer => peer.Key ^ target).Take(buffer.Length)];
                buffer[..count].OrderBy(peer => peer.Key ^ target).ToArray().ShouldBe(expected, $"seed {seed}, target {target}");
            }
        }
    }

    [Fact]
    public void Sound_entries_come_first_failing_ones_fill_up_and_bad_ones_never_come()
    {
        Random chance = new(3);
        RoutingTable<Key160, Peer> table = Table(chance, contacts: 60);
        HashSet<Peer> failing = [];
        HashSet<Peer> bad = [];
        foreach (TableEntry<Peer> entry in table.Entries.ToArray())
        {
            int failures = chance.Next(3);
            for (int i = 0; i < failures; i++)
            {
                table.Failed(entry.Contact, new Instant(1));
            }

            (failures == 1 ? failing : failures == 2 ? bad : []).Add(entry.Contact);
        }

        Peer[] sound = [.. table.Entries.Select(entry => entry.Contact).Except(failing).Except(bad)];
        Peer[] buffer = new Peer[sound.Length + 3];
        Key160 target = Keyspace.Random<Key160>(chance);

        table.CopyClosest(target, buffer).ShouldBe(buffer.Length);

        buffer[..sound.Length].ShouldBe(sound, ignoreOrder: true);
        buffer[sound.Length..].ShouldBe(failing.OrderBy(peer => peer.Key ^ target).Take(3), ignoreOrder: true);
        table.CopyClosest(target, new Peer[200]).ShouldBe(sound.Length + failing.Count);
    }

    [Fact]
    public void Our_own_key_as_the_target_yields_our_neighbours()
    {
        RoutingTable<Key160, Peer> table = Table(new Random(5), contacts: 500);
        Peer[] buffer = new Peer[8];

        table.CopyClosest(table.Self, buffer).ShouldBe(8);

        buffer.ShouldBe(table.Entries.Select(entry => entry.Contact).OrderBy(peer => peer.Key ^ table.Self).Take(8), ignoreOrder: true);
    }

    [Fact]
    public void An_empty_table_and_an_empty_destination_yield_nothing()
    {
        Table(new Random(1), contacts: 0).CopyClosest(default, new Peer[8]).ShouldBe(0);
        Table(new Random(1), contacts: 100).CopyClosest(default, []).ShouldBe(0);
    }

    [Fact]
    public void It_allocates_nothing()
    {
        Random chance = new(9);
        RoutingTable<Key160, Peer> table = Table(chance, contacts: 2000);
        Key160[] targets = [.. Enumerable.Range(0, 1024).Select(_ => Keyspace.Random<Key160>(chance))];
        Peer[] buffer = new Peer[8];
        table.CopyClosest(targets[0], buffer);

        TimeSpan took = TimeSpan.Zero;
        Allocations.Least(() =>
        {
            long started = Stopwatch.GetTimestamp();
            for (int round = 0; round < 100; round++)
            {
                foreach (Key160 target in targets)
                {
                    table.CopyClosest(target, buffer);
                }
            }

            took = Stopwatch.GetElapsedTime(started);
        }).ShouldBe(0);
        output.WriteLine($"{took.TotalNanoseconds / (100 * targets.Length):f0} ns a call");
    }

    private static RoutingTable<Key160, Peer> Table(Random chance, int contacts)
    {
        RoutingTable<Key160, Peer> table = new(Keyspace.Random<Key160>(chance), new RoutingTableOptions(), chance);
        for (uint i = 0; i < contacts; i++)
        {
            table.Admit(new Peer(Keyspace.Random<Key160>(chance), 0x01000000 + (i << 8)), new Instant(0));
        }

        return table;
    }
}
