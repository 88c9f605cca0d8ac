using Kadstone.Datagrams;
using Kadstone.Hyperswarm.Core;
using Kadstone.Hyperswarm.Tests.Wire.V6;
using Kadstone.Kademlia;
using static Kadstone.Hyperswarm.Tests.Core.RpcConversation;

namespace Kadstone.Hyperswarm.Tests.Core;

/// <summary>Packets nobody should send, through the whole core: nothing throws, nothing fills up, and nobody speaks for another.</summary>
public sealed class RpcHostilePacketTests
{
    private static readonly RpcSettings s_open = new() { IsAdaptive = true, Limits = RateLimits.None };

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Bent_packets_never_throw_and_tables_and_queues_stay_bounded(int seed)
    {
        RpcConversation talk = new(s_open) { Keeps = false };
        Random chance = new(seed);
        for (uint command = 0; command < 20; command += 2)
        {
            talk.Node.Serve(command);
        }

        // What was asked last: half of the packets are made answers to it, so that they get as far as walks and checks.
        RpcSent? asked = null;
        talk.Network = sent => asked = sent.IsRequest ? sent : asked;
        for (int i = 0; i < MaxBootstrap; i++)
        {
            talk.Node.AddBootstrap(At(i), talk.Now);
        }

        talk.Node.Join(talk.Now);
        HostileBytes hostile = new(HyperVectors.PacketCorpus(), seed);
        byte[] buffer = new byte[4 * RpcReader.MaxDatagramLength];
        int answers = 0;
        int count = HostileBytes.Count / 2;
        for (int i = 0; i < count; i++)
        {
            if (i % 100 == 0)
            {
                talk.Node.Start(Plan(chance, i / 100), talk.Now);
                talk.Pass(TimeSpan.FromMilliseconds(200));
            }
            else if (i % 3 == 0)
            {
                talk.Node.Start(new DirectQuery { Keeps = true }, Question.FindNode(Keyspace.Random<Key256>(chance)), RpcContact.FromEndpoint(At(chance.Next(2_000))), 1, talk.Now);
                talk.Drain();
            }

            ReadOnlySpan<byte> packet = hostile.Next();
            packet.CopyTo(buffer);
            Span<byte> bent = buffer.AsSpan(0, packet.Length);
            UdpEndpoint from = At(chance.Next(2_000));
            byte socket = (byte)chance.Next(3);
            if (i % 2 == 0 && asked is not null && bent.Length >= 4)
            {
                bent[0] = RpcReader.ResponseByte;
                asked.Bytes.AsSpan(2, 2).CopyTo(bent[2..]);
                (from, socket) = (asked.To, asked.Socket);
                if (bent.Length >= 42 && (bent[1] & 1) != 0)
                {
                    IdOf(from).Write(bent[10..]);
                }
            }

            talk.Node.Receive(bent, from, socket, talk.Now);
            answers += talk.Node.Counters.Answers > answers ? 1 : 0;
            talk.Drain();
            while (i % 50 == 0 && talk.Node.InboundRequests.TryTake(talk.Now, out InboundRequest? inbound))
            {
                talk.Node.Answer(inbound, new RpcReply(inbound.Request.Value), talk.Now);
            }
        }

        // Bounds: requests by their table, contacts by 20 a bucket, saved ones by a hundred.
        talk.Node.OpenRequests.ShouldBeLessThanOrEqualTo(4_096);
        talk.Node.Lost.Count.ShouldBeLessThanOrEqualTo(100);
        talk.Node.Table.Count.ShouldBeLessThanOrEqualTo(20 * 24);
        answers.ShouldBeGreaterThan(count / 20);
        talk.Node.Counters.TotalMalformed.ShouldBeGreaterThan(count / 20);
        talk.Pass(TimeSpan.FromMinutes(2));
        talk.Ask(Request(RpcInternalCommand.Ping), At(9_999)).ShouldBeNull();
        talk.Node.Counters.Requests.ShouldBeGreaterThan(0);
    }

    [Fact]
    public void Answers_that_name_a_thousand_strangers_grow_nothing_without_end()
    {
        RpcConversation talk = new(s_open) { Keeps = false };
        int next = 1;
        int asked = 0;
        Queue<(byte[] Bytes, RpcSent To)> answers = new();
        talk.Network = sent =>
        {
            asked += sent.IsRequest ? 1 : 0;
            if (sent.IsRequest && !sent.Read().HasToken)
            {
                answers.Enqueue((Response(sent, IdOf(sent.To), new byte[32], [.. Enumerable.Range(next, 20).Select(At)]), sent));
                next += 20;
            }
        };
        Walk walk = talk.Node.Start(new WalkPlan(Question.FindNode(default), default) { Nodes = null }, talk.Now);
        walk.Lookup.AddSeeds([RpcContact.FromEndpoint(At(0))]);
        talk.Drain();
        while (answers.TryDequeue(out var answer))
        {
            talk.Deliver(answer.Bytes, answer.To.To, answer.To.Socket);
        }

        walk.IsFinished.ShouldBeTrue();
        asked.ShouldBeLessThanOrEqualTo(250);
        talk.Node.Table.Count.ShouldBeLessThanOrEqualTo(20 * 24);
    }

    [Fact]
    public void Only_the_address_port_socket_and_number_that_were_asked_answer()
    {
        RpcConversation talk = new();
        Walk walk = talk.Node.Start(new WalkPlan(new Question(9, IsInternal: false, default(Key256)), default) { Keeps = true, Nodes = [At(1)] }, talk.Now);
        talk.Drain();
        RpcSent asked = talk.Sent.Single();
        byte[] answer = Response(asked, IdOf(At(1)), new byte[32]);
        byte[] other = [.. answer];
        other[2] ^= 1;
        talk.Deliver(answer, At(2));
        talk.Deliver(answer, At(1).WithPort(1));
        talk.Deliver(answer, At(1), socket: 1);
        talk.Deliver(other, At(1));
        (walk.Good, talk.Node.Counters.Answers, talk.Node.Counters.Unmatched, talk.Node.Table.Count).ShouldBe((0, 0, 4, 0));
        talk.Deliver(answer, At(1));
        (walk.Good, talk.Node.Counters.Answers, talk.Node.Table.Count).ShouldBe((1, 1, 1));

        // Nor does an answer count twice.
        talk.Deliver(answer, At(1));
        (walk.Good, talk.Node.Counters.Unmatched).ShouldBe((1, 5));
    }

    [Fact]
    public void A_clock_at_its_end_throws_nothing()
    {
        RpcConversation talk = new(s_open);
        new RpcNeighbours(talk, 3).Join();
        talk.Sleep(new TimeSpan(long.MaxValue - talk.Now.Ticks - 5));
        talk.Deliver(Request(RpcInternalCommand.Ping), At(1));
        talk.Sleep(TimeSpan.FromSeconds(1));
        talk.Sent[^1].ShouldNotBeNull();
    }

    private const int MaxBootstrap = 32;

    private static WalkPlan Plan(Random chance, int kind)
    {
        Key256 target = Keyspace.Random<Key256>(chance);
        return (kind % 4) switch
        {
            0 => new WalkPlan(Question.FindNode(target), target),
            1 => new WalkPlan(new Question(40, IsInternal: false, target), target) { Commits = true, KeepsCommits = true, Warns = true },
            2 => new WalkPlan(new Question(41, IsInternal: false, target), target) { Keeps = true, Warns = true },
            _ => new WalkPlan(new Question(42, IsInternal: false, target), target) { Commits = true, Nodes = [.. Enumerable.Range(0, 40).Select(At)] },
        };
    }
}
