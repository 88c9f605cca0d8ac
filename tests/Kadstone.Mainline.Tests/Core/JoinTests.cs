using Kadstone.Datagrams;
using Kadstone.Kademlia;
using Kadstone.Mainline.Core;

namespace Kadstone.Mainline.Tests.Core;

/// <summary>Bars 7 and 10: coming in, and coming back.</summary>
public sealed class JoinTests
{
    private readonly Conversation _talk = new();

    [Fact]
    public void With_every_router_dead_and_half_of_the_saved_contacts_it_joins_within_five_seconds()
    {
        Neighbours network = new(_talk, 300);
        foreach (NodeContact contact in network.All.Take(100).Where((_, i) => i % 2 == 0))
        {
            network.Dead.Add(contact.Endpoint);
        }

        HashSet<UdpEndpoint> answered = [];
        _talk.Node.AddRouter(Conversation.At(9_000), _talk.Now);
        _talk.Node.AddRouter(Conversation.At(9_001), _talk.Now);
        _talk.Node.AddSaved(network.All.Take(100));
        Instant begun = _talk.Now;
        _talk.Node.Join(_talk.Now);
        _talk.Drain();
        Instant? usable = null;
        while (_talk.Now < begun + TimeSpan.FromSeconds(60))
        {
            _talk.Pass(TimeSpan.FromMilliseconds(100));
            usable ??= _talk.Local.Table.Count >= 8 ? _talk.Now : null;
            _talk.Ask(Krpc.ReadOnlyQuery("find_node", _talk.NewKey(), ("target", _talk.NewKey())), Conversation.At(10_000 + (int)((_talk.Now - begun).TotalMilliseconds / 100)))!
                .Nodes.ShouldAllBe(node => !network.Dead.Contains(node.Endpoint));
        }

        Figures.Note($"8 contacts after {(usable - begun)?.TotalSeconds:0.0} s");
        (usable - begun).ShouldNotBeNull().ShouldBeLessThanOrEqualTo(TimeSpan.FromSeconds(5));
        _talk.Node.HasJoined.ShouldBeTrue();
    }

    [Fact]
    public void One_living_router_of_four_is_enough()
    {
        Neighbours network = new(_talk, 300);
        for (int i = 0; i < 3; i++)
        {
            _talk.Node.AddRouter(Conversation.At(9_000 + i), _talk.Now);
        }

        _talk.Node.AddRouter(network.All[0].Endpoint, _talk.Now);
        _talk.Node.Join(_talk.Now);
        _talk.Drain();
        _talk.Pass(TimeSpan.FromSeconds(15));
        _talk.Local.Table.Count.ShouldBeGreaterThan(20);
        network.Closest(_talk.Local.Id).ShouldAllBe(contact => _talk.Local.Table.Contains(contact));
    }

    [Fact]
    public void While_nobody_answers_at_most_one_packet_a_second_goes_out_and_ever_fewer()
    {
        for (int i = 0; i < 4; i++)
        {
            _talk.Node.AddRouter(Conversation.At(9_000 + i), _talk.Now);
        }

        _talk.Node.Join(_talk.Now);
        _talk.Drain();
        _talk.Pass(TimeSpan.FromHours(1));
        _talk.Sent.CountBy(packet => packet.At.Ticks / TimeSpan.TicksPerSecond).ShouldAllBe(pair => pair.Value <= 1);
        _talk.Node.HasJoined.ShouldBeTrue("the first join has ended, badly");
        Instant end = _talk.Now;
        Figures.Note($"{_talk.Sent.Count} packets in an hour");
        _talk.Sent.Count(packet => packet.At > end - TimeSpan.FromMinutes(10)).ShouldBeLessThanOrEqualTo(200);
        _talk.Sent.Count.ShouldBeLessThanOrEqualTo(1_200);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(3)]
    public void When_the_network_was_away_for_an_hour_the_table_fills_within_a_minute_of_its_return(int deadRouters)
    {
        Neighbours network = new(_talk, 300);
        for (int i = 0; i < deadRouters; i++)
        {
            _talk.Node.AddRouter(Conversation.At(9_000 + i), _talk.Now);
        }

        _talk.Node.AddSaved(network.All.Take(40));
        _talk.Node.Join(_talk.Now);
        _talk.Pass(TimeSpan.FromMinutes(10));
        _talk.Local.Table.Count.ShouldBeGreaterThan(20);
        network.IsDown = true;
        _talk.Pass(TimeSpan.FromHours(1));
        _talk.Local.Table.Entries.ShouldBeEmpty("an hour of silence empties it, or the rest shows nothing");

        // Half of them did not come back either.
        foreach (NodeContact contact in network.All.Where((_, i) => i % 2 == 0))
        {
            network.Dead.Add(contact.Endpoint);
        }

        Instant alone = _talk.Now - TimeSpan.FromMinutes(20);
        _talk.Sent.Where(packet => packet.At > alone).CountBy(packet => packet.At.Ticks / TimeSpan.TicksPerSecond).ShouldAllBe(pair => pair.Value <= 1);
        network.IsDown = false;
        _talk.Pass(TimeSpan.FromSeconds(60));
        _talk.Local.Table.Count.ShouldBeGreaterThan(0);
        _talk.Pass(TimeSpan.FromSeconds(60));
        _talk.Local.Table.Count.ShouldBeGreaterThan(20);
    }
}
