using System.Diagnostics;
using Kadstone.Datagrams;

namespace Kadstone.Simulation.Tests.World;

public sealed class SpeedTests
{
    [Fact]
    public void A_packet_allocates_nothing_once_the_pools_are_warm()
    {
        // Slower links first: more packets are on their way than later, so no pool grows while it is measured.
        SimulatedNetwork network = World(1_000, LinkOptions.FixedRoundTrip(TimeSpan.FromSeconds(1)), TimeSpan.FromSeconds(0.1));
        network.RunFor(TimeSpan.FromSeconds(3));
        network.Links = LinkOptions.Lossy;
        network.RunFor(TimeSpan.FromSeconds(3));

        long delivered = network.Traffic.Delivered;
        Allocations.Least(() => network.RunFor(TimeSpan.FromSeconds(3))).ShouldBe(0);
        (network.Traffic.Delivered - delivered).ShouldBeGreaterThan(35_000);
    }

    [Fact]
    public void Ten_thousand_nodes_take_a_moment()
    {
        SimulatedNetwork network = World(10_000, LinkOptions.Lossy, TimeSpan.FromSeconds(2));
        network.RunFor(TimeSpan.FromSeconds(10));
        long events = network.Events;
        long sent = network.Traffic.Sent;
        TimeSpan processor = Environment.CpuUsage.TotalTime;
        Stopwatch watch = Stopwatch.StartNew();
        network.RunUntil(() => network.Traffic.Sent - sent >= 300_000, TimeSpan.FromHours(1)).ShouldBeTrue();
        double nanoseconds = (Environment.CpuUsage.TotalTime - processor).TotalNanoseconds / (network.Events - events);
        TestContext.Current.TestOutputHelper?.WriteLine($"{nanoseconds:F0} ns of processor an event, {1e9 / nanoseconds:N0} events a second ({network.Describe()})");
        watch.Elapsed.ShouldBeLessThan(TimeSpan.FromSeconds(60), "a guard against hanging, not a figure");
    }

    private static SimulatedNetwork World(int nodes, LinkOptions links, TimeSpan every)
    {
        SimulatedNetwork network = new(61, links);
        SimulatedHost[] hosts = [.. Enumerable.Range(0, nodes).Select(_ => network.AddHost())];
        UdpEndpoint[] endpoints = [.. hosts.Select(host => host.Endpoint(6881))];
        foreach (SimulatedHost host in hosts)
        {
            network.Schedule(every * network.Chance.NextDouble(), () => host.Bind(new Flood(network.CreateChance(), endpoints, every, 300), 6881));
        }

        return network;
    }
}
