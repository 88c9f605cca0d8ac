using Kadstone.Crypto;
using Kadstone.Datagrams;
using Kadstone.Hyperswarm.Core;
using Kadstone.Kademlia;
using static Kadstone.Hyperswarm.Tests.Core.Records.StoringNode;
using static Kadstone.Hyperswarm.Tests.Core.RpcConversation;

namespace Kadstone.Hyperswarm.Tests.Core.Records;

/// <summary>Who announced what: stored, found, renewed, taken back, forgotten.</summary>
public sealed class AnnounceTests
{
    private readonly StoringNode _node = new();

    [Fact]
    public void What_was_announced_is_found_and_the_announce_is_answered_with_nothing_but_the_id()
    {
        byte[] token = _node.TokenFor(At(1));
        RpcMessage answer = _node.Ask(HyperCommand.Announce, At(1), Topic, Announce(1, token, relays: [At(5), At(6)]), token).ShouldNotBeNull().Read();
        (answer.HasId, answer.HasToken, answer.HasValue, answer.CloserNodes.Count, answer.Error).ShouldBe((true, false, false, 0, RpcError.None));

        RpcMessage found = _node.Ask(HyperCommand.Lookup, At(2), Topic).ShouldNotBeNull().Read();
        found.HasToken.ShouldBeTrue();
        LookupAnswer.TryRead(found.Value, out LookupAnswer lookup).ShouldBeTrue();
        (lookup.Peers.Count, lookup.HasBump, lookup.Bump).ShouldBe((1, true, 0));
        foreach (HyperPeer peer in lookup.Peers)
        {
            peer.PublicKey.ToArray().ShouldBe(PublicKey(1));
            (peer.RelayAddresses.Count, peer.RelayAddresses[0], peer.RelayAddresses[1]).ShouldBe((2, At(5), At(6)));
        }
    }

    [Fact]
    public void An_unknown_topic_is_answered_without_a_value_but_with_a_token_and_closer_nodes()
    {
        _node.Talk.Meet(5);
        RpcMessage answer = _node.Ask(HyperCommand.Lookup, At(2), Topic).ShouldNotBeNull().Read();
        (answer.HasValue, answer.HasToken, answer.CloserNodes.Count).ShouldBe((false, true, 1));
        _node.Ask(HyperCommand.Lookup, At(2)).ShouldBeNull("a lookup has a topic");
    }

    [Fact]
    public void Of_many_relay_addresses_three_are_kept_and_all_are_signed()
    {
        _node.TryAnnounce(1, relays: [.. Enumerable.Range(10, 7).Select(At)]).ShouldBeTrue();
        LookupAnswer.TryRead(_node.Ask(HyperCommand.Lookup, At(2), Topic).ShouldNotBeNull().Read().Value, out LookupAnswer lookup).ShouldBeTrue();
        foreach (HyperPeer peer in lookup.Peers)
        {
            (peer.RelayAddresses.Count, peer.RelayAddresses[0], peer.RelayAddresses[2]).ShouldBe((3, At(10), At(12)));
        }
    }

    [Fact]
    public void One_owner_has_one_record_under_a_topic_and_the_last_one_counts()
    {
        _node.TryAnnounce(1, relays: [At(5)]).ShouldBeTrue();
        _node.TryAnnounce(1, relays: [At(6)], from: At(3)).ShouldBeTrue();
        LookupAnswer.TryRead(_node.Ask(HyperCommand.Lookup, At(2), Topic).ShouldNotBeNull().Read().Value, out LookupAnswer lookup).ShouldBeTrue();
        lookup.Peers.Count.ShouldBe(1);
        foreach (HyperPeer peer in lookup.Peers)
        {
            peer.RelayAddresses[0].ShouldBe(At(6));
        }
    }

    [Fact]
    public void A_lookup_gives_twenty_of_many_and_each_at_one_time_or_another()
    {
        for (int owner = 0; owner < 60; owner++)
        {
            _node.TryAnnounce(owner).ShouldBeTrue();
        }

        HashSet<string> seen = [];
        for (int asker = 0; asker < 40; asker++)
        {
            string[] keys = _node.Lookup(asker: 200 + asker).Keys;
            keys.Distinct().Count().ShouldBe(20);
            seen.UnionWith(keys);
        }

        seen.Count.ShouldBe(60);
        foreach (int owner in Enumerable.Range(0, 59))
        {
            _node.TryUnannounce(owner).ShouldBeTrue();
        }

        _node.Lookup().Keys.ShouldBe(Keys(59));
    }

    [Fact]
    public void What_is_taken_back_is_gone_and_nothing_else_is()
    {
        _node.TryAnnounce(1);
        _node.TryAnnounce(2);
        _node.TryUnannounce(1).ShouldBeTrue();
        _node.Lookup().Keys.ShouldBe(Keys(2));
        _node.TryUnannounce(1).ShouldBeTrue("what is not there is gone as well");
        _node.TryUnannounce(2, new Key256(5, 5));
        _node.Lookup().Keys.ShouldBe(Keys(2));
        _node.TryUnannounce(2);
        _node.Lookup().Keys.ShouldBeEmpty();
        (_node.Commands.Topics.TopicCount, _node.Commands.Topics.RecordCount).ShouldBe((0, 0));
    }

    [Fact]
    public void A_record_lives_twenty_minutes_from_its_last_announce()
    {
        _node.TryAnnounce(1);
        _node.TryAnnounce(2);
        _node.Talk.Pass(TimeSpan.FromMinutes(19));
        _node.TryAnnounce(2);
        _node.Lookup().Keys.ShouldBe(Keys(1, 2));
        _node.Talk.Pass(TimeSpan.FromMinutes(1));
        _node.Lookup().Keys.ShouldBe(Keys(2));
        _node.Talk.Pass(TimeSpan.FromMinutes(19));
        (_node.Lookup().Keys.Length, _node.Commands.Topics.TopicCount, _node.Commands.Topics.Expired).ShouldBe((0, 0, 2));
    }

    [Fact]
    public void A_server_that_announces_itself_is_found_by_its_key_and_by_its_topic()
    {
        Key256 target = HyperHash.Of(PublicKey(1));
        _node.Ask(HyperCommand.FindPeer, At(2), target).ShouldNotBeNull().Read().HasValue.ShouldBeFalse();
        _node.TryAnnounce(1, target, [At(7)]).ShouldBeTrue();
        (_node.Commands.Routes.Count, _node.Commands.Topics.RecordCount).ShouldBe((1, 0));

        RpcMessage found = _node.Ask(HyperCommand.FindPeer, At(2), target).ShouldNotBeNull().Read();
        HyperPeer.TryRead(found.Value, out HyperPeer peer).ShouldBeTrue();
        (peer.PublicKey.SequenceEqual(PublicKey(1)), peer.RelayAddresses[0], found.HasToken).ShouldBe((true, At(7), true));
        _node.TryAnnounce(2, target).ShouldBeTrue();
        _node.Lookup(target).Keys.ShouldBe(Keys(1, 2));

        _node.TryUnannounce(1, target).ShouldBeTrue();
        _node.Ask(HyperCommand.FindPeer, At(2), target).ShouldNotBeNull().Read().HasValue.ShouldBeFalse();
        _node.Lookup(target).Keys.ShouldBe(Keys(2));
    }

    [Fact]
    public void A_server_is_forgotten_after_twenty_minutes()
    {
        Key256 target = HyperHash.Of(PublicKey(1));
        _node.TryAnnounce(1, target);
        _node.Talk.Pass(TimeSpan.FromMinutes(20));
        _node.Ask(HyperCommand.FindPeer, At(2), target).ShouldNotBeNull().Read().HasValue.ShouldBeFalse();
        _node.Commands.Routes.Count.ShouldBe(0);
    }

    [Fact]
    public void The_highest_bump_is_kept_unless_it_is_more_than_a_minute_ahead()
    {
        _node.TryAnnounce(1, bump: Epoch - 5_000);
        _node.Lookup().Bump.ShouldBe(Epoch - 5_000);
        _node.TryAnnounce(2, bump: Epoch - 9_000);
        _node.Lookup().Bump.ShouldBe(Epoch - 5_000);
        _node.TryAnnounce(2, bump: Epoch + 60_001);
        _node.Lookup().Bump.ShouldBe(Epoch - 5_000);
        _node.Talk.Pass(TimeSpan.FromSeconds(10));
        _node.TryAnnounce(2, bump: Epoch + 60_001);
        _node.Lookup().Bump.ShouldBe(Epoch + 60_001);
    }

    [Fact]
    public void Who_knows_what_comes_before_a_refresh_token_renews_the_record_without_signing()
    {
        byte[] third = Enumerable.Repeat((byte)3, 32).ToArray();
        byte[] second = Hash(third);
        _node.TryAnnounce(1, refresh: Hash(second)).ShouldBeTrue();

        _node.Talk.Pass(TimeSpan.FromMinutes(15));
        TryRefresh(third).ShouldBeFalse("the chain goes one step at a time");
        TryRefresh(second).ShouldBeTrue();
        TryRefresh(second).ShouldBeFalse("each step counts once");
        _node.Talk.Pass(TimeSpan.FromMinutes(15));
        _node.Lookup().Keys.ShouldBe(Keys(1));
        TryRefresh(third).ShouldBeTrue();
        _node.Talk.Pass(TimeSpan.FromMinutes(15));
        _node.Lookup().Keys.ShouldBe(Keys(1));
        _node.Talk.Pass(TimeSpan.FromMinutes(15));
        _node.Lookup().Keys.ShouldBeEmpty();
    }

    [Fact]
    public void A_server_renews_its_record_by_a_refresh_token_as_well_and_is_reached_where_it_is_now()
    {
        Key256 target = HyperHash.Of(PublicKey(1));
        byte[] token = Enumerable.Repeat((byte)3, 32).ToArray();
        _node.TryAnnounce(1, target, refresh: Hash(token));
        TryRefresh(token, target, At(8)).ShouldBeTrue();
        _node.Commands.Routes.TryGet(target, _node.Talk.Now, out var route).ShouldBeTrue();
        route.Address.ShouldBe(At(8));
    }

    private static byte[] Hash(byte[] bytes)
    {
        byte[] digest = new byte[Blake2b.DigestLength];
        Blake2b.Hash(bytes, digest);
        return digest;
    }

    private bool TryRefresh(byte[] refresh, Key256? target = null, UdpEndpoint? from = null)
    {
        UdpEndpoint source = from ?? At(1);
        return _node.Ask(HyperCommand.Announce, source, target ?? Topic, [2, .. refresh], _node.TokenFor(source)) is not null;
    }
}
