using Kadstone.Datagrams;
using Kadstone.Kademlia;
using Kadstone.Mainline.Core;
using Kadstone.Mainline.Core.Queries;

namespace Kadstone.Mainline.Tests.Core;

/// <summary>Bars 16 and 18: whom others can make us ask, keep and hand out.</summary>
public sealed class ReflectionTests
{
    private static readonly UdpEndpoint s_victim = UdpEndpoint.FromIPv4(0x08080808, 53);
    private static readonly Key160 s_key = new(1, 2, 3);

    public static TheoryData<string> BadEndpoints =>
    [
        "8.8.8.8:0", "0.0.0.0:6881", "0.1.2.3:6881", "127.0.0.1:6881", "127.255.255.254:6881", "224.0.0.1:6881", "239.255.255.250:1900",
        "240.0.0.1:6881", "255.255.255.255:6881", "10.0.0.1:6881", "172.16.0.1:6881", "192.168.1.1:6881", "169.254.1.1:6881", "5.6.7.8:6881",
        "[::1]:6881", "[::]:6881", "[ff02::1]:6881", "[fe80::1]:6881", "[fd00::1]:6881", "[::ffff:8.8.8.8]:6881", "[2a01:0:0:1::1]:6881",
    ];

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Answers_that_all_point_at_a_victim_send_it_ten_packets_at_most(bool onePort)
    {
        Conversation talk = new();
        Neighbours network = new(talk, 60);
        talk.Node.AddSaved(network.All.Take(16));
        talk.Node.Join(talk.Now);
        talk.Pass(TimeSpan.FromSeconds(30));
        talk.Sent.Clear();
        network.Adds = query =>
        {
            object? target = query.Arguments.GetValueOrDefault("target") ?? query.Arguments.GetValueOrDefault("info_hash");
            byte[] key = (byte[]?)target ?? new byte[20];
            return [("nodes", Krpc.Nodes(Enumerable.Range(0, 8).Select(_ => new NodeContact(Near(talk, key), onePort ? s_victim : s_victim.WithPort((ushort)talk.Chance.Next(1, 65_536))))))];
        };
        GetPeersQuery lookup = new(s_key);
        talk.Node.Start(lookup, talk.Now);
        talk.Drain();
        talk.Pass(TimeSpan.FromMinutes(1));
        lookup.IsFinished.ShouldBeTrue();
        Packet[] toHost = [.. talk.Questions().Where(packet => packet.To.Host == s_victim.Host)];
        Figures.Note($"{toHost.Length} packets to the victim's host, {lookup.Outcome().Asked} asked, {talk.Questions().Count()} packets in all");
        toHost.Length.ShouldBeInRange(1, 20);
        toHost.CountBy(packet => packet.To).Max(pair => pair.Value).ShouldBeLessThanOrEqualTo(10);
        lookup.Outcome().Asked.ShouldBeLessThanOrEqualTo(200);
        talk.Questions().Count().ShouldBeLessThanOrEqualTo(200);
    }

    [Fact]
    public void A_lookup_among_liars_without_end_stops_within_200_packets()
    {
        Conversation talk = new();
        talk.Network = packet =>
        {
            if (packet.IsQuery)
            {
                // Everybody answers, with eight new nodes that are nearer still.
                byte[] key = (byte[])(packet.Arguments.GetValueOrDefault("info_hash") ?? packet.Arguments["target"]);
                talk.Post(
                    Krpc.Response(packet.Transaction, Conversation.IdOf(packet.To), ("nodes", Krpc.Nodes(Enumerable.Range(0, 8).Select(_ => Fresh(talk))))),
                    packet.To,
                    TimeSpan.FromMilliseconds(20));
            }
        };
        NodeContact[] seeds = [.. Enumerable.Range(0, 8).Select(_ => Fresh(talk))];
        foreach (NodeContact seed in seeds)
        {
            talk.Node.Locals[0].Table.Admit(seed, talk.Now);
        }

        talk.Node.Start(new GetPeersQuery(s_key), talk.Now);
        talk.Drain();
        talk.Pass(TimeSpan.FromMinutes(2));
        talk.Node.ActiveWalks.ShouldBe(0);
        talk.Questions().Count(packet => packet.Method == "get_peers").ShouldBeLessThanOrEqualTo(200);

        static NodeContact Fresh(Conversation talk)
        {
            UdpEndpoint endpoint = Conversation.At(talk.Chance.Next(1 << 22));
            return new NodeContact(Conversation.IdOf(endpoint), endpoint);
        }
    }

    [Theory]
    [MemberData(nameof(BadEndpoints))]
    public void An_endpoint_that_no_node_can_have_is_neither_asked_nor_handed_out(string text)
    {
        UdpEndpoint.TryParse(text, out UdpEndpoint bad).ShouldBeTrue();
        if (text.Contains("ffff:", StringComparison.Ordinal))
        {
            bad = UdpEndpoint.FromIPv6(0, 0x0000_FFFF_0808_0808, 6881);
        }

        Conversation talk = new(null, 1, Conversation.Home, Conversation.Home6);
        Neighbours network = new(talk, 40);
        network.Adds = query =>
        {
            NodeContact liar = new(talk.NewKey(), bad);
            byte[] good = Krpc.Nodes(network.Closest(talk.NewKey(), 7));
            return bad.IsIPv4 ? [("nodes", (byte[])[.. Krpc.Nodes(liar), .. good])] : [("nodes", good), ("nodes6", Krpc.Nodes(liar))];
        };
        talk.Node.AddSaved([new NodeContact(talk.NewKey(), bad), .. network.All.Take(8)]);
        talk.Node.AddRouter(bad, talk.Now);
        talk.Node.Join(talk.Now);
        talk.Pass(TimeSpan.FromMinutes(2));
        talk.Node.Start(new GetPeersQuery(s_key), talk.Now);
        talk.Node.Start(new DirectQuery(KrpcMethod.Ping, default), bad, null, talk.Now);
        talk.Drain();
        talk.Pass(TimeSpan.FromMinutes(1));

        // And as one who asks us: it may be answered, but never asked.
        talk.Deliver(Krpc.Query("ping", talk.NewKey()), bad, (byte)(bad.IsIPv4 ? 0 : 1));
        talk.Pass(TimeSpan.FromMinutes(1));
        talk.Questions().Count().ShouldBeGreaterThan(20);
        talk.Questions().ShouldAllBe(packet => packet.To != bad);
        talk.Ask("find_node", Conversation.At(500), ("target", s_key)).Nodes.ShouldAllBe(node => node.Endpoint != bad);
        talk.Node.Locals.SelectMany(local => local.Table.Entries).ShouldAllBe(entry => entry.Contact.Endpoint != bad);
    }

    [Fact]
    public void Only_who_answered_us_is_handed_out()
    {
        Conversation talk = new(Conversation.Unlimited);
        for (int i = 0; i < 500; i++)
        {
            talk.Deliver(Krpc.Query("ping", talk.NewKey()), Conversation.At(i));
        }

        NodeContact friend = new(talk.NewKey(), Conversation.At(900));
        talk.Befriend(friend);
        talk.Ask("find_node", Conversation.At(901), ("target", s_key)).Nodes.ShouldBe([friend]);
    }

    private static Key160 Near(Conversation talk, byte[] key)
    {
        byte[] near = [.. key];
        talk.Chance.NextBytes(near.AsSpan(12));
        return Key160.Read(near);
    }
}
