using Kadstone.Datagrams;
using Kadstone.Hyperswarm;
using Kadstone.Hyperswarm.Core;
using Kadstone.Kademlia;

namespace Kadstone.Simulation.Tests.Hyperswarm;

/// <summary>Keeps a topic announced as the facade does it: a lookup and 20 signed writes every 4 to 5 minutes, after a failure again in 30 s.</summary>
internal sealed class Announcer(HyperWorld world, Member member, Key256 topic)
{
    private const int Attempts = 4;
    private static readonly TimeSpan s_shortestPause = TimeSpan.FromMinutes(4);
    private static readonly TimeSpan s_jitter = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan s_pauseAfterFailure = TimeSpan.FromSeconds(30);

    internal Member Member => member;

    internal Key256 Topic => topic;

    /// <summary>Rounds that at least one node took.</summary>
    internal int Rounds { get; private set; }

    /// <summary>How many nodes took the last round.</summary>
    internal int LastStored { get; private set; }

    internal void Start() => world.Network.Schedule(TimeSpan.Zero, Begin);

    private void Begin()
    {
        if (!member.IsLiving)
        {
            return;
        }

        // A query waits for the first join.
        if (!member.Core.HasJoined)
        {
            world.Network.Schedule(TimeSpan.FromSeconds(1), Begin);
            return;
        }

        Instant began = world.Network.Now;
        ClosestAnswers closest = new(topic);
        world.Ask(member, HyperCommand.Lookup, topic, closest.Add, _ => Store(closest, began));
    }

    private void Store(ClosestAnswers closest, Instant began)
    {
        int open = closest.Answers.Count;
        int stored = 0;
        if (open == 0)
        {
            End(0, began);
            return;
        }

        foreach (RpcAnswer answer in closest.Answers)
        {
            Write(answer, answer.Token.GetValueOrDefault(), mayRenew: true, isStored =>
            {
                stored += isStored ? 1 : 0;
                if (--open == 0)
                {
                    End(stored, began);
                }
            });
        }
    }

    private void Write(RpcAnswer answer, ReadOnlyMemory<byte> token, bool mayRenew, Action<bool> ended)
    {
        byte[] value = HyperDht.Sign(HyperNamespace.Announce, topic, answer, token, [answer.To], member.Keys);
        DirectQuery? query = null;
        query = new DirectQuery
        {
            Keeps = true,
            Changed = () => world.Network.Schedule(TimeSpan.Zero, () =>
            {
                if (mayRenew && query?.Answer is { Error: (uint)RpcError.InvalidToken, Token: ReadOnlyMemory<byte> fresh })
                {
                    Write(answer, fresh, mayRenew: false, ended);
                }
                else
                {
                    ended(query?.Answer is { Error: 0 });
                }
            }),
        };
        if (member.IsLiving)
        {
            Question question = new((uint)HyperCommand.Announce, IsInternal: false, topic, value);
            member.Run((core, now) => core.Start(query, question, RpcContact.FromEndpoint(answer.From), Attempts, now, token));
        }
    }

    private void End(int stored, Instant began)
    {
        LastStored = stored;
        Rounds += stored > 0 ? 1 : 0;
        TimeSpan pause = stored > 0 ? s_shortestPause + (s_jitter * world.Network.Chance.NextDouble()) : s_pauseAfterFailure;
        TimeSpan left = pause - (world.Network.Now - began);
        world.Network.Schedule(left > TimeSpan.Zero ? left : TimeSpan.Zero, Begin);
    }
}
