using System.Diagnostics;
using System.Text.Json;
using Kadstone.Datagrams;
using Kadstone.Kademlia;
using Kadstone.Mainline.Core;
using Kadstone.Mainline.Core.Queries;
using Kadstone.Mainline.Tests.Wire;

namespace Kadstone.Mainline.Tests.Core;

/// <summary>Bars 26 and 32: packets nobody should send, through the whole core.</summary>
[Collection(MemoryMeasured.Name)]
public sealed class HostilePacketTests
{
    public static TheoryData<string> Malformed => WireVectors.Names("malformed");

    [Theory]
    [MemberData(nameof(Malformed))]
    public void A_malformed_packet_is_dropped_or_refused_and_the_node_answers_the_next(string name)
    {
        JsonElement vector = WireVectors.Item("malformed", name);
        Conversation talk = new();
        NodeContact friend = new(talk.NewKey(), Conversation.At(1));
        talk.Befriend(friend);
        int before = talk.Sent.Count;
        talk.Deliver(vector.Packet(), Conversation.At(2));
        talk.Sent.Skip(before).Count(packet => !packet.IsQuery).ShouldBeLessThanOrEqualTo(1);
        if (vector.Text("expect") == "drop")
        {
            talk.Sent.Skip(before).ShouldBeEmpty();
        }

        talk.Deliver(vector.Packet(), friend.Endpoint);
        talk.Ask(Krpc.Query("ping", talk.NewKey()), Conversation.At(3)).ShouldNotBeNull();
        talk.Node.Peers.PeerCount.ShouldBe(0);

        // Only who says that it is read-only loses its place.
        talk.Local.Table.Count.ShouldBe(name.StartsWith("ro =", StringComparison.Ordinal) ? 0 : 1);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Mutated_packets_never_throw_hang_or_fill_anything(int seed)
    {
        Conversation talk = new(Conversation.Unlimited, seed, Conversation.Home, Conversation.Home6) { Keeps = false };
        talk.FillTable(300);
        talk.FillTable(300, socket: 1);
        talk.Node.InboundItems.Arrived = () =>
        {
            talk.Node.InboundItems.TryTake(out InboundItem? inbound);
            if (inbound!.Put is null)
            {
                talk.Node.AnswerGet(inbound, null, talk.Now);
            }
            else
            {
                inbound.Put.HasValidSignature();
                talk.Node.AnswerStored(inbound, talk.Now);
            }
        };

        // Open questions to the very sources, and their transaction and id in half of the packets: so that answers get through to the walks.
        Dictionary<UdpEndpoint, Key160> ids = talk.Node.Locals.SelectMany(local => local.Table.Entries).ToDictionary(entry => entry.Contact.Endpoint, entry => entry.Contact.Id);
        byte[] transaction = new byte[4];
        UdpEndpoint asked = default;
        talk.Network = packet => (transaction, asked) = packet.IsQuery ? (packet.Transaction, packet.To) : (transaction, asked);
        HostileBytes hostile = new(WireVectors.Corpus(), seed);
        byte[] buffer = new byte[2 * KrpcReader.MaxDatagramLength];
        long memory = 0;
        long slowest = 0;
        int count = HostileBytes.Count / 2;
        for (int i = 0; i < count; i++)
        {
            if (i % 100 == 0)
            {
                talk.Node.Start(Question(talk, i / 100), talk.Now);
                talk.Pass(TimeSpan.FromMilliseconds(100));
            }
            else if (i % 4 == 0)
            {
                // To strangers whose id is not known: any well-formed answer counts.
                talk.Node.Start(new DirectQuery(KrpcMethod.FindNode, talk.NewKey()), Conversation.At(talk.Chance.Next(1 << 20)), null, talk.Now, attempts: 1);
                talk.Drain();
            }

            ReadOnlySpan<byte> packet = hostile.Next();
            packet.CopyTo(buffer);
            Span<byte> bent = buffer.AsSpan(0, packet.Length);
            int at = bent.LastIndexOf("1:t2:aa"u8);
            if (at >= 0 && i % 2 == 0)
            {
                bent[(at + 7)..].CopyTo(buffer.AsSpan(at + 9));
                "1:t4:"u8.CopyTo(buffer.AsSpan(at));
                transaction.CopyTo(buffer, at + 5);
                bent = buffer.AsSpan(0, packet.Length + 2);
                int idAt = bent.IndexOf("2:id20:"u8);
                if (idAt >= 0 && idAt + 27 <= bent.Length && ids.TryGetValue(asked, out Key160 id))
                {
                    id.Write(bent[(idAt + 7)..]);
                }
            }

            UdpEndpoint from = i % 2 == 0 ? asked : Conversation.At(i % 4_000);
            long begun = Stopwatch.GetTimestamp();
            talk.Deliver(bent, from, (byte)(from.IsIPv4 ? 0 : 1));
            slowest = Math.Max(slowest, Stopwatch.GetTimestamp() - begun);
            if (i == count / 10)
            {
                memory = GC.GetTotalMemory(forceFullCollection: true);
            }
        }

        talk.Pass(TimeSpan.FromMinutes(2));
        (GC.GetTotalMemory(forceFullCollection: true) - memory).ShouldBeLessThan(64L << 20);
        Figures.Note($"{count} packets: {talk.Node.Counters.Answers} answers and {talk.Node.Counters.Queries} queries got through, {talk.Node.Counters.TotalMalformed} malformed, slowest {Stopwatch.GetElapsedTime(0, slowest).TotalMilliseconds:0.0} ms");
        talk.Node.OpenRequests.ShouldBeLessThanOrEqualTo(4_096);
        talk.Node.Locals.Sum(local => local.Table.Count).ShouldBeLessThanOrEqualTo(2 * 8 * 160);
        talk.Node.ActiveWalks.ShouldBeLessThanOrEqualTo(4);
        talk.Node.Counters.Answers.ShouldBeGreaterThan(count / 200, "some must get through, or this tests the codec only");

        // A hang guard and no timing: a packet takes microseconds.
        Stopwatch.GetElapsedTime(0, slowest).ShouldBeLessThan(TimeSpan.FromSeconds(5));
    }

    [Theory]
    [InlineData("-9223372036854775808")]
    [InlineData("9223372036854775807")]
    [InlineData("9223372036854775808")]
    [InlineData("18446744073709551615")]
    [InlineData("18446744073709551616")]
    [InlineData("-1")]
    [InlineData("99999999999999999999999999")]
    public void Extreme_integers_overflow_nothing(string number)
    {
        Conversation talk = new(Conversation.Unlimited);
        talk.Node.InboundItems.Arrived = () => { };
        Krpc.Raw extreme = new(System.Text.Encoding.ASCII.GetBytes($"i{number}e"));
        Item item = SignedItems.Sign(Krpc.Encode("v"), 1);
        UdpEndpoint asker = Conversation.At(1);
        byte[] token = talk.TokenFor(asker, item.Target);
        foreach (string key in (string[])["seq", "cas", "port", "implied_port", "seed", "noseed", "scrape", "want", "interval", "num", "target", "token"])
        {
            foreach (string method in (string[])["ping", "find_node", "get_peers", "announce_peer", "get", "put", "sample_infohashes"])
            {
                (string, object)[] arguments = [.. item.Arguments(), ("target", item.Target), ("info_hash", item.Target), ("port", 1), ("token", token)];
                talk.Deliver(Krpc.Query(method, item.Target, [.. arguments, (key, extreme)]), asker);
            }
        }

        talk.Node.Peers.PeerCount.ShouldBeLessThanOrEqualTo(4);

        // And in answers to us.
        Neighbours network = new(talk, 12)
        {
            Adds = _ => [("interval", extreme), ("num", extreme), ("seq", extreme), ("samples", new byte[20]), ("k", new byte[32]), ("sig", new byte[64]), ("v", extreme)],
        };
        talk.Node.AddSaved(network.All);
        talk.Node.Join(talk.Now);
        talk.Pass(TimeSpan.FromSeconds(10));
        SampleQuery sample = new(talk.NewKey(), talk.Node.SampleSchedule, 100);
        talk.Node.Start(sample, talk.Now);
        talk.Node.Start(new GetItemQuery(item.Target, default), talk.Now);
        talk.Drain();
        talk.Pass(TimeSpan.FromSeconds(30));
        sample.IsFinished.ShouldBeTrue();
        sample.StoredAtNodes.ShouldBeGreaterThanOrEqualTo(0);
        foreach (UdpEndpoint node in network.All.Select(contact => contact.Endpoint))
        {
            talk.Node.SampleSchedule.MaySample(node, talk.Now + TimeSpan.FromHours(6.1)).ShouldBeTrue();
        }
    }

    [Fact]
    public void A_clock_at_its_end_throws_nothing()
    {
        Conversation talk = new() { Now = new Instant(long.MaxValue - 5) };
        talk.Deliver(Krpc.Query("ping", talk.NewKey()), Conversation.At(1));
        talk.Node.Elapse(talk.Now);
        talk.Drain();
        talk.Sent.ShouldNotBeEmpty();
    }

    private static Query Question(Conversation talk, int kind) => (kind % 5) switch
    {
        0 => new GetPeersQuery(talk.NewKey(), scrapes: true),
        1 => new GetItemQuery(talk.NewKey(), default),
        2 => new SampleQuery(talk.NewKey(), talk.Node.SampleSchedule, 1_000),
        3 => new GetPeersQuery(talk.NewKey(), new Announcement(1, IsSeed: false)),
        _ => new FindNodeQuery(talk.NewKey()),
    };
}
