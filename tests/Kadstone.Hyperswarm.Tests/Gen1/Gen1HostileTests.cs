using Kadstone.Datagrams;
using Kadstone.Hyperswarm.Core.Gen1;
using Kadstone.Hyperswarm.Tests.Wire;
using Kadstone.Kademlia;
using static Kadstone.Hyperswarm.Tests.Gen1.Gen1Conversation;

namespace Kadstone.Hyperswarm.Tests.Gen1;

/// <summary>Packets that nobody should send, to the whole node.</summary>
public sealed class Gen1HostileTests
{
    [Fact]
    public void Bent_packets_neither_throw_nor_fill_anything_without_bound()
    {
        Gen1Conversation talk = new(new Gen1Settings { ServesPeers = true, Scope = AddressScope.Private });
        talk.Node.Serve("store");
        for (int i = 0; i < 20; i++)
        {
            talk.Meet(i);
        }

        Gen1HostileBytes packets = new(Gen1Vectors.Corpus(), seed: 3);
        Random chance = new(4);
        long received = 0, sent = 0;
        int before = talk.Sent.Count;
        for (int i = 0; i < Gen1HostileBytes.Count; i++)
        {
            byte[] packet = packets.Next().ToArray();
            received += packet.Length;
            talk.Deliver(packet, At(chance.Next(40)).WithPort((ushort)chance.Next(3)));
            if (i % 100 == 0)
            {
                talk.Pass(TimeSpan.FromSeconds(1));
                sent += talk.Sent.Skip(before).Sum(each => each.Bytes.Length);
                before = 0;
                talk.Sent.Clear();
            }
        }

        talk.Node.Counters.TotalMalformed.ShouldBePositive();
        talk.Node.OpenRequests.ShouldBeLessThan(100);
        talk.Node.Table.Count.ShouldBeLessThanOrEqualTo(20);
        talk.Node.Peers.Count.ShouldBeLessThanOrEqualTo(Gen1PeerStore.MaxPeers);
        received.ShouldBePositive();
        sent.ShouldBePositive();
    }

    [Fact]
    public void Answers_that_were_asked_for_may_be_bent_as_well()
    {
        Gen1Conversation talk = new(new Gen1Settings { Limits = RateLimits.None });
        Gen1HostileBytes packets = new(Gen1Vectors.Corpus(), seed: 5);
        for (int i = 0; i < 2_000; i++)
        {
            Gen1Walk walk = talk.Node.Start(Gen1Question.FindNode(new Key256((UInt128)i, 7)), new Key256((UInt128)i, 7), new Gen1WalkOptions { Nodes = [At(1)], Keeps = true }, talk.Now);
            talk.Drain();
            byte[] packet = packets.Next().ToArray();
            if (packet.Length < 2)
            {
                continue;
            }

            ushort transaction = talk.Sent[^1].Read().Transaction;
            packet[0] = (byte)(transaction >> 8);
            packet[1] = (byte)transaction;
            talk.Deliver(packet, At(1));
            talk.Pass(TimeSpan.FromSeconds(2));
            walk.IsFinished.ShouldBeTrue();
            talk.Sent.Clear();
        }

        talk.Node.OpenRequests.ShouldBe(0);
    }

    [Fact]
    public void A_crowd_of_strangers_fills_no_table_beyond_its_bounds()
    {
        Gen1Conversation talk = new();
        for (int i = 0; i < 5_000; i++)
        {
            talk.Deliver(Request("_ping", IdOf(i)), At(i));
        }

        // Whoever only asks is a candidate; nobody answered.
        (talk.Node.Table.Count, talk.Node.OpenRequests <= 4_096).ShouldBe((0, true));
        talk.Pass(TimeSpan.FromSeconds(2));
        talk.Node.OpenRequests.ShouldBe(0);
    }
}
