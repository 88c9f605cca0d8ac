using Kadstone.Kademlia;
using Kadstone.Mainline;
using Kadstone.Mainline.Core;
using Kadstone.Mainline.Core.Queries;

namespace Kadstone.Simulation.Tests.Mainline;

/// <summary>Bar 5: every node restarts in the same minute, each with many keys of its own (OpenDHT #869).</summary>
public sealed class MassRestartTests
{
    [Fact]
    public void Everybody_restarts_at_once() => Scenario(seed: 1, nodes: 20, keys: 300);

    [Theory]
    [Trait("Category", "Bars")]
    [MemberData(nameof(Bar.Seeds), MemberType = typeof(Bar))]
    public void Two_hundred_with_a_thousand_keys_each_restart_at_once(int seed) => Scenario(seed, nodes: 200, keys: 1_000);

    internal static MainlineWorld Scenario(int seed, int nodes, int keys, bool judge = true)
    {
        MainlineWorld world = MainlineWorld.Grown(seed, nodes);
        SimulatedNetwork network = world.Network;

        // Observers stay; what they ask of nodes that are up must be answered throughout.
        Member[] observers = [.. Enumerable.Range(0, 10).Select(_ => world.Join())];
        world.Members.RemoveAll(member => observers.Contains(member));

        Dictionary<Member, (Key160[] Keys, List<Publication> Publications)> own = [];
        void PublishAll(Member member, Key160[] all) =>
            own[member] = (all, [.. all.Select(key => MainlineWorld.Publish(member, key, MainlineWorld.Serving.AnnounceInterval))]);

        int[] announces = new int[200];
        int Minute() => (int)network.Elapsed.TotalMinutes;
        network.Tap = packet =>
        {
            if (packet.Fate == PacketFate.Sent && packet.Datagram.EndsWith("1:y1:qe"u8) && packet.Datagram.IndexOf("13:announce_peer"u8) > 0)
            {
                announces[Minute()]++;
            }
        };
        foreach (Member member in world.Members)
        {
            PublishAll(member, [.. Enumerable.Range(0, keys).Select(_ => world.Key())]);
        }

        // Each key is announced to eight nodes in each interval: that is the steady mean, however the rounds lie.
        network.RunFor(TimeSpan.FromMinutes(10));
        double steady = nodes * keys * 8 / MainlineWorld.Serving.AnnounceInterval.TotalMinutes;

        int questions = 0;
        int answers = 0;
        void Ask()
        {
            Member asked = world.Pick();
            DirectQuery question = new(KrpcMethod.FindNode, world.Key());
            // A question counts when whom it went to is still up at its end: the two seconds of a restart count for nothing.
            question.Changed = () =>
            {
                questions += asked.IsLiving ? 1 : 0;
                answers += asked.IsLiving && question.Outcome == DirectOutcome.Answered ? 1 : 0;
            };
            observers[network.Chance.Next(observers.Length)].Run((core, at) => core.Start(question, asked.Endpoint, null, at));
            network.Schedule(TimeSpan.FromSeconds(1), Ask);
        }

        network.Schedule(TimeSpan.Zero, Ask);
        int restartedAt = Minute();
        foreach (Member member in world.Members.ToArray())
        {
            network.Schedule(TimeSpan.FromMinutes(1) * network.Chance.NextDouble(), () =>
            {
                NodeContact[] saved = [.. member.Table.Entries.Where(entry => entry.Failures == 0).Select(entry => entry.Contact)];
                Key160 id = member.Id;
                (Key160[] mine, _) = own[member];
                own.Remove(member);
                world.Leave(member);
                network.Schedule(TimeSpan.FromSeconds(2), () =>
                {
                    SimulatedHost host = member.Node!.Host;
                    host.Start();
                    Member again = world.Start(host, [observers[0].Endpoint], saved, id);
                    world.Members.Add(again);
                    PublishAll(again, mine);
                });
            });
        }

        network.RunFor(TimeSpan.FromMinutes(20));
        int most = announces[restartedAt..(restartedAt + 21)].Max();
        double answered = answers / (double)questions;
        int back = own.Values.Sum(mine => mine.Publications.Count(publication => publication.LastStored > 0));
        long refused = world.Members.Sum(member => member.Core.Counters.RateLimited);

        Announced[] all = [.. own.SelectMany(mine => mine.Value.Keys.Zip(mine.Value.Publications, (key, publication) => new Announced(key, mine.Key, publication)))];
        double found = Bar.Found(world.Seek(all, 500, TimeSpan.FromMinutes(1)));
        Bar.Print(world.Network, $"steady {steady:F0} announces a minute, most {most} ({most / steady:F2} times), answered {answered:P2} of {questions}, back {back} of {nodes * keys}, found {found:P2}, refused by limits {refused}, by minute {string.Join(' ', announces[restartedAt..(restartedAt + 21)])}");
        if (!judge)
        {
            return world;
        }

        (most / steady).ShouldBeLessThanOrEqualTo(3);
        answered.ShouldBeGreaterThanOrEqualTo(0.95);
        back.ShouldBe(nodes * keys);
        found.ShouldBeGreaterThanOrEqualTo(0.99);
        return world;
    }
}
