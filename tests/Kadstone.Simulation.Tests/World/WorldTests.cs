namespace Kadstone.Simulation.Tests.World;

public sealed class WorldTests
{
    [Fact]
    public void Actions_at_one_moment_happen_in_the_order_they_were_set()
    {
        SimulatedNetwork network = new(41);
        List<int> order = [];
        for (int each = 0; each < 100; each++)
        {
            int number = each;
            network.Schedule(TimeSpan.FromSeconds(number % 2), () => order.Add(number));
        }

        network.RunFor(TimeSpan.FromSeconds(1));
        order.ShouldBe([.. Enumerable.Range(0, 50).Select(each => 2 * each), .. Enumerable.Range(0, 50).Select(each => (2 * each) + 1)]);
    }

    [Fact]
    public void Events_happen_in_the_order_of_time_whatever_the_order_they_were_set_in()
    {
        SimulatedNetwork network = new(42);
        List<TimeSpan> moments = [];
        for (int each = 0; each < 2_000; each++)
        {
            network.Schedule(TimeSpan.FromTicks(network.Chance.Next(1_000_000)), () => moments.Add(network.Elapsed));
            network.AddHost().Bind(new Alarm { NextDeadline = network.Now + TimeSpan.FromTicks(network.Chance.Next(1_000_000)), Again = Ring });
        }

        while (network.Step())
        {
        }

        moments.Count.ShouldBe(4_000);
        moments.ShouldBeInOrder(SortDirection.Ascending);

        Kademlia.Instant Ring(Kademlia.Instant now)
        {
            moments.Add(network.Elapsed);
            return Kademlia.Instant.Never;
        }
    }

    [Fact]
    public void Run_until_ends_with_the_event_that_made_it_so()
    {
        SimulatedNetwork network = new(43);
        bool done = false;
        network.Schedule(TimeSpan.FromSeconds(3), () => done = true);
        network.RunUntil(() => done, TimeSpan.FromSeconds(2)).ShouldBeFalse();
        network.Elapsed.ShouldBe(TimeSpan.FromSeconds(2));
        network.RunUntil(() => done, TimeSpan.FromSeconds(2)).ShouldBeTrue();
        network.Elapsed.ShouldBe(TimeSpan.FromSeconds(3));
    }

    [Fact]
    public void What_is_required_and_does_not_come_fails_with_seed_time_and_trace()
    {
        SimulatedNetwork network = new(42);
        SimulationFailedException failure = Should.Throw<SimulationFailedException>(
            () => network.Require(() => false, TimeSpan.FromSeconds(800), "pigs fly"));
        failure.Message.ShouldContain("pigs fly");
        failure.Message.ShouldContain($"seed 42, virtual 00:13:20, event 0, trace 0x{network.TraceHash:x16}");
    }

    [Fact]
    public void An_event_cannot_let_time_pass()
    {
        SimulatedNetwork network = new(44);
        network.Schedule(TimeSpan.Zero, () => network.RunFor(TimeSpan.FromSeconds(1)));
        Should.Throw<SimulationFailedException>(() => network.Step()).InnerException.ShouldBeOfType<InvalidOperationException>();
    }

    [Fact]
    public void Nothing_crosses_a_partition_not_even_what_is_on_its_way()
    {
        SimulatedNetwork network = new(45);
        SimulatedNode<PingPong>[] nodes = LinkTests.Nodes(network, 10);
        foreach (SimulatedNode<PingPong> node in nodes[1..])
        {
            nodes[0].Run((ping, now) => ping.Ping(node.LocalEndpoint(), (uint)node.Host.Index, now));
        }

        network.Partition(host => host.Index % 2);
        network.RunFor(TimeSpan.FromSeconds(1));
        nodes[0].Protocol.Pongs.ShouldBe(4);
        network.Traffic.Partitioned.ShouldBe(5);

        LinkTests.PingEachOther(network, nodes);
        network.Traffic.Partitioned.ShouldBe(5 + 50);
        network.AddHost().Bind(new PingPong(), 6881).Run((ping, now) => ping.Ping(nodes[1].LocalEndpoint(), 1, now));
        network.Traffic.Partitioned.ShouldBe(5 + 51, "a host added later takes a side too");

        network.Heal();
        long before = network.Traffic.Delivered;
        LinkTests.PingEachOther(network, nodes);
        (network.Traffic.Delivered - before).ShouldBe(180);
        network.Traffic.Partitioned.ShouldBe(56);
    }

    [Fact]
    public void The_tap_sees_what_becomes_of_every_packet()
    {
        SimulatedNetwork network = new(46, LinkOptions.Lossy);
        SimulatedNode<PingPong>[] nodes = LinkTests.Nodes(network, 20);
        Dictionary<PacketFate, long> seen = [];
        network.Tap = packet =>
        {
            packet.Datagram.Length.ShouldBe(5);
            packet.Sender.ShouldNotBe(packet.Receiver);
            seen[packet.Fate] = seen.GetValueOrDefault(packet.Fate) + 1;
        };
        LinkTests.PingEachOther(network, nodes);
        TrafficCounters traffic = network.Traffic;
        seen[PacketFate.Delivered].ShouldBe(traffic.Delivered);
        seen[PacketFate.Lost].ShouldBe(traffic.Lost);
        seen[PacketFate.Duplicated].ShouldBe(traffic.Duplicated);
        (seen[PacketFate.Sent] + seen[PacketFate.Lost]).ShouldBe(traffic.Sent);
    }

    [Theory]
    [InlineData(0.1)]
    [InlineData(1.0)]
    public void Churn_replaces_members_at_its_rate(double perMinute)
    {
        SimulatedNetwork network = new(47);
        List<SimulatedNode<PingPong>> members = [.. LinkTests.Nodes(network, 1_000)];
        HashSet<SimulatedNode<PingPong>> founders = [.. members];
        Churn churn = new(
            network,
            perMinute,
            () => members.Count,
            chance =>
            {
                int leaver = chance.Next(members.Count);
                members[leaver].Host.Stop();
                members.RemoveAt(leaver);
            },
            _ => members.Add(network.AddHost().Bind(new PingPong(), 6881)));
        churn.Start();
        network.RunFor(TimeSpan.FromMinutes(10));

        double expected = perMinute * 1_000 * 10;
        ((double)churn.Left).ShouldBe(expected, 4 * Math.Sqrt(expected));
        churn.Joined.ShouldBe(churn.Left);
        members.Count.ShouldBe(1_000);

        // A founder stays with the chance e^(-rate * time).
        founders.IntersectWith(members);
        ((double)founders.Count).ShouldBe(1_000 * Math.Exp(-10 * perMinute), 65);

        churn.Stop();
        int left = churn.Left;
        network.RunFor(TimeSpan.FromMinutes(5));
        churn.Left.ShouldBe(left);
    }

    [Fact]
    public void Those_who_left_are_away_for_a_while()
    {
        SimulatedNetwork network = new(48);
        int members = 1_000;
        Churn churn = new(network, 0.1, () => members, _ => members--, _ => members++) { Absence = TimeSpan.FromMinutes(2) };
        churn.Start();
        network.RunFor(TimeSpan.FromMinutes(20));

        // In balance, members * 0.1 * 2 min are away: 1,000 / 1.2 are here.
        ((double)members).ShouldBe(1_000 / 1.2, 50);
        churn.Stop();
        network.RunFor(TimeSpan.FromMinutes(3));
        members.ShouldBe(1_000);
    }
}
