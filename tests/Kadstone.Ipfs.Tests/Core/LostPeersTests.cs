using Kadstone.Ipfs.Core;
using Kadstone.Ipfs.Wire;
using Kadstone.Kademlia;

namespace Kadstone.Ipfs.Tests.Core;

/// <summary>How a node finds back to those that it lost (bar 4).</summary>
public sealed class LostPeersTests
{
    private const int Lost = 1;
    private const int Stranger = 500;

    private static readonly DateTimeOffset s_today = new(2026, 11, 20, 12, 0, 0, TimeSpan.Zero);

    private readonly KadProtocol _protocol = new(Swarm.SettingsOf(0), new Random(1));
    private readonly HashSet<PeerId> _dead = [];
    private Instant _now = new(TimeSpan.TicksPerDay);
    private Func<KadRequest, KadPeer[]> _names = _ => [];

    [Fact]
    public void One_that_lost_its_place_is_asked_for_our_neighbours_once_a_minute_at_the_address_that_it_had()
    {
        Know(12);
        Lose();

        for (int minute = 0; minute < 20; minute++)
        {
            KadRequest[] asked = [.. After(TimeSpan.FromMinutes(1)).Where(request => request.Query is null && request.Contact.Id == Peers.Id(Lost))];
            asked.ShouldHaveSingleItem().Contact.Addresses.ShouldBe([Peers.Address(Lost)]);
        }
    }

    [Fact]
    public void One_that_is_back_with_neighbours_that_we_do_not_know_makes_us_look_for_ourselves_through_them()
    {
        Know(12);
        Lose();
        _dead.Clear();
        _names = request => request.Contact.Id == Peers.Id(Lost) ? [new KadPeer(Peers.Id(Stranger), [Peers.Address(Stranger)])] : [];

        KadRequest[] asked = After(TimeSpan.FromMinutes(1));

        asked.ShouldContain(request => request.Contact.Id == Peers.Id(Stranger) && IsOfSelf(request));
        _protocol.Entries.Select(entry => entry.Id).ShouldContain(Peers.Id(Lost));
        _protocol.Entries.Select(entry => entry.Id).ShouldContain(Peers.Id(Stranger));
        After(TimeSpan.FromMinutes(1)).ShouldNotContain(request => request.Query == null);
    }

    [Fact]
    public void One_that_is_back_and_names_whom_we_know_causes_nothing_more()
    {
        Know(12);
        Lose();
        _dead.Clear();
        _names = _ => [new KadPeer(Peers.Id(2), [Peers.Address(2)])];

        KadRequest[] asked = After(TimeSpan.FromMinutes(1));

        asked.Where(request => request.Query is null).ShouldHaveSingleItem();
        asked.ShouldNotContain(request => IsOfSelf(request));
    }

    [Fact]
    public void While_the_table_is_small_we_look_for_ourselves_through_bootstrap_peers_too_and_more_often()
    {
        _protocol.AddBootstrap(Peers.Info(Stranger));
        Know(3);
        List<int> minutes = [];
        for (int minute = 1; minute <= 10; minute++)
        {
            if (After(TimeSpan.FromMinutes(1)).Any(request => request.Contact.Id == Peers.Id(Stranger) && request.Query is not null))
            {
                minutes.Add(minute);
            }

            _dead.Add(Peers.Id(Stranger));
        }

        minutes.ShouldBe([1, 3, 5, 7, 9]);
    }

    [Fact]
    public void Without_a_table_each_lookup_begins_with_a_few_of_those_that_were_lost()
    {
        Know(20);
        _dead.UnionWith(Enumerable.Range(1, 20).Select(Peers.Id));
        for (int i = 0; _protocol.Contacts > 0 && i < 60; i++)
        {
            After(TimeSpan.FromMinutes(1));
        }

        _protocol.Contacts.ShouldBe(0);
        Search().Length.ShouldBe(8);
        HashSet<PeerId> asked = [];
        for (int i = 0; i < 20; i++)
        {
            asked.UnionWith(Search().Select(request => request.Contact.Id));
        }

        asked.Count.ShouldBe(20);
        _dead.Clear();
        Search();
        _protocol.Contacts.ShouldBe(8);
    }

    private KadRequest[] Search()
    {
        KadQuery query = new(Swarm.SettingsOf(0), KadQueryKind.ClosestPeers, Peers.Content(1).Multihash);
        _protocol.Start(query, _now);
        return [.. Drain().Where(request => request.Query == query)];
    }

    private static bool IsOfSelf(KadRequest request) => request.Query is { IsUpkeep: true } query && query.Target.Span.SequenceEqual(Peers.Id(0).Bytes.Span);

    private void Know(int count)
    {
        for (int i = 1; i <= count; i++)
        {
            _protocol.Identified(Peers.Id(i), [Peers.Address(i)], serves: true, _now);
        }

        Drain();
        _protocol.Contacts.ShouldBe(count);
    }

    private void Lose()
    {
        _dead.Add(Peers.Id(Lost));
        for (int i = 0; i < 120 && _protocol.Entries.Any(entry => entry.Id == Peers.Id(Lost)); i++)
        {
            After(TimeSpan.FromSeconds(30));
        }

        _protocol.Entries.ShouldNotContain(entry => entry.Id == Peers.Id(Lost));
    }

    private KadRequest[] After(TimeSpan time)
    {
        _now += time;
        _protocol.Elapse(_now);
        return Drain();
    }

    private KadRequest[] Drain()
    {
        List<KadRequest> taken = [];
        while (_protocol.TryTakeRequest(_now, out KadRequest? request) && request is not null)
        {
            taken.Add(request);
            if (_dead.Contains(request.Contact.Id))
            {
                _protocol.OnFailure(request, "dead", countsAgainst: true, _now);
            }
            else
            {
                _protocol.OnAnswer(request, new KadMessage { Type = request.Message.Type, Closer = _names(request) }, s_today, _now);
            }
        }

        return [.. taken];
    }
}
