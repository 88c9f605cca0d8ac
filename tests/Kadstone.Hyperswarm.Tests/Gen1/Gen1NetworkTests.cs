using Kadstone.Datagrams;
using Kadstone.Hyperswarm.Core;
using Kadstone.Hyperswarm.Core.Gen1;
using Kadstone.Kademlia;
using Kadstone.Simulation;

namespace Kadstone.Hyperswarm.Tests.Gen1;

/// <summary>200 nodes of the first generation in virtual time.</summary>
public sealed class Gen1NetworkTests(ITestOutputHelper output)
{
    private const int Lookups = 20;

    private readonly Gen1World _world = new();

    [Fact]
    public void A_lookup_finds_exactly_the_20_closest()
    {
        List<SimulatedNode<Gen1Protocol>> nodes = _world.AddMany(200);
        Random chance = new(5);
        int requests = 0;
        for (int i = 0; i < Lookups; i++)
        {
            SimulatedNode<Gen1Protocol> node = nodes[chance.Next(nodes.Count)];
            Key256 target = Keyspace.Random<Key256>(chance);
            Gen1Walk find = _world.Ask(node, Gen1Question.FindNode(target), target, new Gen1WalkOptions());
            Key256[] closest = [.. nodes.Where(other => other != node).Select(other => other.Protocol.Id).OrderBy(id => id ^ target).Take(20)];
            find.Closest().Select(contact => contact.Id).ShouldBe(closest);
            requests += find.Asked;
        }

        output.WriteLine($"{(double)requests / Lookups} requests a lookup");
        (requests / Lookups).ShouldBeLessThan(60);
    }

    [Fact]
    public void A_commit_goes_to_exactly_the_20_closest_each_with_its_own_token()
    {
        List<SimulatedNode<Gen1Protocol>> nodes = _world.AddMany(200);
        Key256 target = new(3, 4);
        Dictionary<UdpEndpoint, int> commits = [];
        _world.Network.Tap = packet =>
        {
            if (packet.Fate == PacketFate.Sent && Gen1Reader.TryRead(packet.Datagram, out Gen1Message message, out _) && message.Kind == Gen1Kind.Request && message.HasToken)
            {
                commits[packet.To] = commits.GetValueOrDefault(packet.To) + 1;
            }
        };
        Gen1Walk walk = _world.Ask(nodes[9], Gen1Question.Of("store", target, new byte[] { 1 }), target, new Gen1WalkOptions { Keeps = true, Commits = true });

        UdpEndpoint[] closest = [.. nodes.Where(node => node != nodes[9]).OrderBy(node => node.Protocol.Id ^ target).Take(20).Select(node => node.LocalEndpoint())];
        commits.Keys.ShouldBe(closest, ignoreOrder: true);
        commits.Values.ShouldAllBe(count => count == 1);
        nodes.Sum(node => node.Protocol.Counters.BadToken).ShouldBe(0);

        // By default the answers are those of the commit alone.
        List<RpcAnswer> answers = Gen1World.AnswersOf(walk);
        answers.Select(answer => answer.Phase).ShouldBe(Enumerable.Repeat(RpcPhase.Commit, 20));
        (walk.Stored, walk.SilentCommits).ShouldBe((20, 0));
    }

    [Fact]
    public void A_verbose_commit_gives_the_answers_of_the_walk_as_well()
    {
        List<SimulatedNode<Gen1Protocol>> nodes = _world.AddMany(10);
        Key256 target = new(3, 4);
        Gen1Walk walk = _world.Ask(nodes[9], Gen1Question.Of("store", target, null), target, new Gen1WalkOptions { Keeps = true, Commits = true, IsVerbose = true });
        ILookup<RpcPhase, RpcAnswer> answers = Gen1World.AnswersOf(walk).ToLookup(answer => answer.Phase);
        (answers[RpcPhase.Walk].Count(), answers[RpcPhase.Commit].Count()).ShouldBe((9, 9));
    }

    [Fact]
    public void Nodes_that_the_caller_names_are_asked_and_nobody_else()
    {
        List<SimulatedNode<Gen1Protocol>> nodes = _world.AddMany(40);
        UdpEndpoint[] named = [nodes[3].LocalEndpoint(), nodes[5].LocalEndpoint(), nodes[3].LocalEndpoint()];
        HashSet<UdpEndpoint> asked = [];
        _world.Network.Tap = packet => _ = packet.Fate != PacketFate.Sent || packet.Sender != nodes[1].Host || asked.Add(packet.To);
        Key256 target = new(3, 4);
        Gen1Walk walk = _world.Ask(nodes[1], Gen1Question.Of("who", target, null), target, new Gen1WalkOptions { Keeps = true, Commits = true, IsVerbose = true, Nodes = named });
        asked.ShouldBe(named.Distinct(), ignoreOrder: true);
        (walk.Good, walk.Stored, walk.Closest().Length).ShouldBe((2, 2, 2));
    }

    [Fact]
    public void A_slow_consumer_stops_the_query_and_a_leaving_one_ends_it()
    {
        List<SimulatedNode<Gen1Protocol>> nodes = _world.AddMany(100);
        Key256 target = new(3, 4);
        int asked = 0;
        _world.Network.Tap = packet => asked += packet.Fate == PacketFate.Sent && Gen1Reader.TryRead(packet.Datagram, out Gen1Message message, out _) && message.CommandName.SequenceEqual("who"u8) ? 1 : 0;
        Gen1Walk walk = nodes[1].Run((protocol, now) => protocol.Start(Gen1Question.Of("who", target, null), target, new Gen1WalkOptions { Keeps = true }, now));
        _world.Network.RunFor(TimeSpan.FromSeconds(20));
        asked.ShouldBe(16 + 15);
        walk.IsFinished.ShouldBeFalse();

        nodes[1].Run((protocol, _) =>
        {
            while (walk.TryTake(out RpcAnswer? _))
            {
            }

            protocol.Resume();
        });
        _world.Network.RunFor(TimeSpan.FromMilliseconds(50));
        asked.ShouldBeGreaterThan(31);

        int before = asked;
        nodes[1].Run((protocol, _) =>
        {
            walk.Stop();
            protocol.Resume();
        });
        _world.Network.RunFor(TimeSpan.FromSeconds(5));
        asked.ShouldBe(before);
    }

    [Fact]
    public void One_dead_bootstrap_node_of_three_keeps_nobody_from_joining()
    {
        Gen1Settings ephemeral = new() { IsEphemeral = true };
        SimulatedNode<Gen1Protocol>[] bootstrappers = [_world.Add(ephemeral), _world.Add(ephemeral), _world.Add(ephemeral)];
        UdpEndpoint[] endpoints = [.. bootstrappers.Select(node => node.LocalEndpoint())];
        bootstrappers[1].Host.Stop();
        SimulatedNode<Gen1Protocol> first = _world.Add(new Gen1Settings(), NatKind.None, endpoints);
        _world.Network.RunFor(TimeSpan.FromSeconds(5));
        SimulatedNode<Gen1Protocol> second = _world.Add(new Gen1Settings(), NatKind.None, endpoints);
        _world.Network.Require(() => second.Protocol.HasJoined, TimeSpan.FromSeconds(5), "it joins");
        second.Protocol.Table.Entries.Select(entry => entry.Contact.Id).ShouldBe([first.Protocol.Id]);

        // Nobody keeps who is ephemeral.
        first.Protocol.Table.Entries.Select(entry => entry.Contact.Id).ShouldBe([second.Protocol.Id]);
    }

    [Fact]
    public void Silent_nodes_leave_the_tables_and_a_network_that_lost_most_of_its_nodes_finds_itself_again()
    {
        List<SimulatedNode<Gen1Protocol>> nodes = _world.AddMany(60);
        foreach (SimulatedNode<Gen1Protocol> node in nodes.Skip(6))
        {
            node.Host.Stop();
        }

        _world.Network.RunFor(TimeSpan.FromMinutes(40));
        foreach (SimulatedNode<Gen1Protocol> node in nodes.Take(6))
        {
            node.Run((protocol, now) => protocol.Rejoin(static () => { }, now));
        }

        _world.Network.RunFor(TimeSpan.FromSeconds(30));
        Key256 target = new(3, 4);
        Gen1Walk walk = _world.Ask(nodes[1], Gen1Question.FindNode(target), target, new Gen1WalkOptions());
        walk.Closest().Select(contact => contact.Endpoint).ShouldBe(
            nodes.Take(6).Where(node => node != nodes[1]).OrderBy(node => node.Protocol.Id ^ target).Select(node => node.LocalEndpoint()));
        nodes.Take(6).ShouldAllBe(node => node.Protocol.Table.Count <= 6);
    }

    [Fact]
    public void A_lone_node_asks_nobody_and_its_query_hears_nobody()
    {
        SimulatedNode<Gen1Protocol> node = _world.Add();
        Key256 target = new(3, 4);
        Gen1Walk walk = _world.Ask(node, Gen1Question.Of("who", target, null), target, new Gen1WalkOptions { Keeps = true });
        (walk.Heard, walk.Good, walk.Closest().Length).ShouldBe((0, 0, 0));
        _world.Ping(node, node.LocalEndpoint()).Outcome.ShouldBe(DirectOutcome.NotSent);
        _world.Network.Traffic.Sent.ShouldBe(0);
    }
}
