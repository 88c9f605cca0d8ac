namespace Kadstone.Kademlia.Tests;

/// <summary>The filter before the table's search never hides an entry, and forgets who left.</summary>
public sealed class PresenceTests
{
    [Fact]
    public void Who_was_added_may_be_there_until_removed_as_often()
    {
        Presence<Peer> presence = new();
        Peer peer = new(new Key160(1, 2, 3), 0x0A000001);

        presence.MayHold(peer).ShouldBeFalse();
        presence.Add(peer);
        presence.Add(peer);
        presence.Remove(peer);
        presence.MayHold(peer).ShouldBeTrue();
        presence.Remove(peer);
        presence.MayHold(peer).ShouldBeFalse();
    }

    [Fact]
    public void A_contact_under_another_key_may_be_there_too()
    {
        Presence<Peer> presence = new();
        presence.Add(new Peer(new Key160(1, 2, 3), 0x0A000001));

        presence.MayHold(new Peer(new Key160(9, 9, 9), 0x0A000001)).ShouldBeTrue();
    }

    [Fact]
    public void More_of_one_hash_than_can_be_counted_hide_nobody()
    {
        Presence<Peer> presence = new();
        Peer peer = new(default, 0x0A000001);
        for (int i = 0; i < 300; i++)
        {
            presence.Add(peer);
        }

        for (int i = 0; i < 299; i++)
        {
            presence.Remove(peer);
        }

        presence.MayHold(peer).ShouldBeTrue();
    }

    [Fact]
    public void Of_a_thousand_strangers_four_in_five_are_told_from_three_hundred_entries()
    {
        Presence<Peer> presence = new();
        for (uint i = 0; i < 300; i++)
        {
            presence.Add(new Peer(default, 0x0A000000 + i));
        }

        Enumerable.Range(0, 1_000).Count(i => presence.MayHold(new Peer(default, 0x0B000000 + (uint)i))).ShouldBeLessThan(200);
    }
}
