using Kadstone.Datagrams;
using Kadstone.Hyperswarm.Core;
using Kadstone.Hyperswarm.Tests.Core.Records;
using Kadstone.Hyperswarm.Tests.Gen1;
using Kadstone.Kademlia;
using static Kadstone.Hyperswarm.Tests.Core.RpcConversation;

namespace Kadstone.Hyperswarm.Tests.Core;

/// <summary>Bars 13 to 15: how long an answer may be, and what one who never proves itself can make us send.</summary>
public sealed class FloodTests(ITestOutputHelper output)
{
    private const int MaxAnswer = 1_400;

    /// <summary>Everything that is answered inside the core, at its longest.</summary>
    public static TheoryData<string> Kinds => ["ping", "find_node", "lookup", "find_peer", "immutable_get", "unknown", "bad token"];

    [Theory]
    [MemberData(nameof(Kinds))]
    public void No_answer_is_longer_than_1400_bytes(string kind)
    {
        StoringNode node = Full();
        byte[] request = RequestOf(kind);
        int most = Enumerable.Range(0, 30).Max(i => node.Talk.Ask(request, At(900 + i)).ShouldNotBeNull().Bytes.Length);
        output.WriteLine($"{kind}: {most} bytes for {request.Length}, {most / (double)request.Length:F2} times");
        most.ShouldBeLessThanOrEqualTo(MaxAnswer);
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void A_flood_from_one_unproved_source_gets_no_more_than_it_sends_and_others_are_served(string kind)
    {
        StoringNode node = Full();
        UdpEndpoint flooder = At(900);
        byte[] request = RequestOf(kind);
        int before = node.Talk.Sent.Count;
        int served = 0;
        for (int i = 0; i < 3_000; i++)
        {
            node.Talk.Deliver(request, flooder);
            served += i % 100 == 50 && node.Talk.Ask(Request(RpcInternalCommand.Ping), At(1_000 + i)) is not null ? 1 : 0;
            node.Talk.Pass(TimeSpan.FromSeconds(1.7 / 3_000));
        }

        RpcSent[] toFlooder = [.. node.Talk.Sent.Skip(before).Where(sent => sent.To == flooder)];
        toFlooder.Length.ShouldBeGreaterThanOrEqualTo(10);
        int afterFree = toFlooder.Skip(10).Sum(sent => sent.Bytes.Length);
        output.WriteLine($"{kind}: {afterFree} bytes out after the free ones for {2_990 * request.Length} in; {served} of 30 others served");
        afterFree.ShouldBeLessThanOrEqualTo(2_990 * request.Length);
        served.ShouldBeGreaterThanOrEqualTo(29);
    }

    [Theory]
    [InlineData("find_node", 1)]
    [InlineData("find_node", 10)]
    [InlineData("lookup", 10)]
    [InlineData("lookup", 200)]
    [InlineData("immutable_get", 10)]
    public void A_victim_whose_address_is_forged_receives_no_more_than_the_forger_sends(string kind, int requestsPerSecond)
    {
        StoringNode node = Full();
        UdpEndpoint victim = At(900);
        byte[] request = RequestOf(kind);
        int before = node.Talk.Sent.Count;
        long bytesIn = 0;
        for (int i = 0; i < requestsPerSecond * 300; i++)
        {
            node.Talk.Deliver(request, victim);
            bytesIn += request.Length;
            node.Talk.Pass(TimeSpan.FromSeconds(1.0 / requestsPerSecond));
        }

        // Our own proving pings are counted as well.
        RpcSent[] toVictim = [.. node.Talk.Sent.Skip(before).Where(one => one.To == victim)];
        long free = toVictim.Take(10).Sum(one => (long)one.Bytes.Length);
        long bytesOut = toVictim.Sum(one => (long)one.Bytes.Length) - free;
        double ratio = bytesOut / (double)bytesIn;
        output.WriteLine($"{kind}, {requestsPerSecond} a second: out / in {ratio:F3} after the first ten, {toVictim.Length} packets");
        ratio.ShouldBeLessThanOrEqualTo(1);
    }

    [Fact]
    public void Many_ports_of_one_host_have_one_place_in_the_table()
    {
        RpcConversation talk = new(new RpcSettings { IsPersistent = true, Limits = RateLimits.None });
        for (int port = 1; port <= 1_000; port++)
        {
            UdpEndpoint endpoint = At(1).WithPort((ushort)port);
            int before = talk.Sent.Count;
            talk.Deliver(Request(RpcInternalCommand.Ping, IdOf(endpoint)), endpoint);
            foreach (RpcSent ping in talk.Sent.Skip(before).Where(sent => sent.IsRequest).ToArray())
            {
                talk.Deliver(Response(ping, IdOf(endpoint)), endpoint);
            }

            talk.Pass(TimeSpan.FromSeconds(1));
        }

        talk.Node.Table.Count.ShouldBe(1);
        talk.Node.Table.Entries.Single().Contact.Endpoint.ShouldBe(At(1).WithPort(1), "who was there first stays");
    }

    [Fact]
    public void Nobody_is_asked_or_named_at_an_address_that_cannot_be()
    {
        UdpEndpoint[] bad =
        [
            .. ((uint[])[0x00000001, 0x7F000001, 0x0A000001, 0xAC100001, 0xC0A80001, 0xA9FE0001, 0x64400001, 0xE0000001, 0xF0000001, 0xFFFFFFFF]).Select(host => UdpEndpoint.FromIPv4(host, 49_737)),
            UdpEndpoint.FromIPv4(0x2D000107, 0),
            Home,
        ];
        RpcConversation talk = new();
        RpcNeighbours network = new(talk, 30);
        network.Join();
        network.Serves = sent => Response(sent, IdOf(sent.To), RpcNeighbours.Token, bad);
        Key256 target = new(1, 2);
        Walk walk = talk.Node.Start(new Question(3, IsInternal: false, target), target, false, false, () => { }, talk.Now);
        talk.Drain();
        walk.IsFinished.ShouldBeTrue();
        foreach (UdpEndpoint endpoint in bad)
        {
            talk.Deliver(Request(RpcInternalCommand.Ping, IdOf(endpoint)), endpoint);
            talk.Deliver(Request((uint)RpcInternalCommand.DownHint, isInternal: true, value: Packed(endpoint)), At(1));
        }

        talk.Sent.Where(sent => sent.IsRequest).ShouldNotContain(sent => bad.Contains(sent.To));
        RpcMessage answer = talk.Ask(Request(RpcInternalCommand.FindNode, target: target), At(2)).ShouldNotBeNull().Read();
        foreach (UdpEndpoint named in answer.CloserNodes)
        {
            bad.ShouldNotContain(named);
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void The_first_generation_is_no_mirror_either(bool hasPeers)
    {
        Gen1Conversation talk = new();
        for (int i = 10; i < 40; i++)
        {
            talk.Meet(i);
        }

        Key256 topic = new(1, 2);
        for (int i = 0; i < 300; i++)
        {
            talk.Node.Peers.Put(topic, At(1_000 + i), UdpEndpoint.FromIPv4(0xC0A80000 + (uint)i, 5), talk.Now);
        }

        byte[] value = new byte[Gen1PeersRequest.MaxLength];
        byte[] request = hasPeers
            ? Gen1Conversation.Request("peers", target: topic, value: value[..new Gen1PeersRequest(Gen1PeersType.Lookup, 0, null).Write(value)])
            : Gen1Conversation.Request("_find_node", target: topic);
        int before = talk.Sent.Count;
        long bytesIn = 0;
        for (int i = 0; i < 3_000; i++)
        {
            talk.Deliver(request, At(900));
            bytesIn += request.Length;
            talk.Pass(TimeSpan.FromSeconds(0.1));
        }

        int[] lengths = [.. talk.Sent.Skip(before).Where(sent => sent.To == At(900)).Select(sent => sent.Bytes.Length)];
        double ratio = lengths.Skip(10).Sum() / (double)bytesIn;
        output.WriteLine($"out / in {ratio:F3} after the first ten, longest {lengths.Max()} for {request.Length}");
        lengths.Max().ShouldBeLessThanOrEqualTo(MaxAnswer);
        ratio.ShouldBeLessThanOrEqualTo(1);
    }

    private static byte[] Packed(UdpEndpoint endpoint)
    {
        byte[] packed = new byte[6];
        RpcEndpoints.Write(packed, endpoint);
        return packed;
    }

    /// <summary>A node whose table, topic and memory of values are full.</summary>
    private static StoringNode Full()
    {
        StoringNode node = new();
        for (int i = 0; i < 300; i++)
        {
            node.Talk.Node.Table.Admit(RpcContact.FromEndpoint(At(2_000 + i)), node.Talk.Now);
        }

        for (int owner = 0; owner < 40; owner++)
        {
            node.TryAnnounce(owner, relays: [At(50), At(51), At(52)]).ShouldBeTrue();
        }

        node.TryAnnounce(41, HyperHash.Of(StoringNode.PublicKey(41)), relays: [At(50), At(51), At(52)]).ShouldBeTrue();
        node.Commands.Remember(s_valueTarget, new byte[ImmutableValue.MaxLength], node.Talk.Now);
        return node;
    }

    private static readonly Key256 s_valueTarget = new(5, 5);

    private static byte[] RequestOf(string kind) => kind switch
    {
        "ping" => Request(RpcInternalCommand.Ping),
        "find_node" => Request(RpcInternalCommand.FindNode, target: StoringNode.Topic),
        "lookup" => Request((uint)HyperCommand.Lookup, target: StoringNode.Topic),
        "find_peer" => Request((uint)HyperCommand.FindPeer, target: HyperHash.Of(StoringNode.PublicKey(41))),
        "immutable_get" => Request((uint)HyperCommand.ImmutableGet, target: s_valueTarget),
        "bad token" => Request((uint)HyperCommand.Announce, target: StoringNode.Topic, value: [1], token: new byte[32]),
        _ => Request(77, target: StoringNode.Topic),
    };
}
