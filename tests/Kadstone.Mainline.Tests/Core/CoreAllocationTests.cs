using Kadstone.Datagrams;
using Kadstone.Kademlia;
using Kadstone.Mainline.Core;

namespace Kadstone.Mainline.Tests.Core;

/// <summary>What answering costs the collector: nothing.</summary>
public sealed class CoreAllocationTests
{
    private const int Rounds = 10_000;

    [Theory]
    [InlineData("ping", false, true)]
    [InlineData("ping", false, false)]
    [InlineData("find_node", false, true)]
    [InlineData("find_node", false, false)]
    [InlineData("get_peers", false, true)]
    [InlineData("get_peers", false, false)]
    [InlineData("get_peers", true, true)]
    [InlineData("get_peers", true, false)]
    [InlineData("announce_peer", true, true)]
    [InlineData("announce_peer", true, false)]
    [InlineData("sample_infohashes", true, false)]
    [InlineData("no such method", false, true)]
    public void An_answer_allocates_nothing(string method, bool hasPeers, bool isLimited)
    {
        Conversation talk = new(isLimited ? Conversation.Open : Conversation.Unlimited);
        talk.FillTable(400);
        Key160 key = new(1, 2, 3);
        for (int i = 0; hasPeers && i < 300; i++)
        {
            talk.Node.Peers.Announce(key, Conversation.At(i), i % 2 == 0, talk.Now);
        }

        // One from our table: a stranger is pinged once a minute, which is a question and not an answer.
        NodeContact asker = talk.Local.Table.Entries.First().Contact;
        byte[] token = talk.TokenFor(asker.Endpoint, key);
        byte[] query = Krpc.Query(method, asker.Id, method == "no such method" ? [] : [("target", key), ("info_hash", key), ("port", 7), ("token", token)]);
        byte[] buffer = new byte[2_048];
        long sent = Run(talk, query, asker.Endpoint, buffer);
        sent.ShouldBe(Rounds);

        Allocations.Least(() => Run(talk, query, asker.Endpoint, buffer)).ShouldBe(0);
    }

    private static long Run(Conversation talk, byte[] query, UdpEndpoint from, byte[] buffer)
    {
        long sent = 0;
        for (int i = 0; i < Rounds; i++)
        {
            // 100 a second: what the limiter grants a proved source.
            talk.Now += TimeSpan.FromMilliseconds(10);
            talk.Node.Receive(query, from, 0, talk.Now);
            while (talk.Node.TryTransmit(buffer, talk.Now, out _))
            {
                sent++;
            }
        }

        return sent;
    }
}
