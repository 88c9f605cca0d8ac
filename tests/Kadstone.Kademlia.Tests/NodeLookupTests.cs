namespace Kadstone.Kademlia.Tests;

public sealed class NodeLookupTests
{
    private static readonly Key160 Target = new(0, 0, 0);
    private static readonly Instant Start = new(0);
    private uint _address = 0x01000000;

    [Fact]
    public void The_nearest_seeds_are_asked_first_no_more_than_its_parallelism()
    {
        Peer[] peers = PeersAt(9, 1, 5, 3, 7, 2);
        NodeLookup<Key160, Peer> lookup = Lookup(peers);

        Ask(lookup, Start).ShouldBe([peers[1], peers[5], peers[3], peers[2]]);
        lookup.Asked.ShouldBe(4);
        lookup.Silent.ShouldBe(4);
        lookup.NextDeadline.ShouldBe(After(1));
    }

    [Fact]
    public void It_ends_when_the_closest_have_all_answered()
    {
        Peer[] peers = PeersAt(1, 2, 3, 4, 5, 6, 7, 8, 9, 10);
        NodeLookup<Key160, Peer> lookup = Lookup(peers);
        for (int i = 0; i < 8; i++)
        {
            lookup.IsFinished.ShouldBeFalse();
            Ask(lookup, Start);
            lookup.Answer(peers[i], [], Start);
        }

        lookup.End.ShouldBe(LookupEnd.Quorum);
        lookup.Asked.ShouldBe(8, "the ninth and tenth are not among the closest");
        Closest(lookup).ShouldBe(peers[..8]);
        lookup.NextDeadline.ShouldBe(Instant.Never);
    }

    [Fact]
    public void A_failed_contact_is_passed_over()
    {
        Peer[] peers = PeersAt(1, 2, 3, 4, 5, 6, 7, 8, 9);
        NodeLookup<Key160, Peer> lookup = Lookup(peers);
        Ask(lookup, Start);
        lookup.Fail(peers[2], Start);
        foreach (Peer peer in peers.Except([peers[2]]))
        {
            Ask(lookup, Start);
            lookup.Answer(peer, [], Start);
        }

        lookup.End.ShouldBe(LookupEnd.Quorum);
        lookup.Failed.ShouldBe(1);
        Closest(lookup).ShouldBe(peers.Except([peers[2]]).ToArray());
    }

    [Fact]
    public void A_late_contact_gives_up_its_slot_but_may_still_answer()
    {
        Peer[] peers = PeersAt(1, 2, 3, 4, 5);
        NodeLookup<Key160, Peer> lookup = Lookup(peers);
        Ask(lookup, Start);

        Ask(lookup, After(0.999)).ShouldBeEmpty();
        Ask(lookup, After(1)).ShouldBe([peers[4]]);
        lookup.Steps[0].State.ShouldBe(LookupStepState.Late);
        lookup.Answer(peers[0], [], After(2.5));

        Closest(lookup).ShouldBe([peers[0]]);
        lookup.Steps[0].State.ShouldBe(LookupStepState.Answered);
        lookup.Steps[0].AnsweredAt.ShouldBe(After(2.5));
    }

    [Fact]
    public void The_end_does_not_wait_for_a_late_contact()
    {
        Peer[] peers = PeersAt(1, 2, 3, 4, 5, 6, 7, 8, 9);
        NodeLookup<Key160, Peer> lookup = Lookup(peers);
        Ask(lookup, Start);
        for (int i = 1; i < 9; i++)
        {
            Ask(lookup, After(1));
            lookup.Answer(peers[i], [], After(1));
        }

        lookup.End.ShouldBe(LookupEnd.Quorum);
        lookup.Silent.ShouldBe(1);
    }

    [Fact]
    public void With_too_few_answers_a_late_contact_is_waited_for_until_it_fails()
    {
        Peer[] peers = PeersAt(1, 2);
        NodeLookup<Key160, Peer> lookup = Lookup(peers);
        Ask(lookup, Start);
        lookup.Answer(peers[1], [], Start);

        Ask(lookup, After(2));
        lookup.IsFinished.ShouldBeFalse();
        lookup.NextDeadline.ShouldBe(Instant.Never);
        lookup.Fail(peers[0], After(3));

        lookup.End.ShouldBe(LookupEnd.Exhausted);
    }

    [Fact]
    public void Once_the_nearest_are_known_the_closing_wave_asks_all_of_them_at_once()
    {
        Peer[] peers = PeersAt(8, 9, 10, 11, 12);
        Peer[] nearer = PeersAt(1, 2, 3, 4, 5);
        NodeLookup<Key160, Peer> lookup = Lookup(peers);
        Ask(lookup, Start);

        lookup.Answer(peers[0], nearer, Start);

        Ask(lookup, Start).ShouldBe(nearer, "an answer of five of eight told all");
    }

    [Fact]
    public void While_answers_only_lead_nearer_the_closing_wave_waits()
    {
        Peer[] peers = PeersAt(1000, 1001, 1002, 1003);
        Peer[] nearer = PeersAt(1, 2, 3, 4, 5, 6, 7, 8);
        NodeLookup<Key160, Peer> lookup = Lookup(peers);
        Ask(lookup, Start);

        lookup.Answer(peers[0], nearer, Start);
        Ask(lookup, Start).ShouldBe([nearer[0]]);
        lookup.Answer(peers[1], nearer, Start);
        Ask(lookup, Start).ShouldBe(nearer[1..], "the second answer changed nothing among the nearest");
    }

    [Fact]
    public void Seeds_farther_than_the_quorum_are_never_asked()
    {
        Peer[] seeds = PeersAt(100, 101, 102, 103, 104, 105, 106, 107);
        Peer[] nearer = PeersAt(1, 2, 3, 4, 5, 6, 7, 8);
        NodeLookup<Key160, Peer> lookup = Lookup(seeds);
        Ask(lookup, Start);
        foreach (Peer seed in seeds[..4])
        {
            lookup.Answer(seed, nearer, Start);
            Ask(lookup, Start);
        }

        lookup.Asked.ShouldBe(12);
    }

    [Fact]
    public void Only_contacts_that_were_asked_are_heard_and_only_once()
    {
        Peer[] peers = PeersAt(1, 2, 3, 4, 5);
        NodeLookup<Key160, Peer> lookup = Lookup(peers);
        Ask(lookup, Start);
        Peer stranger = PeerAt(0);

        lookup.Answer(stranger, PeersAt(6), Start);
        lookup.Answer(peers[4], PeersAt(7), Start);
        lookup.Answer(peers[0], PeersAt(8), Start);
        lookup.Answer(peers[0], PeersAt(9), Start);
        lookup.Fail(peers[0], Start);
        lookup.Fail(stranger, Start);

        lookup.Answered.ShouldBe(1);
        lookup.Failed.ShouldBe(0);
        Closest(lookup).ShouldBe([peers[0]]);
    }

    [Fact]
    public void An_answer_adds_its_nearest_contacts_up_to_the_width()
    {
        Peer[] flood = PeersAt([.. Enumerable.Range(0, 100).Select(i => (uint)(200 - i))]);
        NodeLookup<Key160, Peer> lookup = Lookup(PeersAt(300), new LookupOptions { Parallelism = 100, Quorum = 100 });
        Peer seed = Ask(lookup, Start).Single();

        lookup.Answer(seed, flood, Start);

        Ask(lookup, Start).ShouldBe(flood[^8..].Reverse().ToArray());
    }

    [Fact]
    public void A_liar_who_claims_a_true_nodes_key_first_does_not_hide_it()
    {
        Peer truth = PeerAt(1);
        Peer liar = PeerAt(1);
        NodeLookup<Key160, Peer> lookup = Lookup([liar, truth]);

        Ask(lookup, Start).ShouldBe([liar, truth]);
    }

    [Fact]
    public void A_liar_who_names_a_true_endpoint_with_a_wrong_key_does_not_hide_it()
    {
        Peer truth = PeerAt(1);
        Peer far = new(KeyAt(1 << 30), truth.Address);
        NodeLookup<Key160, Peer> lookup = Lookup([far, truth], new LookupOptions { Parallelism = 1 });

        lookup.TryNext(Start, out Peer asked).ShouldBeTrue();
        asked.Key.ShouldBe(truth.Key);
    }

    [Fact]
    public void A_contact_that_answers_under_another_key_is_asked_once_more_under_that_key()
    {
        Peer truth = PeerAt(9);
        Peer[] lies = [new(KeyAt(1), truth.Address), new(KeyAt(2), truth.Address)];
        Peer bait = PeerAt(5);
        NodeLookup<Key160, Peer> lookup = Lookup([.. lies, truth]);
        Ask(lookup, Start).Length.ShouldBe(2, "an endpoint stands under two keys at most");

        lookup.Answer(truth, [bait], Start);

        lookup.Failed.ShouldBe(1);
        Ask(lookup, Start).ShouldHaveSingleItem().Key.ShouldBe(truth.Key);
        lookup.Answer(truth, [], Start);
        Closest(lookup).ShouldHaveSingleItem().Key.ShouldBe(truth.Key);
        lookup.Steps.ShouldNotContain(step => step.Contact == bait);
    }

    [Fact]
    public void An_endpoint_that_always_answers_under_a_new_key_is_asked_three_times()
    {
        NodeLookup<Key160, Peer> lookup = Lookup([new(KeyAt(1000), 77)]);
        for (uint key = 999; lookup.TryNext(Start, out _); key--)
        {
            lookup.Answer(new Peer(KeyAt(key), 77), [], Start);
        }

        lookup.Asked.ShouldBe(3);
        lookup.End.ShouldBe(LookupEnd.Exhausted);
    }

    [Fact]
    public void When_full_the_farthest_unasked_contact_makes_room()
    {
        Peer[] seeds = PeersAt(100, 101, 102, 103);
        NodeLookup<Key160, Peer> lookup = Lookup(seeds, new LookupOptions { MaxCandidates = 5, Parallelism = 2 });
        Ask(lookup, Start);
        Peer[] nearer = PeersAt(1, 2, 3, 4);

        lookup.Answer(seeds[0], nearer, Start);
        Ask(lookup, Start).ShouldBe(nearer[..3], "two were asked, so three places are left");
        lookup.Steps.Count.ShouldBe(5);
    }

    [Fact]
    public void It_stops_at_its_limit_of_requests()
    {
        NodeLookup<Key160, Peer> lookup = Lookup(PeersAt(1, 2, 3, 4, 5, 6), new LookupOptions { MaxRequests = 3, Parallelism = 2 });
        while (lookup.TryNext(Start, out Peer peer))
        {
            lookup.Fail(peer, Start);
        }

        lookup.End.ShouldBe(LookupEnd.RequestLimit);
        lookup.Asked.ShouldBe(3);
    }

    [Fact]
    public void Without_seeds_it_is_exhausted_until_late_seeds_revive_it()
    {
        NodeLookup<Key160, Peer> lookup = Lookup([]);
        lookup.TryNext(Start, out _).ShouldBeFalse();
        lookup.End.ShouldBe(LookupEnd.Exhausted);

        Peer seed = PeerAt(1);
        lookup.AddSeeds([seed]);

        lookup.IsFinished.ShouldBeFalse();
        Ask(lookup, Start).ShouldBe([seed]);
    }

    [Fact]
    public void Once_stopped_it_asks_nobody_and_keeps_what_it_found()
    {
        Peer[] peers = PeersAt(1, 2, 3, 4, 5, 6);
        NodeLookup<Key160, Peer> lookup = Lookup(peers);
        Ask(lookup, Start);
        lookup.Answer(peers[0], [], Start);

        lookup.Stop();
        lookup.AddSeeds(PeersAt(0));

        lookup.End.ShouldBe(LookupEnd.Stopped);
        Ask(lookup, Start).ShouldBeEmpty();
        Closest(lookup).ShouldBe([peers[0]]);
    }

    [Fact]
    public void Every_step_tells_who_introduced_it_and_how_many_hops_it_took()
    {
        Peer seed = PeerAt(100);
        Peer middle = PeerAt(10);
        Peer near = PeerAt(1);
        NodeLookup<Key160, Peer> lookup = Lookup([seed]);
        Ask(lookup, Start);
        lookup.Answer(seed, [middle], After(0.1));
        Ask(lookup, After(0.1));
        lookup.Answer(middle, [near], After(0.2));
        Ask(lookup, After(0.2));
        lookup.Fail(near, After(0.3));

        lookup.Steps.ShouldBe([
            new LookupStep<Peer>(seed, -1, 1, Start, After(0.1), LookupStepState.Answered),
            new LookupStep<Peer>(middle, 0, 2, After(0.1), After(0.2), LookupStepState.Answered),
            new LookupStep<Peer>(near, 1, 3, After(0.2), null, LookupStepState.Failed),
        ]);
        lookup.MaxHops.ShouldBe(3);
    }

    [Fact]
    public void Any_run_of_answers_failures_and_silence_ends_within_its_limits()
    {
        for (int seed = 0; seed < 200; seed++)
        {
            Random chance = new(seed);
            Peer Any() => new(KeyAt((uint)chance.Next(1000)), (uint)chance.Next(64) * 32, (ushort)chance.Next(1, 3));
            LookupOptions options = new() { Diversity = seed % 2 == 0 ? new DiversityLimits() : null, MaxCandidates = 40, MaxRequests = 60 };
            NodeLookup<Key160, Peer> lookup = Lookup([Any(), Any(), Any()], options);
            List<Peer> open = [];
            Instant now = Start;
            for (int step = 0; step < 5000 && !lookup.IsFinished; step++)
            {
                open.AddRange(Ask(lookup, now));
                lookup.Silent.ShouldBe(open.Count, $"seed {seed}");
                now += TimeSpan.FromMilliseconds(chance.Next(400));
                if (open.Count > 0 && chance.Next(3) > 0)
                {
                    int i = chance.Next(open.Count);
                    Peer peer = open[i];
                    open.RemoveAt(i);
                    if (chance.Next(3) == 0)
                    {
                        lookup.Fail(peer, now);
                    }
                    else
                    {
                        lookup.Answer(peer, [.. Enumerable.Range(0, chance.Next(20)).Select(_ => Any())], now);
                    }
                }
            }

            lookup.IsFinished.ShouldBeTrue($"seed {seed}");
            lookup.Asked.ShouldBeLessThanOrEqualTo(60, $"seed {seed}");
            Peer[] closest = Closest(lookup);
            closest.ShouldBe(closest.OrderBy(peer => peer.Key ^ Target).ToArray(), $"seed {seed}");
        }
    }

    private static Instant After(double seconds) => Start + TimeSpan.FromSeconds(seconds);

    private static NodeLookup<Key160, Peer> Lookup(Peer[] seeds, LookupOptions? options = null) =>
        new(Target, options ?? new LookupOptions(), seeds);

    private static Key160 KeyAt(uint distance) => new(0, 0, distance);

    private Peer PeerAt(uint distance) => new(KeyAt(distance), _address += 256);

    private Peer[] PeersAt(params uint[] distances) => Array.ConvertAll(distances, PeerAt);

    private static Peer[] Ask(NodeLookup<Key160, Peer> lookup, Instant now)
    {
        List<Peer> asked = [];
        while (lookup.TryNext(now, out Peer peer))
        {
            asked.Add(peer);
        }

        return [.. asked];
    }

    private static Peer[] Closest(NodeLookup<Key160, Peer> lookup)
    {
        Peer[] closest = new Peer[8];
        return closest[..lookup.CopyClosest(closest)];
    }
}
