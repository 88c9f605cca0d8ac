namespace Kadstone.Kademlia.Tests;

/// <summary>The whole process is weighed, so nothing else may run meanwhile.</summary>
[CollectionDefinition(nameof(TableMemoryTests), DisableParallelization = true)]
public sealed class WeighedAlone;

/// <summary>Thousands of tables live in one simulated process.</summary>
[Collection(nameof(TableMemoryTests))]
public sealed class TableMemoryTests(ITestOutputHelper output)
{
    [Fact]
    public void A_table_of_sixty_entries_takes_less_than_eight_kilobytes()
    {
        const int Tables = 200;
        Random chance = new(1);
        RoutingTable<Key160, Peer>[] tables = new RoutingTable<Key160, Peer>[Tables];
        RoutingTableOptions options = new() { ReplacementSize = 0 };
        long before = GC.GetTotalMemory(forceFullCollection: true);
        for (int i = 0; i < Tables; i++)
        {
            tables[i] = new RoutingTable<Key160, Peer>(Keyspace.Random<Key160>(chance), options, chance);
            for (uint n = 0; n < 1000; n++)
            {
                tables[i].Admit(new Peer(Keyspace.Random<Key160>(chance), n << 8), new Instant(0));
            }
        }

        long each = (GC.GetTotalMemory(forceFullCollection: true) - before) / Tables;
        output.WriteLine($"{each} bytes a table of {tables.Average(table => table.Count):f0} entries");
        each.ShouldBeLessThan(8 * 1024);
    }
}
