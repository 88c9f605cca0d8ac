using Kadstone.Datagrams;
using Kadstone.Hyperswarm.Core.Gen1;
using Kadstone.Kademlia;
using Kadstone.Simulation;

namespace Kadstone.Hyperswarm.Tests.Gen1;

/// <summary>Nodes of the first generation in a simulated network with round trips of 100 ms.</summary>
internal sealed class Gen1World
{
    internal const ushort Port = 49_737;

    internal SimulatedNetwork Network { get; } = new(7, LinkOptions.FixedRoundTrip(TimeSpan.FromMilliseconds(100)));

    internal SimulatedNode<Gen1Protocol> Add(Gen1Settings? settings = null, NatKind nat = NatKind.None, params UdpEndpoint[] bootstrap)
    {
        SimulatedHost host = Network.AddHost(new HostOptions { Nat = nat });
        Gen1Protocol protocol = new(settings ?? new Gen1Settings { Limits = RateLimits.None, Diversity = false }, host.Endpoint(Port), Network.CreateChance(), Network.Now);
        SimulatedNode<Gen1Protocol> node = host.Bind(protocol, Port);
        node.Run((started, now) =>
        {
            foreach (UdpEndpoint endpoint in bootstrap)
            {
                started.AddBootstrap(endpoint, now);
            }

            started.Join(now);
        });
        return node;
    }

    /// <summary>So many nodes that joined by way of the first.</summary>
    internal List<SimulatedNode<Gen1Protocol>> AddMany(int count)
    {
        List<SimulatedNode<Gen1Protocol>> nodes = [Add()];
        for (int i = 1; i < count; i++)
        {
            nodes.Add(Add(bootstrap: nodes[0].LocalEndpoint()));
            Network.RunFor(TimeSpan.FromMilliseconds(300));
        }

        Network.RunFor(TimeSpan.FromSeconds(30));
        return nodes;
    }

    internal Gen1Walk Ask(SimulatedNode<Gen1Protocol> node, Gen1Question question, Key256 target, Gen1WalkOptions options)
    {
        Gen1Walk walk = node.Run((protocol, now) => protocol.Start(question, target, options, now));
        Network.Require(() => walk.IsFinished, TimeSpan.FromSeconds(30), "the query ends");
        return walk;
    }

    internal Gen1DirectQuery Ping(SimulatedNode<Gen1Protocol> node, UdpEndpoint to, UdpEndpoint? referrer = null)
    {
        Gen1DirectQuery query = new() { Keeps = true };
        node.Run((protocol, now) => protocol.Ping(query, to, now, referrer));
        Network.Require(() => query.Outcome != Kadstone.Hyperswarm.Core.DirectOutcome.Open, TimeSpan.FromSeconds(5), "the ping ends");
        return query;
    }

    internal static List<RpcAnswer> AnswersOf(Gen1Walk walk)
    {
        List<RpcAnswer> answers = [];
        while (walk.TryTake(out RpcAnswer? answer))
        {
            answers.Add(answer);
        }

        return answers;
    }
}
