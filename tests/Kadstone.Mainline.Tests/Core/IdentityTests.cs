using Kadstone.Datagrams;
using Kadstone.Kademlia;

namespace Kadstone.Mainline.Tests.Core;

/// <summary>Nodes that come back under another id, as libtorrent and we do once we know our address (BEP 42), and most clients when they lose their state.</summary>
public sealed class IdentityTests
{
    private readonly Conversation _talk = new();
    private readonly NodeContact _former = new(new Key160(7, 7, 7), Conversation.At(1));

    public IdentityTests() => _talk.Befriend(_former);

    [Fact]
    public void A_query_under_another_id_is_asked_who_it_is_and_the_former_id_is_no_longer_handed_out()
    {
        Key160 present = new(0x8000_0000_0000_0000, 8, 8);
        _talk.Pass(TimeSpan.FromMinutes(2));
        _talk.Befriend(new NodeContact(present, _former.Endpoint));
        _talk.Ask("find_node", Conversation.At(2), ("target", _former.Id)).Nodes.ShouldBeEmpty();

        // Once it has kept its new id for a while, it stands in the table under that.
        _talk.Pass(TimeSpan.FromMinutes(20));
        _talk.Befriend(new NodeContact(present, _former.Endpoint));
        _talk.Ask("find_node", Conversation.At(2), ("target", present)).Nodes.ShouldHaveSingleItem().Id.ShouldBe(present);
    }

    [Fact]
    public void A_query_under_the_known_id_costs_no_ping()
    {
        _talk.Pass(TimeSpan.FromMinutes(2));
        _talk.Sent.Clear();
        _talk.Deliver(Krpc.Query("ping", _former.Id), _former.Endpoint);
        _talk.Questions().ShouldBeEmpty();
    }

    [Theory]
    [InlineData("5.6.7.8:6881", true)]
    [InlineData("[2a01::1]:6881", true)]
    [InlineData("0.0.0.0:6881", false)]
    [InlineData("192.168.1.2:6881", false)]
    public void Whoever_binds_one_public_address_has_an_id_that_fits_it_from_the_start(string bound, bool fits)
    {
        UdpEndpoint.TryParse(bound, out UdpEndpoint socket).ShouldBeTrue();
        for (int seed = 0; seed < 20; seed++)
        {
            Key160 id = MainlineDht.ChooseIds(new MainlineOptions(), null, [socket], new Random(seed)).ShouldHaveSingleItem();
            uint difference = (uint)(id.High >> 32) ^ SecureNodeId.Prefix(socket, (byte)id.Low);
            (difference >> 11 == 0).ShouldBe(fits);
        }
    }

    [Fact]
    public void A_saved_id_and_a_chosen_one_are_taken_as_they_are()
    {
        UdpEndpoint[] sockets = [Conversation.At(1), Conversation.At(2)];
        Key160 saved = new(1, 2, 3);
        Key160 chosen = new(4, 5, 6);
        MainlineState state = new([saved, saved], 6881, []);
        MainlineDht.ChooseIds(new MainlineOptions(), state, sockets, new Random(1)).ShouldBe([saved, saved]);
        MainlineDht.ChooseIds(new MainlineOptions { Id = chosen }, state, sockets, new Random(1)).ShouldBe([chosen, saved]);
    }
}
