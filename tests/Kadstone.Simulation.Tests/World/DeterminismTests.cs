using Kadstone.Datagrams;

namespace Kadstone.Simulation.Tests.World;

public sealed class DeterminismTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void One_seed_gives_one_trace_and_another_seed_another(int seed)
    {
        SimulatedNetwork network = Replay.Twice(seed, Scenario);
        Scenario(seed + 100).TraceHash.ShouldNotBe(network.TraceHash);
        TrafficCounters traffic = network.Traffic;
        traffic.Delivered.ShouldBeGreaterThan(1_000);
        (traffic.Sent + traffic.Duplicated).ShouldBe(
            traffic.Delivered + traffic.Lost + traffic.Partitioned + traffic.RefusedByNat + traffic.Unreachable + traffic.TooLong + traffic.InFlight);
    }

    [Fact]
    public void A_scenario_that_depends_on_more_than_its_seed_is_found_out()
    {
        int run = 0;
        Should.Throw<SimulationFailedException>(() => Replay.Twice(1, seed =>
        {
            SimulatedNetwork network = new(seed);
            network.Schedule(TimeSpan.FromSeconds(++run), () => { });
            network.RunFor(TimeSpan.FromMinutes(1));
            return network;
        }));
    }

    [Fact]
    public void One_changed_byte_changes_the_trace()
    {
        Run(1).ShouldBe(Run(1));
        Run(1).ShouldNotBe(Run(2));

        static ulong Run(uint number)
        {
            SimulatedNetwork network = new(3);
            SimulatedNode<PingPong>[] nodes = LinkTests.Nodes(network, 2);
            nodes[0].Run((node, now) => node.Ping(nodes[1].LocalEndpoint(), number, now));
            network.RunFor(TimeSpan.FromSeconds(1));
            return network.TraceHash;
        }
    }

    /// <summary>A little of everything: loss, NATs, churn, a partition, a suspended host, timers.</summary>
    private static SimulatedNetwork Scenario(int seed)
    {
        SimulatedNetwork network = new(seed, LinkOptions.Lossy);
        List<SimulatedHost> hosts = [];
        UdpEndpoint[] endpoints = new UdpEndpoint[50];
        for (int each = 0; each < endpoints.Length; each++)
        {
            hosts.Add(network.AddHost(new HostOptions { Nat = (NatKind)(each % 5), Region = each % 3 }));
            endpoints[each] = hosts[each].Nat() ? hosts[each].Address.WithPort(2000) : hosts[each].Endpoint(6881);
        }

        foreach (SimulatedHost host in hosts)
        {
            Join(host);
        }

        int next = 0;
        Churn churn = new(network, 0.5, () => hosts.Count, chance => hosts[next = chance.Next(hosts.Count)].Stop(), _ =>
        {
            hosts[next].Start();
            Join(hosts[next]);
        });
        churn.Start();
        network.Schedule(TimeSpan.FromSeconds(30), () => network.Partition(host => host.Options.Region));
        network.Schedule(TimeSpan.FromSeconds(40), network.Heal);
        network.Schedule(TimeSpan.FromSeconds(50), hosts[3].Suspend);
        network.Schedule(TimeSpan.FromSeconds(60), hosts[3].Resume);
        using ITimer timer = network.TimeProvider.CreateTimer(_ => network.Chance.Next(), null, TimeSpan.Zero, TimeSpan.FromSeconds(1));
        network.RunFor(TimeSpan.FromMinutes(2));
        return network;

        void Join(SimulatedHost host) => host.Bind(new Flood(network.CreateChance(), endpoints, TimeSpan.FromSeconds(0.5)), 6881);
    }
}

file static class SimulatedHosts
{
    internal static bool Nat(this SimulatedHost host) => host.Options.Nat != NatKind.None;
}
