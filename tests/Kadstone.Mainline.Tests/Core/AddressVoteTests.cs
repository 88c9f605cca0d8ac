using Kadstone.Datagrams;
using Kadstone.Kademlia;
using Kadstone.Mainline.Core;
using Kadstone.Mainline.Core.Queries;

namespace Kadstone.Mainline.Tests.Core;

/// <summary>BEP 42: what others say our address is, and the id that follows from it.</summary>
public sealed class AddressVoteTests
{
    private static readonly UdpEndpoint s_outside = UdpEndpoint.FromIPv4(0x15161718, 6881);

    private readonly Conversation _talk = new(Conversation.Open with { SecuresId = true });

    [Fact]
    public void The_votes_of_one_prefix_do_not_decide()
    {
        Key160 id = _talk.Local.Id;
        for (int i = 1; i < 250; i++)
        {
            Vote(UdpEndpoint.FromIPv4(0x2D010100 + (uint)i, 6881), s_outside);
        }

        _talk.Local.Votes.Agreed.ShouldBeNull();
        _talk.Local.Id.ShouldBe(id);
    }

    [Fact]
    public void Seven_voters_do_not_decide_and_eight_do()
    {
        Key160 id = _talk.Local.Id;
        for (int i = 0; i < 7; i++)
        {
            Vote(Conversation.At(i), s_outside);
        }

        _talk.Local.Id.ShouldBe(id);
        Vote(Conversation.At(7), s_outside);
        _talk.Local.Votes.Agreed.ShouldBe(s_outside);
        _talk.Local.Id.ShouldNotBe(id);
        SecureNodeId.IsValid(_talk.Local.Id, s_outside).ShouldBeTrue();
    }

    [Fact]
    public void A_minority_of_liars_changes_nothing()
    {
        for (int i = 0; i < 40; i++)
        {
            Vote(Conversation.At(i), i % 3 == 2 ? UdpEndpoint.FromIPv4(0x63636363, 1) : s_outside);
        }

        _talk.Local.Votes.Agreed.ShouldBe(s_outside);
    }

    [Fact]
    public void Answers_that_nobody_awaits_do_not_vote()
    {
        for (int i = 0; i < 100; i++)
        {
            _talk.Deliver(Krpc.ResponseTo(s_outside, "aaaa", _talk.NewKey()), Conversation.At(i));
        }

        _talk.Local.Votes.Agreed.ShouldBeNull();
    }

    [Theory]
    [InlineData("10.1.2.3:6881")]
    [InlineData("127.0.0.1:6881")]
    [InlineData("192.168.7.7:6881")]
    [InlineData("169.254.3.3:6881")]
    public void A_local_address_asks_for_no_other_id(string address)
    {
        UdpEndpoint.TryParse(address, out UdpEndpoint local).ShouldBeTrue();
        Key160 id = _talk.Local.Id;
        for (int i = 0; i < 20; i++)
        {
            Vote(Conversation.At(i), local);
        }

        _talk.Local.Votes.Agreed.ShouldBe(local);
        _talk.Local.Id.ShouldBe(id);
    }

    [Fact]
    public void Who_stood_in_the_table_stands_there_after_the_change_and_the_failing_are_not_taken_for_sound()
    {
        for (int i = 0; i < 7; i++)
        {
            Vote(Conversation.At(i), s_outside);
        }

        NodeContact[] before = [.. _talk.Local.Table.Entries.Select(entry => entry.Contact)];
        NodeContact dead = before[0];
        _talk.Local.Table.Failed(dead, _talk.Now);
        _talk.Local.Table.Failed(dead, _talk.Now);
        Vote(Conversation.At(7), s_outside);
        _talk.Local.Table.Self.ShouldBe(_talk.Local.Id);
        before[1..].ShouldAllBe(contact => _talk.Local.Table.Contains(contact));
        _talk.Local.Table.Entries.Where(entry => entry.Contact.Equals(dead)).ShouldAllBe(entry => entry.Failures > 0);
        _talk.Ask("find_node", Conversation.At(500), ("target", dead.Id)).Nodes.ShouldNotContain(dead);
    }

    [Fact]
    public void After_the_change_we_look_for_our_new_neighbours()
    {
        Neighbours network = new(_talk, 300) { Seen = s_outside };
        _talk.Node.AddSaved(network.All.Take(20));
        _talk.Node.Join(_talk.Now);
        _talk.Pass(TimeSpan.FromMinutes(2));
        SecureNodeId.IsValid(_talk.Local.Id, s_outside).ShouldBeTrue();
        NodeContact[] nearest = [.. network.Closest(_talk.Local.Id)];
        nearest.Count(_talk.Local.Table.Contains).ShouldBe(8);
    }

    private void Vote(UdpEndpoint voter, UdpEndpoint seen) =>
        _talk.Befriend(new NodeContact(Conversation.IdOf(voter), voter), seen: seen);
}
