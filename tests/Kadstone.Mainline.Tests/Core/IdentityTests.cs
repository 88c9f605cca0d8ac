using Kadstone.Datagrams;
using Kadstone.Kademlia;
using Kadstone.Mainline.Tests.Wire;

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

    [Fact]
    public void A_libtorrent_that_takes_another_id_between_its_query_and_its_answer_is_proved_and_admitted()
    {
        // As libtorrent 2.0.8 said it at its first start: our answer to the query told it its address, so the ping that came with it found another id.
        const string Query = """
            64 31 3a 61 64 32 3a 62 73 69 31 65                                                         | d 1:a d 2:bs i1e
            32 3a 69 64 32 30 3a 45 15 e4 d6 9b c7 62 9a fa 02 92 ae bd 19 a5 6e 8d 74 75 ce            | 2:id 20: of chance
            39 3a 69 6e 66 6f 5f 68 61 73 68 32 30 3a                                                   | 9:info_hash 20:
            45 15 e4 d6 9b c7 62 9a fa 02 92 ae 02 5e 83 ce b6 fe 5f 58                                 | near it
            65 31 3a 71 39 3a 67 65 74 5f 70 65 65 72 73                                                | e 1:q 9:get_peers
            31 3a 74 32 3a fa 14 31 3a 76 34 3a 4c 54 02 08 31 3a 79 31 3a 71 65                        | 1:t 2: 1:v 4:LT.. 1:y 1:q e
            """;
        const string AnswerBeforeTransaction = """
            64 32 3a 69 70 36 3a 2d 0a 01 01 1a e1                                                      | d 2:ip 6:
            31 3a 72 64 32 3a 69 64 32 30 3a e7 1c 9e 43 7a 70 12 99 6c 78 28 1f 27 1b 52 dc 11 09 17 1a | 1:r d 2:id 20: fits its address
            31 3a 70 69 36 38 38 31 65 65 31 3a 74 34 3a                                                | 1:p i6881e e 1:t 4:
            """;
        byte[] afterTransaction = Convert.FromHexString("313a76343a4c540208313a79313a7265");
        UdpEndpoint libtorrent = UdpEndpoint.FromIPv4(0x2D68_0101, 26_881);
        Conversation talk = new();

        talk.Deliver(AnnotatedHex.Bytes(Query), libtorrent);
        Packet ping = talk.Questions().ShouldHaveSingleItem();
        talk.Deliver([.. AnnotatedHex.Bytes(AnswerBeforeTransaction), .. ping.Transaction, .. afterTransaction], libtorrent);

        Key160.TryParse("e71c9e437a7012996c78281f271b52dc1109171a", out Key160 present).ShouldBeTrue();
        talk.Local.Table.Entries.ShouldHaveSingleItem().Contact.ShouldBe(new NodeContact(present, libtorrent));
        talk.Local.Table.Entries.Single().Contact.Id.ShouldBe(present);

        // Unproved it had ten answers a minute, and soon none.
        for (int i = 0; i < 50; i++)
        {
            talk.Ask(AnnotatedHex.Bytes(Query), libtorrent).ShouldNotBeNull().Message.ShouldContainKey("ip");
        }
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
