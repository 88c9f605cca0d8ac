namespace Kadstone.Kademlia.Tests;

public sealed class DiversityTests
{
    private static readonly Instant Start = new(0);
    private readonly Random _chance = new(11);

    [Fact]
    public void One_host_has_one_entry()
    {
        RoutingTable<Key160, Peer> table = Table(new DiversityLimits());
        Peer first = new(Keyspace.Random<Key160>(_chance), 0x01020304, 1000);

        table.Admit(first, Start).Kind.ShouldBe(AdmissionKind.Added);
        table.Admit(new Peer(Keyspace.Random<Key160>(_chance), 0x01020304, 1001), Start).Kind.ShouldBe(AdmissionKind.Refused);

        table.RefusedByDiversity.ShouldBe(1);
        table.Remove(first);
        table.Admit(new Peer(Keyspace.Random<Key160>(_chance), 0x01020304, 1001), Start).Kind.ShouldBe(AdmissionKind.Added);
    }

    [Fact]
    public void Ten_thousand_living_sybils_in_five_prefixes_hold_at_most_fifty_entries_and_evict_nobody()
    {
        RoutingTable<Key160, Peer> table = Table(new DiversityLimits());
        for (uint i = 0; i < 500; i++)
        {
            table.Admit(new Peer(Keyspace.Random<Key160>(_chance), 0x0a000001 + (i << 8)), Start);
        }

        Peer[] honest = [.. table.Entries.Select(entry => entry.Contact)];
        for (uint i = 0; i < 10_000; i++)
        {
            Key160 key = Keyspace.RandomInBucket(table.Self, _chance.Next(20), _chance);
            Admission<Peer> admission = table.Admit(new Peer(key, 0xc0000000 + (i % 5 << 8) + (i / 5 % 256), (ushort)(1024 + i / 1280)), Start + TimeSpan.FromSeconds(i / 10));
            if (admission.HasDoubtful)
            {
                table.Answered(admission.Doubtful, Start + TimeSpan.FromSeconds(i / 10));
            }
        }

        honest.ShouldAllBe(peer => table.Contains(peer));
        TableEntry<Peer>[] sybils = [.. table.Entries.Where(entry => entry.Contact.Address >= 0xc0000000)];
        sybils.Length.ShouldBeLessThanOrEqualTo(50);
        sybils.CountBy(entry => entry.Contact.Prefix).ShouldAllBe(prefix => prefix.Value <= 10);
        sybils.CountBy(entry => (entry.Contact.Prefix, entry.Bucket)).ShouldAllBe(prefix => prefix.Value <= 2);
    }

    [Fact]
    public void One_prefix_cannot_flush_the_replacements_of_the_others()
    {
        RoutingTable<Key160, Peer> table = Table(new DiversityLimits());
        Peer[] old = [.. Enumerable.Range(0, 8).Select(i => InBucketZero(table, 0x0a000001 + ((uint)i << 8)))];
        Peer honest = InBucketZero(table, 0x0b000001);
        foreach (Peer peer in old.Append(honest))
        {
            table.Admit(peer, Start);
        }

        for (uint i = 0; i < 100; i++)
        {
            table.Admit(InBucketZero(table, 0xc0000000 + i), Start);
        }

        for (int i = 0; i < 3; i++)
        {
            table.Remove(old[i]);
        }

        table.Contains(honest).ShouldBeTrue();
        table.Entries.Count(entry => entry.Contact.Address >= 0xc0000000).ShouldBe(2);
    }

    [Fact]
    public void Without_limits_a_whole_network_may_live_on_one_host()
    {
        RoutingTable<Key160, Peer> table = Table(null);
        for (ushort port = 1; port <= 8; port++)
        {
            table.Admit(new Peer(Keyspace.RandomInBucket(table.Self, 0, _chance), 0x7f000001, port), Start);
        }

        table.Count.ShouldBe(8);
    }

    private Peer InBucketZero(RoutingTable<Key160, Peer> table, uint address) =>
        new(Keyspace.RandomInBucket(table.Self, 0, _chance), address);

    private RoutingTable<Key160, Peer> Table(DiversityLimits? limits) =>
        new(Keyspace.Random<Key160>(_chance), new RoutingTableOptions { Diversity = limits }, _chance);
}
