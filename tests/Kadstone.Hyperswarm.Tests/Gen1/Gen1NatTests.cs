using Kadstone.Datagrams;
using Kadstone.Hyperswarm.Core;
using Kadstone.Hyperswarm.Core.Gen1;
using Kadstone.Kademlia;
using Kadstone.Simulation;

namespace Kadstone.Hyperswarm.Tests.Gen1;

/// <summary>Nodes behind NATs, and the nodes that know them.</summary>
public sealed class Gen1NatTests
{
    private readonly Gen1World _world = new();
    private readonly SimulatedNode<Gen1Protocol> _referrer;

    public Gen1NatTests() => _referrer = _world.Add();

    private UdpEndpoint Referrer => _referrer.LocalEndpoint();

    [Theory]
    [InlineData(NatKind.AddressRestricted, NatKind.None)]
    [InlineData(NatKind.PortRestricted, NatKind.None)]
    [InlineData(NatKind.AddressRestricted, NatKind.AddressRestricted)]
    [InlineData(NatKind.PortRestricted, NatKind.PortRestricted)]
    [InlineData(NatKind.FullCone, NatKind.PortRestricted)]
    public void A_node_behind_a_cone_is_reached_through_the_node_that_knows_it(NatKind nat, NatKind ours)
    {
        UdpEndpoint hidden = Hide(nat);
        SimulatedNode<Gen1Protocol> node = _world.Add(nat: ours);
        Gen1DirectQuery plain = _world.Ping(node, hidden);
        plain.Outcome.ShouldBe(nat == NatKind.FullCone ? DirectOutcome.Answered : DirectOutcome.Silent);
        _world.Ping(node, hidden, Referrer).Outcome.ShouldBe(DirectOutcome.Answered);

        // And from then on without help.
        _world.Ping(node, hidden).Outcome.ShouldBe(DirectOutcome.Answered);
    }

    [Fact]
    public void A_node_behind_a_symmetric_nat_is_not_reached_for_its_answer_comes_from_another_port()
    {
        UdpEndpoint hidden = Hide(NatKind.Symmetric);
        SimulatedNode<Gen1Protocol> node = _world.Add();
        _world.Ping(node, hidden, Referrer).Outcome.ShouldBe(DirectOutcome.Silent);
        node.Protocol.Counters.Unmatched.ShouldBePositive();
        node.Protocol.Table.Count.ShouldBe(0);
    }

    [Fact]
    public void A_query_tries_whom_it_cannot_reach_once_more_through_whoever_named_it()
    {
        UdpEndpoint hidden = Hide(NatKind.AddressRestricted);
        SimulatedNode<Gen1Protocol> node = _world.Add();
        Key256 target = new(1, 2);
        Gen1Walk walk = Query(node, target, holepunches: true);
        Gen1World.AnswersOf(walk).Select(answer => answer.From).ShouldBe([Referrer, hidden], ignoreOrder: true);
        (walk.Good, walk.Silenced).ShouldBe((2, 0));
        _referrer.Protocol.Counters.Forwarded.ShouldBe(1);
    }

    [Fact]
    public void Without_hole_punching_nothing_is_ever_asked_to_be_passed_on()
    {
        UdpEndpoint hidden = Hide(NatKind.AddressRestricted);
        SimulatedNode<Gen1Protocol> node = _world.Add();
        int forwards = 0;
        _world.Network.Tap = packet => forwards += IsForward(packet) ? 1 : 0;
        Gen1Walk walk = Query(node, new Key256(1, 2), holepunches: false);
        Gen1World.AnswersOf(walk).Select(answer => answer.From).ShouldBe([Referrer]);
        walk.TryTakeSilent(out UdpEndpoint silent).ShouldBeTrue();
        (silent, walk.Silenced, forwards).ShouldBe((hidden, 1, 0));
    }

    [Fact]
    public void A_dead_node_is_asked_and_punched_once_each()
    {
        UdpEndpoint dead = Hide(NatKind.None);
        _world.Network.Hosts[1].Stop();
        SimulatedNode<Gen1Protocol> node = _world.Add();
        Dictionary<bool, int> packets = new() { [true] = 0, [false] = 0 };
        _world.Network.Tap = packet => packets[IsForward(packet)] += packet.Fate == PacketFate.Unreachable && packet.To == dead && packet.Sender == node.Host ? 1 : 0;
        int asked = 0;
        _world.Network.Tap += packet => asked += packet.Fate == PacketFate.Sent && IsForward(packet) && packet.Sender == node.Host ? 1 : 0;
        Gen1Walk walk = Query(node, new Key256(1, 2), holepunches: true);
        (walk.Good, walk.Silenced, asked).ShouldBe((1, 1, 1));
    }

    [Fact]
    public void A_joining_node_reaches_even_those_that_only_the_bootstrap_node_can()
    {
        Gen1World world = new();
        Gen1Settings ephemeral = new() { IsEphemeral = true };
        SimulatedNode<Gen1Protocol> bootstrapper = world.Add(ephemeral);
        SimulatedNode<Gen1Protocol> hidden = world.Add(new Gen1Settings(), NatKind.PortRestricted, bootstrapper.LocalEndpoint());
        world.Network.RunFor(TimeSpan.FromSeconds(5));
        SimulatedNode<Gen1Protocol> node = world.Add(new Gen1Settings(), NatKind.None, bootstrapper.LocalEndpoint());
        world.Network.Require(() => node.Protocol.HasJoined, TimeSpan.FromSeconds(10), "it joins");
        node.Protocol.Table.Entries.Select(entry => entry.Contact.Id).ShouldBe([hidden.Protocol.Id]);
        bootstrapper.Protocol.Table.Count.ShouldBe(2);
    }

    private static bool IsForward(in PacketEvent packet) =>
        Gen1Reader.TryRead(packet.Datagram, out Gen1Message message, out _) && message.ForwardRequest is not null;

    /// <summary>A node that joined by way of the referrer.</summary>
    /// <returns>Where the referrer sees it.</returns>
    private UdpEndpoint Hide(NatKind nat)
    {
        _world.Add(nat: nat, bootstrap: Referrer);
        _world.Network.RunFor(TimeSpan.FromSeconds(5));
        return _referrer.Protocol.Table.Entries.ShouldHaveSingleItem().Contact.Endpoint;
    }

    private Gen1Walk Query(SimulatedNode<Gen1Protocol> node, Key256 target, bool holepunches)
    {
        // The referrer is known; whom it names is not.
        _world.Ping(node, Referrer).Outcome.ShouldBe(DirectOutcome.Answered);
        return _world.Ask(node, Gen1Question.Of("who", target, null), target, new Gen1WalkOptions { Keeps = true, Holepunches = holepunches });
    }
}
