using Kadstone.Datagrams;

namespace Kadstone.Simulation.Tests.World;

public sealed class LinkTests
{
    private static readonly TimeSpan _tick = TimeSpan.FromTicks(2);

    [Fact]
    public void A_round_trip_stays_within_the_bounds()
    {
        SimulatedNetwork network = new(1, LinkOptions.Healthy);
        SimulatedNode<PingPong>[] nodes = Nodes(network, 60);
        PingEachOther(network, nodes);

        TimeSpan[] roundTrips = [.. nodes.SelectMany(node => node.Protocol.RoundTrips).Order()];
        roundTrips.Length.ShouldBe(60 * 59);
        roundTrips[0].ShouldBeGreaterThanOrEqualTo(TimeSpan.FromMilliseconds(20) - _tick);
        roundTrips[^1].ShouldBeLessThanOrEqualTo(TimeSpan.FromMilliseconds(200) + _tick);
    }

    [Fact]
    public void Round_trips_are_log_normal_their_median_is_the_geometric_mean_of_the_bounds()
    {
        SimulatedNetwork network = new(2, LinkOptions.Healthy with { Jitter = 0 });
        SimulatedHost[] hosts = [.. Enumerable.Range(0, 100).Select(_ => network.AddHost())];
        double[] logs = [.. from one in hosts from other in hosts where one.Index < other.Index
                            select Math.Log(network.BaseRoundTrip(one, other).TotalMilliseconds)];
        Array.Sort(logs);

        Math.Exp(logs[logs.Length / 2]).ShouldBe(Math.Sqrt(20 * 200), 3);
        double mean = logs.Average();
        double deviation = Math.Sqrt(logs.Average(log => (log - mean) * (log - mean)));
        deviation.ShouldBe(Math.Log(10) / 5, 0.03);
    }

    [Fact]
    public void A_pair_has_one_base_both_ways_and_for_the_whole_run()
    {
        SimulatedNetwork network = new(3, LinkOptions.Healthy);
        SimulatedNode<PingPong>[] nodes = Nodes(network, 2);
        TimeSpan expected = network.BaseRoundTrip(nodes[0].Host, nodes[1].Host);
        network.BaseRoundTrip(nodes[1].Host, nodes[0].Host).ShouldBe(expected);

        for (int round = 0; round < 50; round++)
        {
            PingEachOther(network, nodes);
            network.RunFor(TimeSpan.FromMinutes(1));
        }

        foreach (TimeSpan roundTrip in nodes.SelectMany(node => node.Protocol.RoundTrips))
        {
            roundTrip.ShouldBeInRange(expected, expected * 1.1 + _tick);
        }
    }

    [Fact]
    public void Pairs_differ_and_so_do_seeds()
    {
        SimulatedNetwork network = new(4);
        SimulatedNetwork other = new(5);
        SimulatedHost[] hosts = [network.AddHost(), network.AddHost(), network.AddHost()];
        SimulatedHost[] others = [other.AddHost(), other.AddHost()];
        network.BaseRoundTrip(hosts[0], hosts[1]).ShouldNotBe(network.BaseRoundTrip(hosts[0], hosts[2]));
        network.BaseRoundTrip(hosts[0], hosts[1]).ShouldNotBe(other.BaseRoundTrip(others[0], others[1]));
    }

    [Fact]
    public void A_fixed_round_trip_is_exact()
    {
        SimulatedNetwork network = new(6, LinkOptions.FixedRoundTrip(TimeSpan.FromMilliseconds(100)));
        SimulatedNode<PingPong>[] nodes = Nodes(network, 10);
        PingEachOther(network, nodes);
        nodes.SelectMany(node => node.Protocol.RoundTrips).Distinct().ShouldBe([TimeSpan.FromMilliseconds(100)]);
    }

    [Fact]
    public void Loss_duplicates_and_reordering_come_at_their_rates()
    {
        SimulatedNetwork network = new(7, LinkOptions.Lossy);
        SimulatedNode<PingPong>[] nodes = Nodes(network, 2);
        const int Packets = 100_000;
        SendNumbers(network, nodes, Packets, TimeSpan.FromMilliseconds(1));

        TrafficCounters traffic = network.Traffic;
        double sent = traffic.Sent;
        (traffic.Lost / sent).ShouldBe(0.20, 0.005);
        (traffic.Duplicated / (sent - traffic.Lost)).ShouldBe(0.02, 0.002);
        (traffic.Reordered / (sent - traffic.Lost + traffic.Duplicated)).ShouldBe(0.05, 0.003);
        (traffic.Delivered + traffic.Lost).ShouldBe(traffic.Sent + traffic.Duplicated);
        traffic.InFlight.ShouldBe(0);
    }

    [Fact]
    public void Without_jitter_packets_keep_their_order_and_with_reordering_they_do_not()
    {
        Overtakings(LinkOptions.Healthy with { Jitter = 0 }).ShouldBe(0);

        // One of 20 is held back by up to 100 ms while others follow each millisecond.
        Overtakings(LinkOptions.Healthy with { Jitter = 0, Reordering = 0.05 }).ShouldBeInRange(400, 600);

        static int Overtakings(LinkOptions links)
        {
            SimulatedNetwork network = new(8, links);
            SimulatedNode<PingPong>[] nodes = Nodes(network, 2);
            SendNumbers(network, nodes, 10_000, TimeSpan.FromMilliseconds(1));
            List<uint> seen = nodes[1].Protocol.NumbersSeen;
            seen.Count.ShouldBe(10_000);
            uint highest = 0;
            int overtaken = 0;
            foreach (uint number in seen)
            {
                overtaken += number < highest ? 1 : 0;
                highest = Math.Max(highest, number);
            }

            return overtaken;
        }
    }

    [Fact]
    public void A_datagram_longer_than_the_link_carries_is_lost_and_counted()
    {
        SimulatedNetwork network = new(9, LinkOptions.Healthy with { MaxDatagram = 99 });
        SimulatedNode<Alarm> ear = network.AddHost().Bind(new Alarm(), 1);
        network.AddHost().Bind(new Flood(network.CreateChance(), [ear.LocalEndpoint()], TimeSpan.FromSeconds(1)));
        network.RunFor(TimeSpan.FromSeconds(9.5));
        network.Traffic.TooLong.ShouldBe(10);
        network.Traffic.Delivered.ShouldBe(0);
    }

    [Fact]
    public void A_host_with_a_link_of_its_own_uses_it_both_ways()
    {
        SimulatedNetwork network = new(10, LinkOptions.FixedRoundTrip(TimeSpan.FromMilliseconds(10)));
        SimulatedHost satellite = network.AddHost(new HostOptions { Link = LinkOptions.FixedRoundTrip(TimeSpan.FromMilliseconds(600)) });
        SimulatedNode<PingPong>[] nodes = [satellite.Bind(new PingPong(), 1), .. Nodes(network, 2)];
        PingEachOther(network, nodes);
        nodes[0].Protocol.RoundTrips.Distinct().ShouldBe([TimeSpan.FromMilliseconds(600)]);
        nodes[1].Protocol.RoundTrips.Order().ShouldBe([TimeSpan.FromMilliseconds(10), TimeSpan.FromMilliseconds(600)]);

        satellite.Link = LinkOptions.Healthy with { Loss = 1 };
        nodes[1].Run((node, now) => node.Ping(nodes[0].LocalEndpoint(), 99, now));
        network.RunFor(TimeSpan.FromSeconds(1));
        network.Traffic.Lost.ShouldBe(1);
    }

    [Fact]
    public void A_link_between_two_hosts_may_be_a_one_way_street()
    {
        SimulatedNetwork network = new(11);
        SimulatedNode<PingPong>[] nodes = Nodes(network, 2);
        LinkOptions closed = LinkOptions.Healthy with { Loss = 1 };
        network.LinkBetween = (from, to) => from.Index == 1 ? closed : null;
        nodes[0].Run((node, now) => node.Ping(nodes[1].LocalEndpoint(), 1, now));
        network.RunFor(TimeSpan.FromSeconds(1));
        nodes[1].Protocol.NumbersSeen.ShouldBe([1u]);
        nodes[0].Protocol.Pongs.ShouldBe(0);
    }

    [Fact]
    public void Links_may_change_during_a_run()
    {
        SimulatedNetwork network = new(12);
        SimulatedNode<PingPong>[] nodes = Nodes(network, 2);
        PingEachOther(network, nodes);
        network.Links = LinkOptions.Healthy with { Loss = 1 };
        PingEachOther(network, nodes);
        network.Traffic.Delivered.ShouldBe(4);
        network.Traffic.Lost.ShouldBe(2);
    }

    [Fact]
    public void Impossible_options_are_refused_by_name()
    {
        Should.Throw<ArgumentOutOfRangeException>(() => new SimulatedNetwork(1, new LinkOptions { Loss = 1.1 })).ParamName.ShouldBe("Loss");
        Should.Throw<ArgumentOutOfRangeException>(() => new SimulatedNetwork(1, new LinkOptions { Duplication = double.NaN })).ParamName.ShouldBe("Duplication");
        Should.Throw<ArgumentOutOfRangeException>(() => new SimulatedNetwork(1, new LinkOptions { MaxRoundTrip = TimeSpan.Zero })).ParamName.ShouldBe("MaxRoundTrip");
        Should.Throw<ArgumentOutOfRangeException>(() => new SimulatedNetwork(1, new LinkOptions { MaxDatagram = 4096 })).ParamName.ShouldBe("MaxDatagram");
    }

    internal static SimulatedNode<PingPong>[] Nodes(SimulatedNetwork network, int count) =>
        [.. Enumerable.Range(0, count).Select(_ => network.AddHost().Bind(new PingPong(), 6881))];

    internal static void PingEachOther(SimulatedNetwork network, SimulatedNode<PingPong>[] nodes)
    {
        foreach (SimulatedNode<PingPong> from in nodes)
        {
            uint number = 0;
            foreach (SimulatedNode<PingPong> to in nodes)
            {
                if (to != from)
                {
                    UdpEndpoint endpoint = to.LocalEndpoint();
                    from.Run((node, now) => node.Ping(endpoint, ++number, now));
                }
            }
        }

        network.RunFor(TimeSpan.FromSeconds(2));
    }

    private static void SendNumbers(SimulatedNetwork network, SimulatedNode<PingPong>[] nodes, uint count, TimeSpan apart)
    {
        UdpEndpoint to = nodes[1].LocalEndpoint();
        for (uint number = 0; number < count; number++)
        {
            nodes[0].Run((node, now) => node.Ping(to, number, now));
            network.RunFor(apart);
        }

        network.RunFor(TimeSpan.FromSeconds(2));
    }
}
