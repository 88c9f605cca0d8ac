using Kadstone.Ipfs.Core;
using Kadstone.Ipfs.Wire;
using Kadstone.Kademlia;

namespace Kadstone.Ipfs.Tests.Core;

/// <summary>Bar 16 across lookups: whoever names ever new peers at one host makes of us no flood there, and cuts us off from nobody for long.</summary>
public sealed class DialGuardTests
{
    private static readonly DateTimeOffset s_today = new(2026, 11, 20, 12, 0, 0, TimeSpan.Zero);
    private static readonly Multiaddr s_victim = Multiaddr.Parse("/ip4/199.0.0.1/tcp/4001");

    private readonly KadProtocol _protocol = new(Settings(), new Random(1));
    private Instant _now = new(TimeSpan.TicksPerDay);
    private int _false = 10_000;

    [Fact]
    public void Lookups_one_after_another_dial_a_host_that_never_answers_eight_times_and_then_once_in_two_minutes()
    {
        Know(1);
        int dials = 0;
        for (int i = 0; i < 5; i++)
        {
            dials += LookUp(named: 20);
        }

        dials.ShouldBe(DialGuard.MaxUnanswered);
        _now += TimeSpan.FromMinutes(2);
        LookUp(named: 20).ShouldBe(1);
        _now += TimeSpan.FromMinutes(1);
        LookUp(named: 20).ShouldBe(0);
    }

    [Fact]
    public void A_dial_counts_when_it_begins_for_many_begin_before_the_first_has_failed()
    {
        Know(1);
        List<KadRequest> open = [];

        for (int i = 0; i < 6; i++)
        {
            LookUp(named: 20, open);
        }

        open.Count.ShouldBe(DialGuard.MaxUnanswered);
    }

    [Fact]
    public void An_honest_peer_where_others_were_said_to_be_is_reached_two_minutes_later_at_most()
    {
        Know(1);
        LookUp(named: 20);
        KadPeer honest = new(Peers.Id(2), [s_victim]);

        Names(honest).ShouldBeEmpty();
        _now += TimeSpan.FromMinutes(2);
        KadRequest dial = Names(honest).ShouldHaveSingleItem();
        Answer(dial);

        _protocol.Entries.ShouldContain(entry => entry.Id == Peers.Id(2));
    }

    [Fact]
    public void One_that_we_know_is_reached_whoever_else_is_said_to_be_there()
    {
        Know(1);
        _protocol.Identified(Peers.Id(2), [s_victim], serves: true, _now);
        Drain(Answer);
        _protocol.Disconnected(Peers.Id(2));
        LookUp(named: 20);

        KadQuery query = new(Settings(), KadQueryKind.ClosestPeers, Peers.Content(5).Multihash);
        _protocol.Start(query, _now);

        Drain(Answer).ShouldContain(request => request.Contact.Id == Peers.Id(2));
    }

    [Fact]
    public void A_peer_that_answers_leaves_no_trace_and_one_of_two_hosts_proves_neither()
    {
        DialGuard guard = new(_ => false, (_, _) => false);
        PeerContact atOne = PeerContact.From(Peers.Id(1), [s_victim]);
        PeerContact atTwo = PeerContact.From(Peers.Id(2), [s_victim, Public(2)]);
        for (int i = 0; i < 100; i++)
        {
            guard.Asked(atOne, _now);
            guard.Answered(atOne, _now);
        }

        guard.Count.ShouldBe(0);
        for (int i = 0; i < DialGuard.MaxUnanswered; i++)
        {
            guard.Allows(atTwo, atOne.Host, _now).ShouldBeTrue();
            guard.Asked(atTwo, _now);
            guard.Answered(atTwo, _now);
        }

        guard.Allows(atTwo, atOne.Host, _now).ShouldBeFalse();
    }

    [Fact]
    public void However_many_hosts_are_named_few_are_counted_and_a_flooded_one_stays()
    {
        DialGuard guard = new(_ => false, (_, _) => false, capacity: 32);
        PeerContact victim = PeerContact.From(Peers.Id(1), [s_victim]);
        for (int i = 0; i < DialGuard.MaxUnanswered; i++)
        {
            guard.Asked(victim, _now);
        }

        for (int i = 0; i < 1_000; i++)
        {
            guard.Asked(PeerContact.From(Peers.Id(1), [Public(i)]), _now);
        }

        guard.Count.ShouldBe(32);
        guard.Allows(victim, victim.Host, _now).ShouldBeFalse();
    }

    private static KadSettings Settings() => new() { Self = Peers.Id(0), Policy = AddressPolicy.Public, Rules = new RecordRules([]) };

    private static Multiaddr Public(int number) => Multiaddr.Parse($"/ip4/61.{(number >> 8) & 255}.{number & 255}.1/tcp/4001");

    private void Know(int number)
    {
        _protocol.Identified(Peers.Id(number), [Public(number)], serves: true, _now);
        Drain(Answer);
        _protocol.Contacts.ShouldBe(1);
    }

    /// <summary>Looks for something new; who answers names so many new peers, all said to be at the victim. Counts the dials to it, which fail, or stay open.</summary>
    private int LookUp(int named, List<KadRequest>? open = null)
    {
        KadPeer[] peers = [.. Enumerable.Range(0, named).Select(_ => new KadPeer(Peers.Id(_false++), [s_victim]))];
        return Names(peers, request =>
        {
            if (open is null)
            {
                _protocol.OnFailure(request, "nobody", countsAgainst: true, _now);
            }
            else
            {
                open.Add(request);
            }
        }).Count;
    }

    private List<KadRequest> Names(KadPeer peer) => Names([peer], _ => { });

    private List<KadRequest> Names(KadPeer[] peers, Action<KadRequest> dialed)
    {
        KadQuery query = new(Settings(), KadQueryKind.ClosestPeers, Peers.Content(_false++).Multihash);
        _protocol.Start(query, _now);
        List<KadRequest> dials = [];
        Drain(request =>
        {
            if (request.Contact.Addresses.Contains(s_victim) && request.Query == query)
            {
                dials.Add(request);
                dialed(request);
            }
            else
            {
                Answer(request, request.Query == query ? peers : []);
            }
        });
        return dials;
    }

    private void Answer(KadRequest request) => Answer(request, []);

    private void Answer(KadRequest request, KadPeer[] closer) =>
        _protocol.OnAnswer(request, new KadMessage { Type = request.Message.Type, Closer = closer }, s_today, _now);

    private List<KadRequest> Drain(Action<KadRequest> answer)
    {
        List<KadRequest> taken = [];
        while (_protocol.TryTakeRequest(_now, out KadRequest? request) && request is not null)
        {
            taken.Add(request);
            answer(request);
        }

        return taken;
    }
}
