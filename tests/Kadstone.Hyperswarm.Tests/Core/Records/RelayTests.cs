using Kadstone.Datagrams;
using Kadstone.Hyperswarm.Core.Records;
using Kadstone.Kademlia;
using static Kadstone.Hyperswarm.Tests.Core.Records.StoringNode;
using static Kadstone.Hyperswarm.Tests.Core.RpcConversation;

namespace Kadstone.Hyperswarm.Tests.Core.Records;

/// <summary>Handshakes and hole punching between others: passed on, and nothing kept.</summary>
public sealed class RelayTests
{
    private static readonly Key256 s_target = HyperHash.Of(PublicKey(1));
    private static readonly byte[] s_noise = [1, 2, 3, 4];

    private readonly StoringNode _node = new();

    [Fact]
    public void A_handshake_of_a_client_goes_to_the_server_and_the_answer_back_to_the_client()
    {
        _node.TryAnnounce(1, s_target, from: At(1)).ShouldBeTrue();
        RpcSent passed = Pass(Handshake(RelayMode.FromClient), At(5));
        RpcMessage request = passed.Read();
        (passed.To, passed.IsRequest, request.Transaction, request.Command, request.Target, request.HasToken).ShouldBe((At(1), true, (ushort)7, 0u, s_target, false));
        HandshakeEnvelope envelope = Envelope(passed);
        (envelope.Mode, envelope.PeerAddress, envelope.RelayAddress, envelope.Noise.SequenceEqual(s_noise)).ShouldBe((RelayMode.FromRelay, At(5), null, true));

        RpcSent back = Pass(Handshake(RelayMode.FromServer, At(5)), At(1));
        RpcMessage response = back.Read();
        (back.To, back.IsRequest, response.Transaction, response.HasToken, response.CloserNodes.Count).ShouldBe((At(5), false, (ushort)7, false, 0));
        envelope = Envelope(back);
        (envelope.Mode, envelope.PeerAddress, envelope.Noise.SequenceEqual(s_noise)).ShouldBe((RelayMode.Reply, At(1), true));
        _node.Commands.Counters.Forwarded.ShouldBe(2);
    }

    [Fact]
    public void A_second_relay_names_the_first_to_the_server()
    {
        _node.TryAnnounce(1, s_target, from: At(1));
        RpcSent passed = Pass(Handshake(RelayMode.FromRelay, At(5)), At(6));
        HandshakeEnvelope envelope = Envelope(passed);
        (passed.To, envelope.Mode, envelope.PeerAddress, envelope.RelayAddress).ShouldBe((At(1), RelayMode.FromSecondRelay, At(5), At(6)));
    }

    [Fact]
    public void Who_does_not_know_the_server_helps_with_closer_nodes_or_passes_on_to_the_relay_that_is_named()
    {
        _node.Talk.Meet(9);
        RpcMessage help = _node.Talk.Ask(Handshake(RelayMode.FromClient), At(5)).ShouldNotBeNull().Read();
        (help.HasValue, help.HasToken, help.CloserNodes.Count).ShouldBe((false, false, 1));

        RpcSent passed = Pass(Handshake(RelayMode.FromClient, relay: At(8)), At(5));
        (passed.To, Envelope(passed).Mode, Envelope(passed).RelayAddress).ShouldBe((At(8), RelayMode.FromRelay, null));
        PassNothing(Handshake(RelayMode.FromRelay, At(5)), At(6));
        PassNothing(Handshake(RelayMode.FromSecondRelay, At(5), At(6)), At(6));
        PassNothing(Handshake(RelayMode.FromServer), At(6));
        PassNothing(Handshake(RelayMode.Reply, At(5)), At(6));
    }

    [Fact]
    public void Hole_punching_is_arranged_the_same_way()
    {
        _node.TryAnnounce(1, s_target, from: At(1));
        RpcSent passed = Pass(Holepunch(RelayMode.FromClient), At(5));
        HolepunchEnvelope envelope = HolepunchOf(passed);
        (passed.To, passed.IsRequest, envelope.Mode, envelope.Id, envelope.PeerAddress).ShouldBe((At(1), true, RelayMode.FromRelay, 3, At(5)));
        Pass(Holepunch(RelayMode.FromClient, At(7)), At(5)).To.ShouldBe(At(7), "the client knows better where the server is");

        RpcSent back = Pass(Holepunch(RelayMode.FromServer, At(5)), At(1));
        envelope = HolepunchOf(back);
        (back.To, back.IsRequest, envelope.Mode, envelope.Id, envelope.PeerAddress).ShouldBe((At(5), false, RelayMode.Reply, 3, At(1)));
        PassNothing(Holepunch(RelayMode.FromRelay, At(5)), At(6));
        PassNothing(Holepunch(RelayMode.FromServer), At(1));
    }

    [Fact]
    public void Nothing_is_passed_on_to_addresses_of_no_public_network()
    {
        UdpEndpoint local = UdpEndpoint.FromIPv4(0xC0A80001, 80);
        PassNothing(Handshake(RelayMode.FromServer, local), At(1));
        PassNothing(Handshake(RelayMode.FromClient, relay: local), At(1));
        PassNothing(Holepunch(RelayMode.FromClient, local.WithPort(0)), At(1));
        _node.Commands.Counters.NotForwarded.ShouldBe(3);
    }

    [Fact]
    public void One_source_and_one_destination_have_so_many_messages_a_second()
    {
        StoringNode node = new(new HyperLimits { ForwardsPerSource = new SourceLimits(10, 100) }, HostileStoreTests.Unlimited);
        for (int i = 0; i < 30; i++)
        {
            node.Talk.Deliver(Handshake(RelayMode.FromServer, At(100 + i)), At(1));
            node.Talk.Deliver(Handshake(RelayMode.FromServer, At(5)), At(200 + i));
        }

        node.Talk.Sent.Count(sent => sent.To == At(5)).ShouldBe(10);
        (node.Commands.Counters.Forwarded, node.Commands.Counters.NotForwarded).ShouldBe((20, 40));
    }

    private static byte[] Handshake(RelayMode mode, UdpEndpoint? peer = null, UdpEndpoint? relay = null)
    {
        CompactWriter writer = new(new byte[100]);
        new HandshakeEnvelope { Mode = mode, Noise = s_noise, PeerAddress = peer, RelayAddress = relay }.Write(ref writer);
        return Request((uint)HyperCommand.PeerHandshake, target: s_target, value: writer.Written.ToArray());
    }

    private static byte[] Holepunch(RelayMode mode, UdpEndpoint? peer = null)
    {
        CompactWriter writer = new(new byte[100]);
        new HolepunchEnvelope { Mode = mode, Id = 3, Payload = s_noise, PeerAddress = peer }.Write(ref writer);
        return Request((uint)HyperCommand.PeerHolepunch, target: s_target, value: writer.Written.ToArray());
    }

    private static HandshakeEnvelope Envelope(RpcSent sent)
    {
        HandshakeEnvelope.TryRead(sent.Read().Value, out HandshakeEnvelope envelope).ShouldBeTrue();
        return envelope;
    }

    private static HolepunchEnvelope HolepunchOf(RpcSent sent)
    {
        HolepunchEnvelope.TryRead(sent.Read().Value, out HolepunchEnvelope envelope).ShouldBeTrue();
        return envelope;
    }

    private RpcSent Pass(byte[] request, UdpEndpoint from)
    {
        int before = _node.Talk.Sent.Count;
        _node.Talk.Deliver(request, from);
        return _node.Talk.Sent.Skip(before).Single(sent => sent.Read().HasValue);
    }

    private void PassNothing(byte[] request, UdpEndpoint from)
    {
        int before = _node.Talk.Sent.Count;
        _node.Talk.Deliver(request, from);
        foreach (RpcSent sent in _node.Talk.Sent.Skip(before))
        {
            (sent.To, sent.Read().HasValue).ShouldBe((from, false));
        }
    }
}
