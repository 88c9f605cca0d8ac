using Kadstone.Datagrams;
using Kadstone.Kademlia;

namespace Kadstone.Simulation.Tests.World;

public sealed class NodeTests
{
    private readonly SimulatedNetwork _network = new(31, LinkOptions.FixedRoundTrip(TimeSpan.FromMilliseconds(100)));

    [Fact]
    public void An_alarm_rings_at_its_moment_and_not_before()
    {
        Instant start = _network.Now;
        SimulatedNode<Alarm> node = _network.AddHost().Bind(new Alarm { Again = now => now + TimeSpan.FromSeconds(7) });
        node.Run((alarm, now) => alarm.NextDeadline = now + TimeSpan.FromSeconds(7));
        _network.RunFor(TimeSpan.FromSeconds(21));
        node.Protocol.Rang.ShouldBe([start + TimeSpan.FromSeconds(7), start + TimeSpan.FromSeconds(14), start + TimeSpan.FromSeconds(21)]);
        _network.Elapsed.ShouldBe(TimeSpan.FromSeconds(21));
    }

    [Fact]
    public void A_deadline_that_moves_is_kept_either_way_and_takes_one_place()
    {
        Instant start = _network.Now;
        SimulatedNode<Alarm> node = _network.AddHost().Bind(new Alarm());
        for (int second = 1; second <= 1_000; second++)
        {
            node.Run((alarm, now) => alarm.NextDeadline = start + TimeSpan.FromSeconds(1_000 - second));
            node.Run((alarm, now) => alarm.NextDeadline = start + TimeSpan.FromSeconds(2_000 + second));
        }

        _network.Wakes.Count.ShouldBe(1);
        node.Run((alarm, now) => alarm.NextDeadline = start + TimeSpan.FromSeconds(60));
        _network.RunFor(TimeSpan.FromHours(1));
        node.Protocol.Rang.ShouldBe([start + TimeSpan.FromSeconds(60)]);
        _network.Wakes.Count.ShouldBe(0);
    }

    [Fact]
    public void A_deadline_in_the_past_is_due_at_once()
    {
        SimulatedNode<Alarm> node = _network.AddHost().Bind(new Alarm { NextDeadline = new Instant(5) });
        Instant start = _network.Now;
        _network.Step().ShouldBeTrue();
        node.Protocol.Rang.ShouldBe([start]);
        _network.Step().ShouldBeFalse();
    }

    [Fact]
    public void A_closed_node_hears_nothing_and_its_endpoint_is_free()
    {
        SimulatedNode<PingPong>[] nodes = LinkTests.Nodes(_network, 2);
        UdpEndpoint endpoint = nodes[1].LocalEndpoint();
        Should.Throw<InvalidOperationException>(() => nodes[1].Host.Bind(new PingPong(), endpoint));

        nodes[0].Run((node, now) => node.Ping(endpoint, 1, now));
        nodes[1].Close();
        nodes[1].IsClosed.ShouldBeTrue();
        Should.Throw<InvalidOperationException>(() => nodes[1].Run((_, _) => { }));
        _network.RunFor(TimeSpan.FromSeconds(1));
        _network.Traffic.Unreachable.ShouldBe(1);

        SimulatedNode<PingPong> next = nodes[1].Host.Bind(new PingPong(), endpoint);
        nodes[0].Run((node, now) => node.Ping(endpoint, 2, now));
        _network.RunFor(TimeSpan.FromSeconds(1));
        next.Protocol.NumbersSeen.ShouldBe([2u]);
        nodes[1].Protocol.NumbersSeen.ShouldBeEmpty();
    }

    [Fact]
    public void A_stopped_host_loses_its_nodes_and_a_started_one_takes_new_ones()
    {
        SimulatedNode<PingPong>[] nodes = LinkTests.Nodes(_network, 2);
        SimulatedHost host = nodes[1].Host;
        host.Stop();
        host.IsUp.ShouldBeFalse();
        nodes[1].IsClosed.ShouldBeTrue();
        Should.Throw<InvalidOperationException>(() => host.Bind(new PingPong(), 6881));

        // Sent while it was down, there when it is up again: as in life, it arrives.
        nodes[0].Run((node, now) => node.Ping(nodes[1].LocalEndpoint(), 1, now));
        host.Start();
        SimulatedNode<PingPong> again = host.Bind(new PingPong(), 6881);
        _network.RunFor(TimeSpan.FromSeconds(1));
        again.Protocol.NumbersSeen.ShouldBe([1u]);
    }

    [Fact]
    public void A_suspended_host_loses_packets_and_wakes_late()
    {
        Instant start = _network.Now;
        SimulatedHost host = _network.AddHost();
        SimulatedNode<Alarm> alarm = host.Bind(new Alarm(), 1);
        SimulatedNode<PingPong> sleeper = host.Bind(new PingPong(), 2);
        SimulatedNode<PingPong> caller = _network.AddHost().Bind(new PingPong(), 1);
        alarm.Run((protocol, now) => protocol.NextDeadline = now + TimeSpan.FromMinutes(1));

        host.Suspend();
        host.IsSuspended.ShouldBeTrue();
        caller.Run((node, now) => node.Ping(sleeper.LocalEndpoint(), 1, now));
        _network.RunFor(TimeSpan.FromHours(8));
        alarm.Protocol.Rang.ShouldBeEmpty();
        _network.Traffic.Unreachable.ShouldBe(1);
        Should.Throw<InvalidOperationException>(() => sleeper.Run((_, _) => { }));

        host.Resume();
        caller.Run((node, now) => node.Ping(sleeper.LocalEndpoint(), 2, now));
        _network.RunFor(TimeSpan.FromSeconds(1));
        alarm.Protocol.Rang.ShouldBe([start + TimeSpan.FromHours(8)]);
        sleeper.Protocol.NumbersSeen.ShouldBe([2u]);
    }

    [Fact]
    public void Hosts_count_their_own_traffic()
    {
        SimulatedNode<PingPong>[] nodes = LinkTests.Nodes(_network, 3);
        LinkTests.PingEachOther(_network, nodes);
        nodes[0].Host.Traffic.ShouldBe(new HostTraffic(4, 20, 4, 20));
        _network.Traffic.Sent.ShouldBe(12);
        _network.Traffic.BytesDelivered.ShouldBe(60);
    }

    [Fact]
    public void Own_addresses_are_public_and_stand_in_networks_of_their_own()
    {
        SimulatedHost[] hosts = [.. Enumerable.Range(0, 5_000).Select(_ => _network.AddHost())];
        hosts.Select(host => host.Address.Prefix).Distinct().Count().ShouldBe(5_000);
        hosts.ShouldAllBe(host => host.Address.AddressLow >> 24 >= 20 && host.Address.AddressLow >> 24 < 52);
    }

    [Fact]
    public void A_node_bound_without_a_port_gets_a_free_one()
    {
        SimulatedHost host = _network.AddHost();
        UdpEndpoint[] endpoints = [.. Enumerable.Range(0, 100).Select(_ => host.Bind(new PingPong()).LocalEndpoint())];
        endpoints.Distinct().Count().ShouldBe(100);
        endpoints.ShouldAllBe(endpoint => endpoint.Port != 0);
    }

    [Fact]
    public void An_endless_transmitter_is_stopped_with_its_name_and_the_seed()
    {
        SimulatedNode<Rogue> rogue = _network.AddHost().Bind(new Rogue(new Transmit(UdpEndpoint.FromIPv4(1, 1), 0, 1)), 1);
        _network.MaxTransmitsInARow = 100;
        SimulationFailedException failure = Should.Throw<SimulationFailedException>(() => rogue.Run((node, _) => node.IsLoose = true));
        failure.Message.ShouldContain("100 datagrams");
        failure.Message.ShouldContain("Rogue");
        failure.Message.ShouldContain("seed 31");
    }

    [Fact]
    public void A_transmit_that_cannot_be_is_a_failure_of_the_protocol()
    {
        SimulatedNode<Rogue> tooLong = _network.AddHost().Bind(new Rogue(new Transmit(default, 0, 2049)), 1);
        SimulatedNode<Rogue> wrongSocket = _network.AddHost().Bind(new Rogue(new Transmit(default, 1, 1)), 1);
        Should.Throw<SimulationFailedException>(() => tooLong.Run((node, _) => node.IsLoose = true)).Message.ShouldContain("2049");
        Should.Throw<SimulationFailedException>(() => wrongSocket.Run((node, _) => node.IsLoose = true)).Message.ShouldContain("socket 1");
    }

    [Fact]
    public void A_deadline_that_never_moves_on_is_a_failure_of_the_protocol()
    {
        _network.AddHost().Bind(new Alarm { NextDeadline = default, Again = now => now });
        Should.Throw<SimulationFailedException>(() => _network.RunFor(TimeSpan.FromSeconds(1))).Message.ShouldContain("deadline");
    }

    [Fact]
    public void What_a_protocol_throws_names_the_seed()
    {
        SimulatedNode<Rogue> rogue = _network.AddHost().Bind(new Rogue(default, throws: true), 1);
        SimulatedNode<PingPong> caller = _network.AddHost().Bind(new PingPong(), 1);
        caller.Run((node, now) => node.Ping(rogue.LocalEndpoint(), 1, now));
        SimulationFailedException failure = Should.Throw<SimulationFailedException>(() => _network.RunFor(TimeSpan.FromSeconds(1)));
        failure.InnerException.ShouldBeOfType<FormatException>();
        failure.Message.ShouldContain("seed 31");
        failure.Message.ShouldContain("00:00:00.05");
    }

    [Fact]
    public void A_node_is_not_called_from_inside_itself()
    {
        SimulatedNode<PingPong> node = _network.AddHost().Bind(new PingPong(), 1);
        Should.Throw<InvalidOperationException>(() => node.Run((_, _) => node.Run((_, _) => { })));
        node.Run((_, _) => 42).ShouldBe(42, "the node is usable after a call that threw");
    }
}
