using Kadstone.Ipfs.Core;
using Kadstone.Ipfs.Wire;
using Kadstone.Kademlia;

namespace Kadstone.Ipfs.Tests.Core;

public sealed class KadProtocolTests
{
    private static readonly DateTimeOffset s_today = new(2026, 11, 20, 12, 0, 0, TimeSpan.Zero);

    private readonly KadProtocol _protocol = new(Settings(AddressPolicy.Any), new Random(1));
    private Instant _now = new(TimeSpan.TicksPerDay);

    [Fact]
    public void A_peer_enters_the_table_only_after_it_answered_a_question()
    {
        _protocol.Identified(Peers.Id(1), [Peers.Address(1)], serves: true, _now);
        _protocol.Contacts.ShouldBe(0);

        KadRequest check = Next().ShouldNotBeNull();
        check.Message.Type.ShouldBe(KadMessageType.FindNode);
        _protocol.OnAnswer(check, new KadMessage { Type = KadMessageType.FindNode }, s_today, _now);

        _protocol.Contacts.ShouldBe(1);
    }

    [Fact]
    public void A_peer_that_does_not_serve_or_has_no_address_is_never_asked()
    {
        _protocol.Identified(Peers.Id(1), [Peers.Address(1)], serves: false, _now);
        _protocol.Identified(Peers.Id(2), [], serves: true, _now);

        Next().ShouldBeNull();
    }

    [Fact]
    public void A_server_that_becomes_a_client_leaves_the_table()
    {
        Meet(1);

        _protocol.Identified(Peers.Id(1), [Peers.Address(1)], serves: false, _now);

        _protocol.Contacts.ShouldBe(0);
    }

    [Fact]
    public void The_twenty_nearest_are_named_without_the_asker_and_with_their_addresses()
    {
        Meet([.. Enumerable.Range(1, 30)]);
        PeerId asker = _protocol.Entries.First().Id;

        KadMessage answer = Answer(asker, new KadMessage { Type = KadMessageType.FindNode, Key = Peers.Id(500).Bytes }).ShouldNotBeNull();

        Key256 target = PeerKeys.KeyOf(Peers.Id(500));
        PeerId[] nearest = [.. _protocol.Entries.Select(entry => entry.Id).Where(id => id != asker).OrderBy(id => PeerKeys.KeyOf(id) ^ target).Take(20)];
        answer.Closer.Select(peer => peer.Id).ShouldBe(nearest, ignoreOrder: true);
        answer.Closer.ShouldAllBe(peer => peer.Addresses.Count == 1);
        answer.Key.Length.ShouldBe(0);
    }

    [Fact]
    public void The_one_that_is_sought_is_named_too_though_it_is_a_client_or_the_asker_or_we()
    {
        _protocol.Reside([Peers.Address(0)]);
        _protocol.Identified(Peers.Id(7), [Peers.Address(7)], serves: false, _now);

        foreach (int sought in new[] { 0, 7 })
        {
            KadMessage answer = Answer(Peers.Id(7), new KadMessage { Type = KadMessageType.FindNode, Key = Peers.Id(sought).Bytes }).ShouldNotBeNull();
            answer.Closer.ShouldHaveSingleItem().Addresses.ShouldBe([Peers.Address(sought)]);
        }

        Answer(Peers.Id(7), new KadMessage { Type = KadMessageType.FindNode, Key = Peers.Id(8).Bytes }).ShouldNotBeNull().Closer.ShouldBeEmpty();
    }

    [Fact]
    public void A_provider_is_believed_about_itself_and_about_nobody_else()
    {
        ReadOnlyMemory<byte> content = Peers.Content(1).Multihash;

        Tell(1, content, Peers.Info(2)).ShouldBe(KadVerdict.Refused);
        Tell(1, content, new PeerInfo(Peers.Id(1), [])).ShouldBe(KadVerdict.Refused);
        Tell(1, content, Peers.Info(2), Peers.Info(1)).ShouldBe(KadVerdict.Silent);

        KadMessage answer = Answer(Peers.Id(9), new KadMessage { Type = KadMessageType.GetProviders, Key = content }).ShouldNotBeNull();
        answer.Providers.ShouldHaveSingleItem().Id.ShouldBe(Peers.Id(1));
        answer.Key.Span.SequenceEqual(content.Span).ShouldBeTrue();
    }

    [Fact]
    public void Providers_are_forgotten_after_two_days_and_their_addresses_after_one()
    {
        ReadOnlyMemory<byte> content = Peers.Content(1).Multihash;
        Tell(1, content, Peers.Info(1)).ShouldBe(KadVerdict.Silent);

        _now += TimeSpan.FromHours(23.9);
        Find(content).ShouldHaveSingleItem().Addresses.ShouldBe([Peers.Address(1)]);
        _now += TimeSpan.FromHours(0.2);
        Find(content).ShouldHaveSingleItem().Addresses.ShouldBeEmpty();
        _now += TimeSpan.FromHours(24);
        Find(content).ShouldBeEmpty();
        _protocol.Elapse(_now);
        _protocol.ProviderCount.ShouldBe(0);
    }

    [Fact]
    public void A_provider_that_tells_again_stays()
    {
        ReadOnlyMemory<byte> content = Peers.Content(1).Multihash;
        for (int i = 0; i < 5; i++)
        {
            Tell(1, content, Peers.Info(1)).ShouldBe(KadVerdict.Silent);
            _now += TimeSpan.FromHours(22);
        }

        Find(content).ShouldHaveSingleItem();
        _protocol.ProviderCount.ShouldBe(1);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(81)]
    public void A_content_key_of_the_wrong_length_is_refused(int length)
    {
        Tell(1, new byte[length], Peers.Info(1)).ShouldBe(KadVerdict.Refused);
        Verdict(new KadMessage { Type = KadMessageType.GetProviders, Key = new byte[length] }).ShouldBe(KadVerdict.Refused);
    }

    [Fact]
    public void Questions_without_a_key_and_records_under_another_key_are_refused()
    {
        Verdict(new KadMessage { Type = KadMessageType.FindNode }).ShouldBe(KadVerdict.Refused);
        Verdict(new KadMessage { Type = KadMessageType.GetValue }).ShouldBe(KadVerdict.Refused);
        Verdict(new KadMessage { Type = KadMessageType.PutValue, Key = "/pk/a"u8.ToArray() }).ShouldBe(KadVerdict.Refused);
        Verdict(new KadMessage { Type = KadMessageType.PutValue, Key = "/pk/a"u8.ToArray(), Record = new KadRecord("/pk/b"u8.ToArray(), default, null) }).ShouldBe(KadVerdict.Refused);
        _protocol.Counters.Refused.ShouldBe(4);
    }

    [Fact]
    public void A_ping_is_echoed() => Answer(Peers.Id(1), new KadMessage { Type = KadMessageType.Ping }).ShouldNotBeNull().Type.ShouldBe(KadMessageType.Ping);

    [Fact]
    public void No_provider_and_no_key_takes_more_than_its_part_of_a_full_table()
    {
        ProviderTable table = new(new ProviderLimits { Total = 10, PerKey = 3, PerPeer = 4 });

        int ofOnePeer = Enumerable.Range(0, 20).Count(i => table.Add(Peers.Content(i).Multihash, Peers.Id(1), [], _now));
        int ofOneKey = Enumerable.Range(2, 20).Count(i => table.Add(Peers.Content(0).Multihash, Peers.Id(i), [], _now));
        int ofMany = Enumerable.Range(100, 20).Count(i => table.Add(Peers.Content(i).Multihash, Peers.Id(i), [], _now));

        (ofOnePeer, ofOneKey, ofMany).ShouldBe((4, 2, 4));
        table.Count.ShouldBe(10);
        table.Expire(_now + TimeSpan.FromHours(48));
        (table.Count, table.Keys).ShouldBe((0, 0));
        table.Add(Peers.Content(0).Multihash, Peers.Id(1), [], _now).ShouldBeTrue();
    }

    [Fact]
    public void In_the_public_network_a_group_of_addresses_gets_three_places_at_most_and_private_ones_none()
    {
        KadProtocol wan = new(Settings(AddressPolicy.Public), new Random(1));
        for (int i = 1; i <= 20; i++)
        {
            wan.Identified(Peers.Id(i), [Multiaddr.Parse($"/ip4/203.9.{i}.1/tcp/4001")], serves: true, _now);
            wan.Identified(Peers.Id(100 + i), [Peers.Address(i)], serves: true, _now);
        }

        while (wan.TryTakeRequest(_now, out KadRequest? request) && request is not null)
        {
            AddressPolicy.Public.CanDial(request.Contact.Addresses).ShouldBeTrue();
            wan.OnAnswer(request, new KadMessage { Type = KadMessageType.FindNode }, s_today, _now);
        }

        wan.Contacts.ShouldBeInRange(2, 3);
    }

    [Fact]
    public void Closer_peers_that_cannot_be_dialed_and_ourselves_are_not_asked()
    {
        KadProtocol wan = new(Settings(AddressPolicy.Public), new Random(1));
        wan.AddBootstrap(new PeerInfo(Peers.Id(1), [Multiaddr.Parse("/ip4/203.9.1.1/tcp/4001")]));
        KadQuery query = new(Settings(AddressPolicy.Public), KadQueryKind.ClosestPeers, Peers.Id(9).Bytes);
        wan.Start(query, _now);
        wan.TryTakeRequest(_now, out KadRequest? first).ShouldBeTrue();
        KadPeer[] named =
        [
            new(Peers.Id(0), [Multiaddr.Parse("/ip4/203.9.1.2/tcp/4001")]),
            new(Peers.Id(2), [Peers.Address(2)]),
            new(Peers.Id(3), []),
            new(Peers.Id(4), [Multiaddr.Parse("/ip4/203.9.1.4/udp/4001/quic-v1")]),
            new(Peers.Id(5), [Multiaddr.Parse("/ip4/203.9.1.5/tcp/4001")]),
        ];

        wan.OnAnswer(first.ShouldNotBeNull(), new KadMessage { Type = KadMessageType.FindNode, Closer = named }, s_today, _now);

        HashSet<PeerId> asked = [];
        while (wan.TryTakeRequest(_now, out KadRequest? request) && request is not null)
        {
            asked.Add(request.Contact.Id);
        }

        asked.ShouldContain(Peers.Id(5));
        asked.ShouldBeSubsetOf([Peers.Id(1), Peers.Id(5)]);
    }

    [Fact]
    public void A_value_that_is_not_valid_is_counted_and_not_found()
    {
        _protocol.AddBootstrap(Peers.Info(1));
        KadQuery query = new(Settings(AddressPolicy.Any), KadQueryKind.GetValue, RecordKey.OfName(Peers.Id(3)));
        _protocol.Start(query, _now);
        KadRequest request = Next().ShouldNotBeNull();

        _protocol.OnAnswer(request, new KadMessage { Type = KadMessageType.GetValue, Record = new KadRecord(query.Target, "nonsense"u8.ToArray(), null) }, s_today, _now);

        query.Best.ShouldBeNull();
        _protocol.Counters.InvalidValues.ShouldBe(1);
    }

    [Fact]
    public void Unread_events_hold_a_query_back_until_they_are_read()
    {
        Meet([.. Enumerable.Range(1, 20)]);
        KadQuery query = new(Settings(AddressPolicy.Any), KadQueryKind.ClosestPeers, Peers.Id(900).Bytes);
        _protocol.Start(query, _now);
        for (int i = 0; i < KadQuery.MaxUnread; i++)
        {
            query.Happened(QueryEventType.AddingPeer, Peers.Id(1), [], "");
        }

        Next().ShouldBeNull();
        while (query.TryTakeEvent(out _))
        {
        }

        Next().ShouldNotBeNull();
    }

    [Fact]
    public void The_table_is_refreshed_and_silent_entries_are_asked_again()
    {
        Meet([.. Enumerable.Range(1, 20)]);
        Drain(answer: true);
        _now += TimeSpan.FromMinutes(11);

        _protocol.NextDeadline.ShouldBeLessThanOrEqualTo(_now);
        _protocol.Elapse(_now);

        Drain(answer: true).ShouldBeGreaterThanOrEqualTo(20);
    }

    [Fact]
    public void Dead_entries_leave_the_table()
    {
        Meet([.. Enumerable.Range(1, 10)]);
        Drain(answer: true);
        for (int i = 0; i < 40; i++)
        {
            _now += TimeSpan.FromMinutes(11);
            _protocol.Elapse(_now);
            Drain(answer: false);
        }

        _protocol.Contacts.ShouldBe(0);
    }

    private static KadSettings Settings(AddressPolicy policy) => new() { Self = Peers.Id(0), Policy = policy, Rules = new RecordRules([]) };

    private KadRequest? Next() => _protocol.TryTakeRequest(_now, out KadRequest? request) ? request : null;

    private void Meet(params int[] numbers)
    {
        foreach (int number in numbers)
        {
            _protocol.Identified(Peers.Id(number), [Peers.Address(number)], serves: true, _now);
        }

        Drain(answer: true);
    }

    private int Drain(bool answer)
    {
        int count = 0;
        for (; Next() is KadRequest request; count++)
        {
            if (answer)
            {
                _protocol.OnAnswer(request, new KadMessage { Type = request.Message.Type }, s_today, _now);
            }
            else
            {
                _protocol.OnFailure(request, "dead", countsAgainst: true, _now);
            }
        }

        return count;
    }

    private KadVerdict Tell(int from, ReadOnlyMemory<byte> content, params PeerInfo[] providers) =>
        _protocol.Answer(
            Peers.Id(from),
            new KadMessage { Type = KadMessageType.AddProvider, Key = content, Providers = [.. providers.Select(provider => new KadPeer(provider.Id, provider.Addresses))] },
            _now,
            out _);

    private KadVerdict Verdict(KadMessage request) => _protocol.Answer(Peers.Id(1), request, _now, out _);

    private KadMessage? Answer(PeerId from, KadMessage request)
    {
        _protocol.Answer(from, request, _now, out KadMessage? answer);
        return answer;
    }

    private PeerInfo[] Find(ReadOnlyMemory<byte> content) => [.. _protocol.ProvidersOf(content, _now).Select(provider => new PeerInfo(provider.Id, provider.Addresses))];
}
