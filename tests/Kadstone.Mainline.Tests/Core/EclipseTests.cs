using Kadstone.Datagrams;
using Kadstone.Kademlia;

namespace Kadstone.Mainline.Tests.Core;

/// <summary>Bars 11 and 12: many ids at few addresses.</summary>
public sealed class EclipseTests
{
    private readonly Conversation _talk = new();

    [Fact]
    public void Ten_thousand_living_ids_in_five_networks_get_fifty_places_and_no_honest_one_loses_its()
    {
        NodeContact[] honest = [.. Enumerable.Range(0, 400).Select(i => new NodeContact(_talk.NewKey(), Conversation.At(i)))];
        foreach (NodeContact contact in honest)
        {
            _talk.Befriend(contact);
        }

        NodeContact[] held = Held(honest);
        Attack();
        AssertLimits();
        Held(honest).ShouldBe(held);

        // A quarter of an hour later everybody is checked; the living stay.
        _talk.Network = packet =>
        {
            if (packet.IsQuery)
            {
                Key160 id = _talk.Local.Table.Entries.Select(entry => entry.Contact).FirstOrDefault(contact => contact.Endpoint == packet.To).Id;
                _talk.Post(Krpc.Response(packet.Transaction, id, ("nodes", Array.Empty<byte>())), packet.To, TimeSpan.FromMilliseconds(50));
            }
        };
        _talk.Pass(TimeSpan.FromMinutes(40));
        _talk.Network = null;
        Attack();
        AssertLimits();
        Held(honest).ShouldBe(held);
    }

    [Fact]
    public void In_a_table_as_large_as_the_public_networks_they_get_less_than_a_quarter()
    {
        // Ten million nodes fill about twenty buckets.
        NodeContact[] honest = [.. Enumerable.Range(0, 160).Select(i => new NodeContact(Keyspace.RandomInBucket(_talk.Local.Id, i / 8, _talk.Chance), Conversation.At(i)))];
        foreach (NodeContact contact in honest)
        {
            _talk.Befriend(contact);
        }

        _talk.Local.Table.Count.ShouldBe(160);
        Attack();
        Held(honest).Length.ShouldBe(160);
        Figures.Note($"{AttackersIn(_talk).Length} of {_talk.Local.Table.Count}");
        AttackersIn(_talk).Length.ShouldBeLessThanOrEqualTo(_talk.Local.Table.Count / 4);
    }

    [Fact]
    public void After_a_restart_an_attacker_who_comes_first_holds_no_more()
    {
        Attack();
        AssertLimits();
        NodeContact[] saved = [.. _talk.Local.Table.Entries.Select(entry => entry.Contact)];
        Conversation again = new(seed: 5);
        again.Network = packet =>
        {
            if (packet.IsQuery && saved.FirstOrDefault(contact => contact.Endpoint == packet.To) is { Endpoint.Port: > 0 } contact)
            {
                NodeContact[] colluders = [.. Enumerable.Range(0, 8).Select(i => Colluder(again, again.Chance.Next(10_000)))];
                again.Post(Krpc.Response(packet.Transaction, contact.Id, ("nodes", Krpc.Nodes(colluders))), packet.To, TimeSpan.FromMilliseconds(50));
            }
        };
        again.Node.AddSaved(saved);
        again.Node.Join(again.Now);
        again.Pass(TimeSpan.FromMinutes(1));
        again.Local.Table.Entries.CountBy(entry => entry.Contact.Prefix).ShouldAllBe(pair => pair.Value <= 10);
        again.Local.Table.Count.ShouldBeLessThanOrEqualTo(50);
    }

    [Fact]
    public void Many_ids_at_one_address_get_one_place()
    {
        for (int i = 0; i < 1_000; i++)
        {
            _talk.Befriend(new NodeContact(_talk.NewKey(), UdpEndpoint.FromIPv4(0x2D010101, (ushort)(1_000 + i))));
        }

        _talk.Local.Table.Count.ShouldBe(1);
    }

    [Fact]
    public void An_endpoint_that_changes_its_id_loses_its_place_and_waits()
    {
        NodeContact first = new(_talk.NewKey(), Conversation.At(1));
        _talk.Befriend(first);
        _talk.Local.Table.Count.ShouldBe(1);
        for (int i = 0; i < 200; i++)
        {
            _talk.Pass(TimeSpan.FromSeconds(61));
            _talk.Befriend(new NodeContact(_talk.NewKey(), first.Endpoint));
            _talk.Local.Table.Count.ShouldBeLessThanOrEqualTo(1);
        }
    }

    [Fact]
    public void Liars_who_name_honest_endpoints_under_wrong_ids_cost_them_nothing()
    {
        Neighbours network = new(_talk, 200);
        _talk.Node.AddSaved(network.All.Take(40));
        _talk.Node.Join(_talk.Now);
        _talk.Pass(TimeSpan.FromMinutes(1));
        NodeContact[] held = [.. _talk.Local.Table.Entries.Select(entry => entry.Contact).OrderBy(contact => contact.Id)];
        network.Adds = query =>
        {
            byte[] near = [.. (byte[]?)(query.Arguments.GetValueOrDefault("info_hash") ?? query.Arguments.GetValueOrDefault("target")) ?? new byte[20]];
            return [("nodes", Krpc.Nodes(Enumerable.Range(0, 8).Select(_ =>
            {
                _talk.Chance.NextBytes(near.AsSpan(4));
                return new NodeContact(Key160.Read(near), held[_talk.Chance.Next(held.Length)].Endpoint);
            })))];
        };
        for (int i = 0; i < 50; i++)
        {
            _talk.Node.Start(new Kadstone.Mainline.Core.Queries.GetPeersQuery(_talk.NewKey()), _talk.Now);
            _talk.Drain();
            _talk.Pass(TimeSpan.FromSeconds(3));
        }

        _talk.Node.Counters.WrongId.ShouldBeGreaterThan(100);
        _talk.Local.Table.Entries.Select(entry => entry.Contact).OrderBy(contact => contact.Id).ShouldBe(held);
        _talk.Local.Table.Entries.ShouldAllBe(entry => entry.Failures == 0);
    }

    private void Attack()
    {
        for (int i = 0; i < 10_000; i++)
        {
            _talk.Befriend(Colluder(_talk, i));
            if (i % 100 == 0)
            {
                _talk.Pass(TimeSpan.FromSeconds(1));
                _talk.Sent.Clear();
            }
        }
    }

    private static NodeContact Colluder(Conversation talk, int number) =>
        new(talk.NewKey(), UdpEndpoint.FromIPv4(0x50000000 + ((uint)(number % 5) << 16) + (uint)(number / 5 % 254) + 1, (ushort)(2_000 + (number / 1_270))));

    private NodeContact[] Held(NodeContact[] honest)
    {
        HashSet<NodeContact> known = [.. honest];
        return [.. _talk.Local.Table.Entries.Select(entry => entry.Contact).Where(known.Contains).OrderBy(contact => contact.Id)];
    }

    private static TableEntry<NodeContact>[] AttackersIn(Conversation talk) =>
        [.. talk.Local.Table.Entries.Where(entry => entry.Contact.Endpoint.AddressLow >> 24 == 0x50)];

    private void AssertLimits()
    {
        TableEntry<NodeContact>[] bad = AttackersIn(_talk);
        Figures.Note($"{bad.Length} of {_talk.Local.Table.Count}");
        bad.Length.ShouldBeInRange(1, 50);
        bad.CountBy(entry => entry.Contact.Prefix).ShouldAllBe(pair => pair.Value <= 10);
        bad.CountBy(entry => (entry.Bucket, entry.Contact.Prefix)).ShouldAllBe(pair => pair.Value <= 2);
    }
}
