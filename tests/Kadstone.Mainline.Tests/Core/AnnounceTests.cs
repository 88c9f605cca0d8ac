using Kadstone.Datagrams;
using Kadstone.Kademlia;
using Kadstone.Mainline.Core;

namespace Kadstone.Mainline.Tests.Core;

/// <summary>Bars 22 and 25: what strangers make us keep.</summary>
[Collection(MemoryMeasured.Name)]
public sealed class AnnounceTests
{
    private static readonly Key160 s_key = new(1, 2, 3);

    [Fact]
    public void Thirty_ports_of_one_address_get_four_places()
    {
        Conversation talk = new(Conversation.Unlimited);
        for (int port = 1; port <= 30; port++)
        {
            talk.Announce(Conversation.At(1), s_key, port);
        }

        talk.Node.Peers.PeerCount.ShouldBe(4);
        talk.Ask("get_peers", Conversation.At(2), ("info_hash", s_key)).Peers.Count.ShouldBe(4);
    }

    [Fact]
    [Trait("Category", "Bars")]
    public void A_million_announces_stay_within_256_MiB_and_older_keys_are_kept()
    {
        Conversation talk = new(Conversation.Unlimited with { Peers = new() { MaxKeys = 200_000 } }) { Keeps = false };
        long before = GC.GetTotalMemory(forceFullCollection: true);
        byte[] token = [];
        talk.Network = packet => token = packet.Kind == "r" && packet.Has("token") ? packet.Token : token;
        Key160[] older = [.. Enumerable.Range(0, 2_000).Select(_ => talk.NewKey())];
        for (int i = 0; i < older.Length; i++)
        {
            Announce(older[i], Conversation.At(i));
        }

        talk.Node.Peers.KeyCount.ShouldBe(older.Length);
        talk.Now += TimeSpan.FromMinutes(3);
        for (int i = 0; i < 1_000_000; i++)
        {
            Announce(talk.NewKey(), UdpEndpoint.FromIPv4(0x50000000 + (uint)(i % 5_000), (ushort)(1 + (i % 60_000))));
            if (i % 1_000 == 0)
            {
                talk.Pass(TimeSpan.FromMilliseconds(500));
            }
        }

        long grown = GC.GetTotalMemory(forceFullCollection: true) - before;
        Figures.Note($"{grown >> 20} MiB, {talk.Node.Peers.KeyCount} keys, {100.0 * older.Count(key => talk.Node.Peers.Contains(key)) / older.Length:0.00} % of the older kept");
        grown.ShouldBeLessThanOrEqualTo(256L << 20);
        talk.Node.Peers.KeyCount.ShouldBeLessThanOrEqualTo(200_000);
        ((double)older.Count(key => talk.Node.Peers.Contains(key)) / older.Length).ShouldBeGreaterThanOrEqualTo(0.99);

        void Announce(Key160 key, UdpEndpoint from)
        {
            talk.Deliver(Krpc.Query("get_peers", s_key, ("info_hash", key)), from);
            talk.Deliver(Krpc.Query("announce_peer", s_key, ("implied_port", 1), ("info_hash", key), ("port", 1), ("token", token)), from);
        }
    }

    [Fact]
    public void A_full_list_gives_no_token_so_that_the_asker_goes_to_the_next_node()
    {
        Conversation talk = new(Conversation.Unlimited with { Peers = new() { MaxPeersPerKey = 10 } });
        for (int i = 0; i < 10; i++)
        {
            talk.Announce(Conversation.At(i), s_key, 1).ErrorCode.ShouldBe(0);
        }

        talk.Ask("get_peers", Conversation.At(100), ("info_hash", s_key)).Has("token").ShouldBeFalse();
    }
}
