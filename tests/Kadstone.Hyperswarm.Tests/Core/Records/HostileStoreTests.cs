using Kadstone.Crypto;
using Kadstone.Datagrams;
using Kadstone.Hyperswarm.Core;
using Kadstone.Hyperswarm.Core.Records;
using Kadstone.Kademlia;
using static Kadstone.Hyperswarm.Tests.Core.Records.StoringNode;
using static Kadstone.Hyperswarm.Tests.Core.RpcConversation;

namespace Kadstone.Hyperswarm.Tests.Core.Records;

/// <summary>Forgers, thieves of tokens, floods and mirrors: nothing stored, nothing said, everything counted.</summary>
public sealed class HostileStoreTests
{
    private static readonly byte[] s_zero = new byte[32];

    [Fact]
    public void A_forged_signature_is_neither_stored_nor_answered()
    {
        StoringNode node = new();
        byte[] token = node.TokenFor(At(1));
        byte[] valid = Announce(1, token);
        byte[][] forged =
        [
            [.. valid[..^1], (byte)(valid[^1] ^ 1)],
            Announce(1, token, topic: new Key256(1, 2)),
            Announce(1, s_zero),
            Announce(1, token, storing: IdOf(At(4))),
            Announce(1, token, isRemoval: true),
            [valid[0], .. PublicKey(2), .. valid[33..]],
        ];
        foreach (byte[] value in forged)
        {
            node.Ask(HyperCommand.Announce, At(1), Topic, value, token).ShouldBeNull();
        }

        node.Lookup().Keys.ShouldBeEmpty();
        node.Commands.Counters.Forged.ShouldBe(forged.Length);
        node.Ask(HyperCommand.Announce, At(1), Topic, valid, token).ShouldNotBeNull("the untouched one is good");
        node.Ask(HyperCommand.Unannounce, At(1), Topic, valid, token).ShouldBeNull("an announce takes nothing back");
        node.Lookup().Keys.ShouldBe(Keys(1));
    }

    [Fact]
    public void A_token_counts_at_the_address_that_it_was_given_to_and_while_it_lives()
    {
        StoringNode node = new();
        byte[] token = node.TokenFor(At(1));
        RpcMessage refusal = node.Ask(HyperCommand.Announce, At(2), Topic, Announce(1, token), token).ShouldNotBeNull().Read();
        (refusal.Error, refusal.HasToken).ShouldBe((RpcError.InvalidToken, true));
        node.Ask(HyperCommand.Announce, At(1).WithPort(7), Topic, Announce(1, token), token).ShouldNotBeNull().Read().Error.ShouldBe(RpcError.None, "NATs rebind ports");
        node.TryUnannounce(1);

        node.Talk.Pass(TimeSpan.FromSeconds(15.1));
        node.Ask(HyperCommand.Announce, At(1), Topic, Announce(1, token), token).ShouldNotBeNull().Read().Error.ShouldBe(RpcError.InvalidToken);
        node.Lookup().Keys.ShouldBeEmpty();
    }

    [Fact]
    public void What_lacks_a_token_a_target_or_a_readable_value_is_not_answered()
    {
        StoringNode node = new();
        byte[] token = node.TokenFor(At(1));
        byte[] valid = Announce(1, token);
        foreach (HyperCommand command in (HyperCommand[])[HyperCommand.Announce, HyperCommand.Unannounce, HyperCommand.MutablePut, HyperCommand.ImmutablePut])
        {
            node.Ask(command, At(1), Topic, valid).ShouldBeNull($"{command} without a token");
            node.Ask(command, At(1), null, valid, token).ShouldBeNull($"{command} without a target");
            node.Ask(command, At(1), Topic, null, token).ShouldBeNull($"{command} without a value");
            node.Ask(command, At(1), Topic, [5, 1, 2, 3], token).ShouldBeNull($"{command} with half a value");
        }

        node.Ask(HyperCommand.Announce, At(1), Topic, [1, .. PublicKey(1), 0], token).ShouldBeNull("an announce is signed");
        node.Ask(HyperCommand.Announce, At(1), Topic, [0], token).ShouldBeNull("an announce says whose it is");
        node.Ask(HyperCommand.MutableGet, At(1), Topic).ShouldBeNull("a reader says which version it has");
        node.Ask(HyperCommand.FindPeer, At(1)).ShouldBeNull();
        node.Ask(HyperCommand.ImmutableGet, At(1)).ShouldBeNull();
        node.Ask(HyperCommand.Plugin, At(1), Topic, [0x03, 0x74, 0x78, 0x74, 1, 1, 0]).ShouldBeNull("there are no plugins");
        node.Ask(HyperCommand.PeerHandshake, At(1), Topic, [0]).ShouldBeNull();
        node.Ask(HyperCommand.PeerHolepunch, At(1), Topic, []).ShouldBeNull();
        (node.Commands.Topics.RecordCount, node.Commands.Values.TryTake(node.Talk.Now, out _)).ShouldBe((0, false));
    }

    [Fact]
    public void An_ephemeral_node_stores_nothing_and_says_so_but_relays()
    {
        StoringNode node = new(settings: new RpcSettings());
        for (uint command = (uint)HyperCommand.FindPeer; command <= (uint)HyperCommand.Plugin; command++)
        {
            RpcMessage answer = node.Talk.Ask(Request(command, target: Topic, value: [0]), At(1)).ShouldNotBeNull().Read();
            (answer.Error, answer.HasToken).ShouldBe((RpcError.UnknownCommand, false));
        }

        node.Ask(HyperCommand.PeerHandshake, At(2), Topic, [0, 0, 1, 9]).ShouldNotBeNull().Read().Error.ShouldBe(RpcError.None);
    }

    [Fact]
    public void Values_that_are_too_long_or_stand_under_another_hash_go_no_further()
    {
        StoringNode node = new();
        byte[] token = node.TokenFor(At(1));
        byte[] longest = new byte[ImmutableValue.MaxLength];
        node.Ask(HyperCommand.ImmutablePut, At(1), HyperHash.Of([.. longest, 0]), [.. longest, 0], token).ShouldBeNull();
        node.Ask(HyperCommand.MutablePut, At(1), HyperHash.Of(PublicKey(1)), Mutable(1, 0, new byte[MutableItem.MaxValueLength + 1]), token).ShouldBeNull();
        node.Commands.Counters.Oversize.ShouldBe(2);
        node.Ask(HyperCommand.ImmutablePut, At(1), Topic, [1, 2, 3], token).ShouldBeNull();
        node.Ask(HyperCommand.MutablePut, At(1), Topic, Mutable(1, 0, [1]), token).ShouldBeNull();
        node.Commands.Counters.WrongTarget.ShouldBe(2);
        node.Commands.Values.TryTake(node.Talk.Now, out _).ShouldBeFalse();

        node.Ask(HyperCommand.ImmutablePut, At(1), HyperHash.Of(longest), longest, token);
        node.Ask(HyperCommand.MutablePut, At(1), HyperHash.Of(PublicKey(1)), Mutable(1, 0, new byte[MutableItem.MaxValueLength]), token);
        node.Commands.Values.TryTake(node.Talk.Now, out _).ShouldBeTrue();
        node.Commands.Values.TryTake(node.Talk.Now, out _).ShouldBeTrue();
    }

    [Fact]
    public void A_flood_of_topics_from_one_host_ends_at_its_share_and_others_still_find_room()
    {
        StoringNode node = new(new HyperLimits { PerSource = new SourceLimits(50, 80), ChecksPerSource = null }, Unlimited);
        byte[] token = node.TokenFor(At(1));
        int stored = Enumerable.Range(0, 200).Count(i => node.Ask(HyperCommand.Announce, At(1), new Key256(0, (UInt128)i), Announce(1, token, new Key256(0, (UInt128)i)), token) is not null);
        (stored, node.Commands.Topics.RecordCount, node.Commands.Topics.Admissions(RecordAdmission.RefusedShare)).ShouldBe((50, 50, 150L));

        // The neighbours in its /24 share what is left of theirs.
        UdpEndpoint neighbour = UdpEndpoint.FromIPv4((uint)At(1).AddressLow + 1, 5);
        byte[] other = node.TokenFor(neighbour);
        Enumerable.Range(0, 200).Count(i => node.Ask(HyperCommand.Announce, neighbour, new Key256(1, (UInt128)i), Announce(2, other, new Key256(1, (UInt128)i)), other) is not null).ShouldBe(30);
        node.TryAnnounce(3).ShouldBeTrue();

        // With its records its share comes back.
        node.Talk.Pass(TimeSpan.FromMinutes(20));
        node.Commands.Topics.RecordCount.ShouldBe(0);
        node.TryAnnounce(1).ShouldBeTrue();
    }

    [Fact]
    public void One_host_has_four_records_of_a_topic_one_prefix_sixteen_and_a_topic_two_hundred_and_fifty_six()
    {
        StoringNode node = new(settings: Unlimited);
        Enumerable.Range(0, 6).Count(owner => node.TryAnnounce(owner, from: At(1))).ShouldBe(4);
        Enumerable.Range(10, 40).Count(owner => node.TryAnnounce(owner, from: UdpEndpoint.FromIPv4((uint)At(1).AddressLow + 100 + (uint)owner, 1))).ShouldBe(12);
        node.TryAnnounce(0, from: At(1)).ShouldBeTrue("who is there already may renew");
        Enumerable.Range(100, 300).Count(owner => node.TryAnnounce(owner)).ShouldBe(240);
        node.Commands.Topics.Admissions(RecordAdmission.RefusedTopicFull).ShouldBe(60);
    }

    [Fact]
    public void A_full_table_refuses_the_new_keeps_the_old_and_counts()
    {
        StoringNode node = new(new HyperLimits { Records = 30, Routes = 10 }, Unlimited);
        Enumerable.Range(0, 50).Count(owner => node.TryAnnounce(owner, new Key256(3, (UInt128)owner))).ShouldBe(30);
        node.Lookup(new Key256(3, 0)).Keys.ShouldBe(Keys(0));
        node.Commands.Topics.Admissions(RecordAdmission.RefusedFull).ShouldBe(20);
        Enumerable.Range(0, 50).Count(owner => node.TryAnnounce(owner, HyperHash.Of(PublicKey(owner)))).ShouldBe(10);
        (node.Commands.Routes.Count, node.Commands.Routes.Refused).ShouldBe((10, 40));
    }

    [Fact]
    public void Signatures_are_checked_so_many_times_a_second_and_after_the_token_only()
    {
        StoringNode node = new(new HyperLimits { Checks = 40, ChecksPerSource = new SourceLimits(25, 100) }, Unlimited);
        byte[] token = node.TokenFor(At(1));
        byte[] forged = Announce(1, s_zero);
        for (int i = 0; i < 100; i++)
        {
            node.Ask(HyperCommand.Announce, At(1), Topic, forged, s_zero[..31].Append((byte)i).ToArray());
        }

        (node.Commands.Counters.Forged, node.Commands.Counters.OverChecks).ShouldBe((0, 0));
        Repeat(node, At(1), forged, token, 30);
        (node.Commands.Counters.Forged, node.Commands.Counters.OverChecks).ShouldBe((25, 5));
        Repeat(node, At(2), forged, node.TokenFor(At(2)), 30);
        (node.Commands.Counters.Forged, node.Commands.Counters.OverChecks).ShouldBe((40, 20));
        node.Talk.Pass(TimeSpan.FromSeconds(1));
        node.TryAnnounce(3).ShouldBeTrue();
    }

    [Fact]
    public void Puts_of_one_host_end_at_their_number_an_hour()
    {
        StoringNode node = new(settings: Unlimited);
        byte[] token = node.TokenFor(At(1));
        for (int i = 0; i < 300; i++)
        {
            byte[] value = BitConverter.GetBytes(i);
            node.Ask(HyperCommand.ImmutablePut, At(1), HyperHash.Of(value), value, token);
        }

        node.Commands.Counters.OverPuts.ShouldBe(300 - 256);
    }

    [Fact]
    public void An_unproved_source_makes_us_send_little_more_than_it_sends()
    {
        StoringNode node = new();
        for (int owner = 0; owner < 40; owner++)
        {
            node.TryAnnounce(owner, relays: [At(50), At(51), At(52)]);
        }

        UdpEndpoint victim = At(700);
        byte[] request = Request((uint)HyperCommand.Lookup, target: Topic);
        int before = node.Talk.Sent.Count;
        int asked = 0;
        for (int second = 0; second < 600; second++)
        {
            for (int i = 0; i < 20; i++, asked++)
            {
                node.Talk.Deliver(request, victim);
            }

            node.Talk.Pass(TimeSpan.FromSeconds(1));
        }

        int[] answers = [.. node.Talk.Sent.Skip(before).Where(sent => sent.To == victim).Select(sent => sent.Bytes.Length)];
        answers.Max().ShouldBeGreaterThan(1_000, "a stranger gets a whole answer at first");
        answers.Sum().ShouldBeLessThan((asked * request.Length) + (10 * 10 * 1_400));
        answers.Sum().ShouldBeLessThan(2 * asked * request.Length);
    }

    [Fact]
    public void A_lookup_whose_asker_may_cause_less_names_fewer_peers()
    {
        StoringNode node = new(settings: new RpcSettings { IsPersistent = true, Limits = new RateLimits { FreeAnswerBytes = 400 } });
        for (int owner = 0; owner < 30; owner++)
        {
            // Who announces has proved itself by its token.
            node.TryAnnounce(owner);
        }

        RpcSent small = node.Ask(HyperCommand.Lookup, At(700), Topic).ShouldNotBeNull();
        small.Bytes.Length.ShouldBeLessThanOrEqualTo(400);
        LookupAnswer.TryRead(small.Read().Value, out LookupAnswer few).ShouldBeTrue();
        few.Peers.Count.ShouldBeInRange(5, 9);
        LookupAnswer.TryRead(node.Ask(HyperCommand.Lookup, At(1), Topic).ShouldNotBeNull().Read().Value, out LookupAnswer many).ShouldBeTrue();
        many.Peers.Count.ShouldBe(20);
    }

    internal static RpcSettings Unlimited { get; } = new() { IsPersistent = true, Limits = RateLimits.None };

    private static void Repeat(StoringNode node, UdpEndpoint from, byte[] value, byte[] token, int times)
    {
        for (int i = 0; i < times; i++)
        {
            node.Ask(HyperCommand.Announce, from, Topic, value, token).ShouldBeNull();
        }
    }
}
