namespace Kadstone.Kademlia.Tests;

public sealed class LookupListenerTests
{
    private static readonly Instant Start = new(0);
    private static readonly Peer[] Peers = [PeerAt(1), PeerAt(2), PeerAt(3)];

    [Fact]
    public void A_listener_hears_each_question_and_what_came_of_it()
    {
        Notes notes = new();
        NodeLookup<Key160, Peer> lookup = new(default, new LookupOptions(), Peers) { Listener = notes };
        while (lookup.TryNext(Start, out _))
        {
        }

        Instant later = Start + TimeSpan.FromMilliseconds(40);
        lookup.Answer(Peers[0], [PeerAt(9)], later, values: 2);
        lookup.Fail(Peers[1], later, isRefusal: true);
        lookup.Fail(Peers[2], later);
        lookup.Stop();
        notes.Turns.ShouldBe(
            [
                new(LookupTurnKind.Asked, Peers[0], 1, Start, null, 0, 0),
                new(LookupTurnKind.Asked, Peers[1], 1, Start, null, 0, 0),
                new(LookupTurnKind.Asked, Peers[2], 1, Start, null, 0, 0),
                new(LookupTurnKind.Answered, Peers[0], 1, later, later - Start, 1, 2),
                new(LookupTurnKind.Refused, Peers[1], 1, later, null, 0, 0),
                new(LookupTurnKind.Silent, Peers[2], 1, later, null, 0, 0),
            ]);
        notes.End.ShouldBe(LookupEnd.Stopped);
        notes.Closest.ShouldBe([Peers[0]]);
    }

    [Fact]
    public void Writes_after_the_lookup_are_heard_too()
    {
        Notes notes = new();
        NodeLookup<Key160, Peer> lookup = new(default, new LookupOptions(), Peers) { Listener = notes };
        lookup.Stop();
        lookup.Note(LookupTurnKind.Storing, Peers[0], Start);
        lookup.Note(LookupTurnKind.StoreRefused, Peers[0], Start, TimeSpan.FromMilliseconds(3), 203);
        notes.Turns.ShouldBe(
            [
                new(LookupTurnKind.Storing, Peers[0], 0, Start, null, 0, 0),
                new(LookupTurnKind.StoreRefused, Peers[0], 0, Start, TimeSpan.FromMilliseconds(3), 0, 0) { Code = 203 },
            ]);
    }

    [Fact]
    public void Writes_that_nobody_hears_cost_nothing()
    {
        NodeLookup<Key160, Peer> lookup = new(default, new LookupOptions(), Peers);
        Allocations.Least(() => lookup.Note(LookupTurnKind.Storing, Peers[0], Start)).ShouldBe(0);
    }

    [Fact]
    public void A_late_contact_is_silent_once_and_may_still_answer()
    {
        Notes notes = new();
        LookupOptions options = new();
        NodeLookup<Key160, Peer> lookup = new(default, options, Peers.AsSpan(0, 2)) { Listener = notes };
        while (lookup.TryNext(Start, out _))
        {
        }

        Instant late = Start + options.Patience;
        lookup.TryNext(late, out _).ShouldBeFalse();
        lookup.Fail(Peers[0], late);
        lookup.Answer(Peers[1], [], late);
        notes.Turns.Count(turn => turn.Contact == Peers[0]).ShouldBe(2);
        notes.Turns.Where(turn => turn.Contact == Peers[1]).Select(turn => turn.Kind).ShouldBe([LookupTurnKind.Asked, LookupTurnKind.Silent, LookupTurnKind.Answered]);
        notes.End.ShouldBe(LookupEnd.Exhausted);
    }

    private static Peer PeerAt(uint distance) => new(new Key160(0, 0, distance), 0x01000000 + (distance << 8));

    private sealed class Notes : ILookupListener<Peer>
    {
        public List<LookupTurn<Peer>> Turns { get; } = [];

        public LookupEnd End { get; private set; }

        public IReadOnlyList<Peer> Closest { get; private set; } = [];

        public void Turned(in LookupTurn<Peer> turn) => Turns.Add(turn);

        public void Ended(LookupEnd end, IReadOnlyList<Peer> closest)
        {
            End = end;
            Closest = closest;
        }
    }
}
