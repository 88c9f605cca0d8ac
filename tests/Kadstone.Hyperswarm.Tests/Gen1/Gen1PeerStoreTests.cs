using Kadstone.Datagrams;
using Kadstone.Hyperswarm.Core.Gen1;
using Kadstone.Kademlia;
using static Kadstone.Hyperswarm.Tests.Gen1.Gen1Conversation;

namespace Kadstone.Hyperswarm.Tests.Gen1;

/// <summary>Who is listed under a key, for how long, and who is told.</summary>
public sealed class Gen1PeerStoreTests
{
    private static readonly Key256 s_topic = new(1, 2);
    private static readonly UdpEndpoint s_local = Local("192.168.1.2:5000");

    private readonly Gen1PeerStore _store = new(new Random(1));
    private Instant _now = new(TimeSpan.FromHours(1).Ticks);

    [Fact]
    public void A_peer_is_listed_for_six_and_a_half_minutes_after_its_last_announce()
    {
        _store.Put(s_topic, At(1), null, _now);
        _now += TimeSpan.FromMinutes(5);
        _store.Put(s_topic, At(1), null, _now);
        _now += Gen1PeerStore.Lifetime - TimeSpan.FromTicks(1);
        _store.Expire(_now);
        Peers(At(9)).ShouldBe([At(1)]);
        _now += TimeSpan.FromTicks(1);
        Peers(At(9)).ShouldBeEmpty();
        _store.Expire(_now);
        (_store.Count, _store.Topics, _store.NextDeadline).ShouldBe((0, 0, Instant.Never));
        Gen1PeerStore.Lifetime.ShouldBeInRange(TimeSpan.FromMinutes(6), TimeSpan.FromMinutes(7));
    }

    [Fact]
    public void Nobody_is_told_of_itself_in_either_list()
    {
        _store.Put(s_topic, At(1), s_local, _now);
        _store.Put(s_topic, At(2), Local("192.168.1.3:5000"), _now);
        Peers(At(1)).ShouldBe([At(2)]);
        LocalPeers(At(1), s_local).ShouldBe([Local("192.168.1.3:5000")]);

        // Behind one public address, under another port: it is still its own local address.
        LocalPeers(At(1).WithPort(9), s_local).ShouldBe([Local("192.168.1.3:5000")]);
    }

    [Theory]
    [InlineData("192.168.77.7:1", true)]
    [InlineData("192.169.1.2:1", false)]
    [InlineData("10.168.1.2:1", false)]
    [InlineData("192.168.1.9:0", true)]
    public void Local_peers_are_those_of_the_same_first_two_octets(string asker, bool isTold) =>
        LocalPeersAfterPut(Local(asker)).ShouldBe(isTold ? [s_local] : []);

    [Fact]
    public void Who_gives_no_local_address_is_told_of_none_and_one_without_a_port_is_not_listed()
    {
        LocalPeersAfterPut(null).ShouldBeEmpty();
        _store.Put(s_topic, At(1), Local("192.168.1.2:0"), _now);
        LocalPeers(At(9), Local("192.168.1.9:1")).ShouldBeEmpty();
    }

    [Fact]
    public void Another_port_is_another_peer_to_list_and_to_remove()
    {
        _store.Put(s_topic, At(1), null, _now);
        _store.Put(s_topic, At(1).WithPort(5), null, _now);
        _store.Remove(s_topic, At(1).WithPort(6));
        _store.Remove(new Key256(9, 9), At(1));
        Peers(At(9)).ShouldBe([At(1), At(1).WithPort(5)], ignoreOrder: true);
        _store.Remove(s_topic, At(1));
        Peers(At(9)).ShouldBe([At(1).WithPort(5)]);
    }

    [Fact]
    public void An_answer_has_900_bytes_of_peers_at_most_and_another_pick_each_time()
    {
        for (int i = 0; i < 400; i++)
        {
            _store.Put(s_topic, At(i), Local($"192.168.{i / 200}.{i % 200}:5000"), _now);
        }

        byte[] peers = new byte[900], localPeers = new byte[900];
        (int length, int localLength) = _store.Copy(s_topic, At(999), Local("192.168.9.9:1"), _now, peers, localPeers, Gen1PeersResponse.FullLength);
        (length + localLength).ShouldBe(900);
        (length / 6).ShouldBe(localLength / 4);
        HashSet<UdpEndpoint> seen = [];
        for (int i = 0; i < 40; i++)
        {
            seen.UnionWith(Peers(At(999)));
        }

        seen.Count.ShouldBe(400);
    }

    [Fact]
    public void A_key_a_host_and_the_whole_have_bounds()
    {
        for (int i = 0; i < Gen1PeerStore.MaxPerTopic + 50; i++)
        {
            _now += TimeSpan.FromTicks(1);
            _store.Put(s_topic, At(i), null, _now);
        }

        _store.Count.ShouldBe(Gen1PeerStore.MaxPerTopic);
        _store.Remove(s_topic, At(0));
        _store.Count.ShouldBe(Gen1PeerStore.MaxPerTopic);

        for (uint i = 0; i < Gen1PeerStore.MaxPerHost + 50; i++)
        {
            _store.Put(new Key256(i, 3), At(5_000), null, _now);
        }

        _store.Count.ShouldBe(Gen1PeerStore.MaxPerTopic + Gen1PeerStore.MaxPerHost);
        for (int i = 0; i < Gen1PeerStore.MaxPeers + 1_000; i++)
        {
            _store.Put(new Key256((UInt128)i, 4), At(10_000 + i), null, _now);
        }

        _store.Count.ShouldBe(Gen1PeerStore.MaxPeers);
        _store.Full.ShouldBePositive();
        _store.Expire(_now + Gen1PeerStore.Lifetime);
        (_store.Count, _store.Topics).ShouldBe((0, 0));
    }

    private static UdpEndpoint Local(string text) => UdpEndpoint.TryParse(text, out UdpEndpoint endpoint) ? endpoint : throw new FormatException(text);

    private List<UdpEndpoint> LocalPeersAfterPut(UdpEndpoint? asker)
    {
        _store.Put(s_topic, At(1), s_local, _now);
        return LocalPeers(At(9), asker);
    }

    private List<UdpEndpoint> Peers(UdpEndpoint asker)
    {
        byte[] peers = new byte[900];
        (int length, _) = _store.Copy(s_topic, asker, null, _now, peers, new byte[900], 900);
        return [.. peers[..length].Chunk(6).Select(entry => UdpEndpoint.TryReadCompact(entry, out UdpEndpoint peer) ? peer : default)];
    }

    private List<UdpEndpoint> LocalPeers(UdpEndpoint asker, UdpEndpoint? localAddress)
    {
        byte[] localPeers = new byte[900];
        (_, int length) = _store.Copy(s_topic, asker, localAddress, _now, new byte[900], localPeers, 900);
        return [.. localPeers[..length].Chunk(4).Select(entry => UdpEndpoint.TryReadCompact([192, 168, .. entry], out UdpEndpoint peer) ? peer : default)];
    }
}
