namespace Kadstone.Kademlia.Tests;

/// <summary>One node in five answers with its accomplices only (bar: what a single lookup achieves; disjoint lookups have to add the rest).</summary>
public sealed class LiarTests(ITestOutputHelper output)
{
    [Fact]
    public void With_one_liar_in_five_a_lookup_still_meets_an_honest_node_among_the_closest()
    {
        const int Lookups = 200;
        SimulatedNetwork network = new(10, 1000, bucketSize: 8);
        bool IsLiar(Peer peer) => SimulatedNetwork.IndexOf(peer) % 5 == 0;
        Peer[] liars = [.. network.Nodes.Where(IsLiar)];
        network.Reply = (peer, target, honest) =>
            IsLiar(peer) ? [.. liars.OrderBy(liar => liar.Key ^ target).Take(8)] : honest;
        int found = 0;
        int hits = 0;
        for (int i = 0; i < Lookups; i++)
        {
            Key160 target = Keyspace.Random<Key160>(network.Chance);
            int asker = 1 + 5 * network.Chance.Next(199);
            LookupRun run = network.Run(target, asker, new LookupOptions { Diversity = new DiversityLimits() });
            Peer[] honest = [.. network.TrueClosest(target, 9).Where(peer => SimulatedNetwork.IndexOf(peer) != asker).Take(8).Where(peer => !IsLiar(peer))];
            int met = run.Hits(honest);
            found += met > 0 ? 1 : 0;
            hits += met * 100 / honest.Length;
        }

        output.WriteLine($"found {100.0 * found / Lookups} %, met {hits / Lookups} % of the honest among the 8 closest");
        found.ShouldBeGreaterThan(Lookups * 90 / 100);
    }
}
