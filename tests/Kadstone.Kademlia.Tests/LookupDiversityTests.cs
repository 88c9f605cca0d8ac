namespace Kadstone.Kademlia.Tests;

public sealed class LookupDiversityTests
{
    private const uint Victim = 0xc0a80001;
    private static readonly Instant Start = new(0);
    private static readonly LookupOptions Options = new() { Diversity = new DiversityLimits() };

    [Fact]
    public void Answers_that_point_at_one_host_make_it_asked_four_times()
    {
        NodeLookup<Key160, Peer> lookup = Attack(Options, i => new Peer(new Key160(0, 0, i), Victim, (ushort)i));

        lookup.Steps.Count(step => step.Contact.Address == Victim).ShouldBe(4);
        lookup.Asked.ShouldBeLessThan(200);
    }

    [Fact]
    public void Answers_that_point_at_one_endpoint_make_it_asked_twice_even_without_limits()
    {
        NodeLookup<Key160, Peer> lookup = Attack(new LookupOptions(), i => new Peer(new Key160(0, 0, i), Victim, 1));

        lookup.Steps.Count(step => step.Contact.Address == Victim).ShouldBe(2);
    }

    [Fact]
    public void Two_contacts_of_one_prefix_count_among_the_closest()
    {
        Peer[] sybils = [.. Enumerable.Range(0, 8).Select(i => new Peer(new Key160(0, 0, (uint)i), 0xc0000000 + (uint)i))];
        Peer[] honest = [.. Enumerable.Range(0, 8).Select(i => new Peer(new Key160(0, 0, 100 + (uint)i), 0x01000000 + ((uint)i << 8)))];
        NodeLookup<Key160, Peer> lookup = new(default, Options, [.. sybils, .. honest]);
        while (lookup.TryNext(Start, out Peer peer))
        {
            lookup.Answer(peer, [], Start);
        }

        Peer[] closest = new Peer[8];
        lookup.CopyClosest(closest).ShouldBe(8);
        closest.ShouldBe([.. sybils[..2], .. honest[..6]]);
        lookup.End.ShouldBe(LookupEnd.Quorum);
    }

    [Fact]
    public void False_hints_into_a_prefix_do_not_hide_the_node_that_lives_there()
    {
        Peer truth = new(new Key160(0, 0, 50), 0x0a0b0c01);
        Peer[] hints = [.. Enumerable.Range(1, 3).Select(i => new Peer(new Key160(0, 0, (uint)i), 0x0a0b0c10 + (uint)i))];
        NodeLookup<Key160, Peer> lookup = new(default, Options, [.. hints, truth]);
        while (lookup.TryNext(Start, out Peer peer))
        {
            if (peer == truth)
            {
                lookup.Answer(peer, [], Start);
            }
            else
            {
                lookup.Fail(peer, Start);
            }
        }

        Peer[] closest = new Peer[8];
        closest[..lookup.CopyClosest(closest)].ShouldBe([truth]);
    }

    /// <summary>Every liar answers at once with eight hints at the victim, nearer each time, and eight liars more.</summary>
    private static NodeLookup<Key160, Peer> Attack(LookupOptions options, Func<uint, Peer> hint)
    {
        uint next = 60_000;
        uint liar = 0x01000000;
        Peer Liar() => new(new Key160(0, 0, next--), liar += 256);
        NodeLookup<Key160, Peer> lookup = new(default, options, [Liar(), Liar(), Liar()]);
        while (lookup.TryNext(Start, out Peer peer))
        {
            if (peer.Address == Victim)
            {
                lookup.Fail(peer, Start);
            }
            else
            {
                lookup.Answer(peer, [.. Enumerable.Range(0, 8).Select(i => i % 2 == 0 ? Liar() : hint(next--))], Start);
            }
        }

        lookup.IsFinished.ShouldBeTrue();
        return lookup;
    }
}
