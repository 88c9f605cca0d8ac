using Kadstone.Hyperswarm;
using Kadstone.Hyperswarm.Core;
using Kadstone.Kademlia;
using Kadstone.Simulation;

namespace Kadstone.Cli.Verbs.Product.Sim;

/// <summary>Keeps a topic announced as <see cref="HyperDht"/> does it: a lookup, a signed write at each of the closest, and again every 4 to 5 minutes.</summary>
internal static class HyperAnnouncing
{
    private const int Attempts = 4;
    private static readonly TimeSpan s_shortestPause = TimeSpan.FromMinutes(4);
    private static readonly TimeSpan s_jitter = TimeSpan.FromMinutes(1);

    internal static void Begin(SimulatedNetwork network, HyperSwarm.Topic topic, HyperSwarm.Asking ask)
    {
        SimulatedNode<RpcProtocol> node = topic.By.Node;
        if (node.IsClosed)
        {
            return;
        }

        // A query waits for the first join.
        if (!node.Protocol.HasJoined)
        {
            network.Schedule(TimeSpan.FromSeconds(1), () => Begin(network, topic, ask));
            return;
        }

        ClosestAnswers closest = new(topic.Key);
        ask(topic.By, topic.Key, closest.Add, () =>
        {
            foreach (RpcAnswer answer in closest.Answers)
            {
                Write(network, topic, answer, answer.Token.GetValueOrDefault(), mayRenew: true);
            }

            network.Schedule(s_shortestPause + (s_jitter * network.Chance.NextDouble()), () => Begin(network, topic, ask));
        });
    }

    private static void Write(SimulatedNetwork network, HyperSwarm.Topic topic, RpcAnswer answer, ReadOnlyMemory<byte> token, bool mayRenew)
    {
        if (topic.By.Node.IsClosed)
        {
            return;
        }

        byte[] value = HyperDht.Sign(HyperNamespace.Announce, topic.Key, answer, token, [answer.To], topic.By.Keys);
        DirectQuery? query = null;
        query = new DirectQuery
        {
            Keeps = true,
            Changed = () => network.Schedule(TimeSpan.Zero, () =>
            {
                if (mayRenew && query?.Answer is { Error: (uint)RpcError.InvalidToken, Token: ReadOnlyMemory<byte> fresh })
                {
                    Write(network, topic, answer, fresh, mayRenew: false);
                }
                else
                {
                    topic.IsStored |= query?.Answer is { Error: 0 };
                }
            }),
        };
        Question question = new((uint)HyperCommand.Announce, IsInternal: false, topic.Key, value);
        topic.By.Node.Run((core, now) => core.Start(query, question, RpcContact.FromEndpoint(answer.From), Attempts, now, token));
    }
}
