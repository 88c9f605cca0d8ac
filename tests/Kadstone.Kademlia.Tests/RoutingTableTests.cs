namespace Kadstone.Kademlia.Tests;

public sealed class RoutingTableTests
{
    private static readonly Key160 Self = new(1, 2, 3);
    private static readonly Instant Start = new(0);
    private readonly Random _chance = new(7);
    private uint _address = 0x01000000;

    [Fact]
    public void An_admitted_contact_is_an_entry_in_the_bucket_of_its_common_prefix()
    {
        RoutingTable<Key160, Peer> table = Table();
        Peer peer = PeerIn(5);

        table.Admit(peer, Start).Kind.ShouldBe(AdmissionKind.Added);

        TableEntry<Peer> entry = table.Entries.ShouldHaveSingleItem();
        entry.Contact.ShouldBe(peer);
        entry.Bucket.ShouldBe(5);
        entry.Failures.ShouldBe(0);
        table.Contains(peer).ShouldBeTrue();
        table.Count.ShouldBe(1);
    }

    [Fact]
    public void We_are_no_entry_of_our_own_table() => Table().Admit(new Peer(Self, 1), Start).Kind.ShouldBe(AdmissionKind.Refused);

    [Fact]
    public void A_known_contact_is_refreshed()
    {
        RoutingTable<Key160, Peer> table = Table();
        Peer peer = PeerIn(5);
        table.Admit(peer, Start);

        table.Admit(peer, After(60)).Kind.ShouldBe(AdmissionKind.Refreshed);

        table.Entries.ShouldHaveSingleItem().LastSeen.ShouldBe(After(60));
        table.Entries.ShouldHaveSingleItem().Added.ShouldBe(Start);
    }

    [Fact]
    public void A_second_contact_under_a_living_entrys_key_waits_until_the_entry_is_found_dead()
    {
        RoutingTable<Key160, Peer> table = Table();
        Peer first = PeerIn(5);
        Peer moved = new(first.Key, 0x7F000001);
        table.Admit(first, Start);

        table.Admit(moved, After(5)).ShouldBe(new Admission<Peer>(AdmissionKind.Full, false, default), "the entry was just heard of");
        Admission<Peer> contested = table.Admit(moved, After(60));
        contested.ShouldBe(new Admission<Peer>(AdmissionKind.Full, true, first));
        table.Entries.ShouldHaveSingleItem().Contact.ShouldBe(first);

        table.Failed(first, After(61));
        table.Failed(first, After(62));
        table.Entries.ShouldHaveSingleItem().Contact.ShouldBe(moved);
    }

    [Fact]
    public void A_full_bucket_of_living_entries_keeps_the_newcomer_as_a_replacement_only()
    {
        RoutingTable<Key160, Peer> table = Table();
        Peer[] old = Fill(table, bucket: 3);

        Admission<Peer> admission = table.Admit(PeerIn(3), After(1));

        admission.Kind.ShouldBe(AdmissionKind.Full);
        admission.HasDoubtful.ShouldBeFalse();
        old.ShouldAllBe(peer => table.Contains(peer));
        table.Count.ShouldBe(8);
    }

    [Fact]
    public void The_first_buckets_may_be_wider_than_the_others()
    {
        RoutingTable<Key160, Peer> table = Table(new RoutingTableOptions { FirstBucketSizes = [20, 10] });
        for (int bucket = 0; bucket < 4; bucket++)
        {
            for (int i = 0; i < 30; i++)
            {
                table.Admit(PeerIn(bucket), Start);
            }
        }

        int[] sizes = [.. table.Entries.GroupBy(entry => entry.Bucket).OrderBy(bucket => bucket.Key).Select(bucket => bucket.Count())];
        sizes.ShouldBe([20, 10, 8, 8]);
        Enumerable.Range(0, 4).ShouldAllBe(bucket => !table.HasRoomFor(PeerIn(bucket).Key));
        Should.Throw<ArgumentOutOfRangeException>(() => Table(new RoutingTableOptions { FirstBucketSizes = [0] }));
    }

    [Fact]
    public void A_full_bucket_names_the_entry_silent_longest_once()
    {
        RoutingTable<Key160, Peer> table = Table();
        Peer[] old = Fill(table, bucket: 3);
        for (int i = 0; i < 8; i++)
        {
            table.Answered(old[i], After(10 + ((i + 5) % 8)));
        }

        Admission<Peer> first = table.Admit(PeerIn(3), After(2000));
        Admission<Peer> second = table.Admit(PeerIn(3), After(2000));

        first.HasDoubtful.ShouldBeTrue();
        first.Doubtful.ShouldBe(old[3]);
        second.Doubtful.ShouldBe(old[4]);
    }

    [Fact]
    public void A_bad_entry_is_replaced_at_once_by_the_freshest_replacement()
    {
        RoutingTable<Key160, Peer> table = Table();
        Peer[] old = Fill(table, bucket: 3);
        Peer stale = PeerIn(3);
        Peer fresh = PeerIn(3);
        table.Admit(stale, After(1));
        table.Admit(fresh, After(2));

        table.Failed(old[0], After(3));
        table.Contains(old[0]).ShouldBeTrue();
        table.Failed(old[0], After(4));

        table.Contains(old[0]).ShouldBeFalse();
        table.Contains(fresh).ShouldBeTrue();
        table.Contains(stale).ShouldBeFalse();
        table.Count.ShouldBe(8);
    }

    [Fact]
    public void A_replacement_that_fails_is_forgotten()
    {
        RoutingTable<Key160, Peer> table = Table();
        Peer[] old = Fill(table, bucket: 3);
        Peer replacement = PeerIn(3);
        table.Admit(replacement, After(1));
        table.Failed(replacement, After(2));

        table.Failed(old[0], After(3));
        table.Failed(old[0], After(4));

        table.Contains(replacement).ShouldBeFalse();
        table.Contains(old[0]).ShouldBeTrue();
    }

    [Fact]
    public void A_bad_entry_without_a_replacement_stays_but_is_not_handed_out_and_is_dropped_in_the_end()
    {
        RoutingTable<Key160, Peer> table = Table();
        Peer peer = PeerIn(3);
        table.Admit(peer, Start);

        table.Failed(peer, After(1));
        Closest(table, peer.Key, 8).ShouldContain(peer, "one failure is no proof");
        table.Failed(peer, After(2));
        Closest(table, peer.Key, 8).ShouldBeEmpty();
        table.Contains(peer).ShouldBeTrue();

        table.Failed(peer, After(3));
        table.Failed(peer, After(4));
        table.Failed(peer, After(5));
        table.Contains(peer).ShouldBeFalse();
        table.Count.ShouldBe(0);
    }

    [Fact]
    public void A_newcomer_takes_the_place_of_a_bad_entry()
    {
        RoutingTable<Key160, Peer> table = Table();
        Peer[] old = Fill(table, bucket: 3);
        table.Failed(old[2], After(1));
        table.Failed(old[2], After(2));

        table.Admit(PeerIn(3), After(3)).Kind.ShouldBe(AdmissionKind.Added);

        table.Contains(old[2]).ShouldBeFalse();
    }

    [Fact]
    public void An_answer_forgives_all_failures()
    {
        RoutingTable<Key160, Peer> table = Table();
        Peer peer = PeerIn(3);
        table.Admit(peer, Start);
        table.Failed(peer, After(1));
        table.Failed(peer, After(2));

        table.Answered(peer, After(3));

        table.Entries.ShouldHaveSingleItem().Failures.ShouldBe(0);
        Closest(table, peer.Key, 8).ShouldBe([peer]);
    }

    [Fact]
    public void A_query_is_a_sign_of_life_but_forgives_nothing()
    {
        RoutingTable<Key160, Peer> table = Table();
        Peer sound = PeerIn(3);
        Peer failing = PeerIn(4);
        table.Admit(sound, Start);
        table.Admit(failing, Start);
        table.Failed(failing, After(1));

        table.Queried(sound, After(600));
        table.Queried(failing, After(600));

        table.Entries.ShouldAllBe(entry => entry.LastSeen == After(600));
        table.Entries.Single(entry => entry.Contact == failing).Failures.ShouldBe(1);
        Doubtful(table, After(901)).ShouldBe([failing]);
    }

    [Fact]
    public void An_entry_is_found_by_its_endpoint_and_shows_the_key_it_stands_under()
    {
        RoutingTable<Key160, Peer> table = Table();
        Peer honest = PeerIn(3);
        table.Admit(honest, Start);

        table.Find(new Peer(PeerIn(4).Key, honest.Address, honest.Port)).ShouldNotBeNull().Key.ShouldBe(honest.Key);
        table.Find(PeerIn(3)).ShouldBeNull();
    }

    [Fact]
    public void A_contact_that_changes_its_key_loses_its_place_and_is_refused_for_a_while()
    {
        RoutingTable<Key160, Peer> table = Table();
        Peer honest = PeerIn(3);
        table.Admit(honest, Start);
        Peer changed = new(PeerIn(4).Key, honest.Address, honest.Port);

        table.Admit(changed, After(1)).Kind.ShouldBe(AdmissionKind.Refused);

        table.Count.ShouldBe(0);
        table.KeyChanges.ShouldBe(1);
        table.Admit(changed, After(299)).Kind.ShouldBe(AdmissionKind.Refused);
        table.Admit(changed, After(302)).Kind.ShouldBe(AdmissionKind.Added);
    }

    [Fact]
    public void A_contact_that_went_silent_and_is_back_under_another_key_is_a_newcomer()
    {
        RoutingTable<Key160, Peer> table = Table();
        Peer restarted = PeerIn(3);
        table.Admit(restarted, Start);
        table.Failed(restarted, After(1)).ShouldBeFalse();
        Peer anew = new(PeerIn(4).Key, restarted.Address, restarted.Port);

        table.Admit(anew, After(2)).Kind.ShouldBe(AdmissionKind.Added);

        table.Entries.ShouldHaveSingleItem().Contact.Key.ShouldBe(anew.Key);
        table.KeyChanges.ShouldBe(0);
    }

    [Fact]
    public void A_replacement_that_changes_its_key_is_refused_too()
    {
        RoutingTable<Key160, Peer> table = Table();
        Fill(table, bucket: 3);
        Peer replacement = PeerIn(3);
        table.Admit(replacement, After(1));

        table.Admit(new Peer(PeerIn(6).Key, replacement.Address), After(2)).Kind.ShouldBe(AdmissionKind.Refused);

        table.KeyChanges.ShouldBe(1);
    }

    [Fact]
    public void Ten_thousand_keys_at_one_endpoint_hold_at_most_one_entry()
    {
        RoutingTable<Key160, Peer> table = Table(new RoutingTableOptions { KeyChangeBan = TimeSpan.Zero });
        for (int i = 0; i < 10_000; i++)
        {
            table.Admit(new Peer(Keyspace.Random<Key160>(_chance), 77), After(i));
            table.Count.ShouldBeLessThanOrEqualTo(1);
        }
    }

    [Fact]
    public void A_removed_entry_gives_its_place_to_a_replacement()
    {
        RoutingTable<Key160, Peer> table = Table();
        Peer[] old = Fill(table, bucket: 3);
        Peer replacement = PeerIn(3);
        table.Admit(replacement, After(1));

        table.Remove(old[7]).ShouldBeTrue();
        table.Remove(old[7]).ShouldBeFalse();

        table.Contains(replacement).ShouldBeTrue();
        table.Count.ShouldBe(8);
    }

    [Fact]
    public void An_entry_silent_for_fifteen_minutes_is_named_once_until_it_is_reported_on()
    {
        RoutingTable<Key160, Peer> table = Table();
        Peer peer = PeerIn(3);
        table.Admit(peer, Start);

        table.NextDeadline.ShouldBe(After(900));
        Doubtful(table, After(899)).ShouldBeEmpty();
        Doubtful(table, After(900)).ShouldBe([peer]);
        Doubtful(table, After(901)).ShouldBeEmpty();

        table.Failed(peer, After(902));
        Doubtful(table, After(916)).ShouldBeEmpty();
        Doubtful(table, After(917)).ShouldBe([peer]);
        table.Answered(peer, After(918));
        Doubtful(table, After(918 + 899)).ShouldBeEmpty();
        Doubtful(table, After(918 + 900)).ShouldBe([peer]);
    }

    [Fact]
    public void The_deadline_is_never_later_than_the_first_thing_due_and_waiting_for_it_makes_progress()
    {
        RoutingTable<Key160, Peer> table = Table();
        Instant now = Start;
        int checks = 0;
        int refreshes = 0;
        for (int i = 0; i < 200; i++)
        {
            table.Admit(new Peer(Keyspace.Random<Key160>(_chance), ++_address), now + TimeSpan.FromSeconds(i));
        }

        for (int wakes = 0; wakes < 3000 && now < After(4 * 3600); wakes++)
        {
            now = Instant.Later(now, table.NextDeadline);
            while (table.TryNextDoubtful(now, out Peer peer))
            {
                checks++;
                if (_chance.Next(4) == 0)
                {
                    table.Failed(peer, now);
                }
                else
                {
                    table.Answered(peer, now);
                }
            }

            while (table.TryNextRefresh(now, out _))
            {
                refreshes++;
            }

            table.NextDeadline.ShouldBeGreaterThan(now);
        }

        now.ShouldBeGreaterThan(After(4 * 3600 - 1));
        checks.ShouldBeGreaterThan(100);
        refreshes.ShouldBeGreaterThan(10);
    }

    [Fact]
    public void An_unchanged_bucket_is_refreshed_with_a_random_key_inside_it_empty_ones_too()
    {
        RoutingTable<Key160, Peer> table = Table();
        table.Admit(PeerIn(3), Start);
        List<int> refreshed = [];

        table.TryNextRefresh(After(899), out _).ShouldBeFalse();
        while (table.TryNextRefresh(After(900), out Key160 target))
        {
            refreshed.Add((target ^ Self).LeadingZeroCount);
        }

        refreshed.ShouldBe([3, 2, 1, 0]);
        table.TryNextRefresh(After(1799), out _).ShouldBeFalse();
        table.TryNextRefresh(After(1800), out _).ShouldBeTrue();
    }

    [Fact]
    public void A_neighbour_at_depth_150_does_not_make_us_refresh_150_buckets()
    {
        RoutingTable<Key160, Peer> table = Table();
        table.Admit(PeerIn(150), Start);
        int refreshed = 0;
        while (table.TryNextRefresh(After(900), out _))
        {
            refreshed++;
        }

        refreshed.ShouldBe(25);
        table.NextDeadline.ShouldBe(After(900), "the entry itself is doubtful now");
    }

    [Fact]
    public void Failures_count_against_the_failing_entry_alone()
    {
        RoutingTable<Key160, Peer> table = Table(new RoutingTableOptions { Diversity = new DiversityLimits() });
        Peer[] old = [.. Enumerable.Range(1, 8).Select(i => new Peer(Keyspace.RandomInBucket(Self, 3, _chance), (uint)i << 8))];
        foreach (Peer peer in old)
        {
            table.Admit(peer, Start);
        }

        Peer replacement = new(Keyspace.RandomInBucket(Self, 3, _chance), 9 << 8);
        Peer sameHost = new(Keyspace.RandomInBucket(Self, 5, _chance), 9 << 8, 7000);
        table.Admit(replacement, After(1));
        table.Admit(sameHost, After(1)).Kind.ShouldBe(AdmissionKind.Added, "a replacement does not use up the limits");

        for (int i = 0; i < 4; i++)
        {
            table.Failed(old[0], After(2 + i));
        }

        table.Contains(replacement).ShouldBeFalse("its host has an entry");
        table.Entries.Where(entry => entry.Failures > 0).ShouldHaveSingleItem().Contact.ShouldBe(old[0]);
        table.Entries.Single(entry => entry.Contact == old[0]).Failures.ShouldBe(4);
    }

    [Fact]
    public void An_empty_table_waits_for_nothing()
    {
        Table().NextDeadline.ShouldBe(Instant.Never);
        Table().TryNextRefresh(Instant.Never, out _).ShouldBeFalse();
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    public void A_bucket_without_room_is_refused_by_the_options(int size) =>
        Should.Throw<ArgumentOutOfRangeException>(() => Table(new RoutingTableOptions { BucketSize = size }));

    [Fact]
    public void A_random_run_keeps_every_count_and_every_rule()
    {
        DiversityLimits limits = new() { PerHost = 2, PerPrefixInBucket = 3, PerPrefixInTable = 5 };
        for (int seed = 0; seed < 20; seed++)
        {
            Random chance = new(seed);
            Key160 self = Keyspace.Random<Key160>(chance);
            RoutingTable<Key160, Peer> table = new(self, new RoutingTableOptions { Diversity = limits, BucketSize = 4, ReplacementSize = 3 }, chance);
            Peer[] peers = [.. Enumerable.Range(0, 300).Select(_ =>
                new Peer(Keyspace.RandomInBucket(self, chance.Next(8), chance), (uint)chance.Next(64) * 64, (ushort)chance.Next(1, 6)))];
            for (int step = 0; step < 3000; step++)
            {
                Peer peer = peers[chance.Next(peers.Length)];
                Instant now = After(step);
                switch (chance.Next(6))
                {
                    case 0: table.Failed(peer, now); break;
                    case 1: table.Answered(peer, now); break;
                    case 2: table.TryNextDoubtful(now, out _); break;
                    case 3 when chance.Next(10) == 0: table.Remove(peer); break;
                    default: table.Admit(peer, now); break;
                }

                TableEntry<Peer>[] entries = [.. table.Entries];
                string at = $"seed {seed}, step {step}";
                entries.Length.ShouldBe(table.Count, at);
                entries.Select(entry => entry.Contact).Distinct().Count().ShouldBe(entries.Length, at);
                entries.All(entry => (entry.Contact.Key ^ self).LeadingZeroCount == entry.Bucket).ShouldBeTrue(at);
                entries.CountBy(entry => entry.Contact.Host).All(host => host.Value <= 2).ShouldBeTrue(at);
                entries.CountBy(entry => entry.Contact.Prefix).All(prefix => prefix.Value <= 5).ShouldBeTrue(at);
                entries.CountBy(entry => (entry.Bucket, entry.Contact.Prefix)).All(prefix => prefix.Value <= 3).ShouldBeTrue(at);
                entries.CountBy(entry => entry.Bucket).All(bucket => bucket.Value <= 4).ShouldBeTrue(at);
            }
        }
    }

    private static Instant After(double seconds) => Start + TimeSpan.FromSeconds(seconds);

    private RoutingTable<Key160, Peer> Table(RoutingTableOptions? options = null) => new(Self, options ?? new RoutingTableOptions(), _chance);

    private Peer PeerIn(int bucket) => new(Keyspace.RandomInBucket(Self, bucket, _chance), ++_address);

    private Peer[] Fill(RoutingTable<Key160, Peer> table, int bucket)
    {
        Peer[] peers = [.. Enumerable.Range(0, 8).Select(_ => PeerIn(bucket))];
        foreach (Peer peer in peers)
        {
            table.Admit(peer, Start).Kind.ShouldBe(AdmissionKind.Added);
        }

        return peers;
    }

    private static Peer[] Closest(RoutingTable<Key160, Peer> table, Key160 target, int count)
    {
        Peer[] closest = new Peer[count];
        return closest[..table.CopyClosest(target, closest)];
    }

    private static List<Peer> Doubtful(RoutingTable<Key160, Peer> table, Instant now)
    {
        List<Peer> doubtful = [];
        while (table.TryNextDoubtful(now, out Peer peer))
        {
            doubtful.Add(peer);
        }

        return doubtful;
    }
}
