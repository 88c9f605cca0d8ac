using System.Buffers.Binary;
using Kadstone.Datagrams;
using Kadstone.Hyperswarm.Core;
using Kadstone.Kademlia;
using static Kadstone.Hyperswarm.Tests.Core.RpcConversation;

namespace Kadstone.Hyperswarm.Tests.Core;

/// <summary>What a node answers, and to whom.</summary>
public sealed class RpcAnswerTests
{
    private static readonly Key256 s_target = new(1, 2);

    [Fact]
    public void A_ping_is_answered_with_nothing_but_the_id_and_that_on_the_server_socket_only()
    {
        RpcConversation talk = new();
        RpcMessage answer = talk.Ask(Request(RpcInternalCommand.Ping), At(1)).ShouldNotBeNull().Read();
        (answer.Transaction, answer.To, answer.Id, answer.HasToken, answer.HasValue, answer.CloserNodes.Count).ShouldBe(((ushort)7, At(1), IdOf(Home), false, false, 0));
        talk.Ask(Request(RpcInternalCommand.Ping), At(2), socket: 1).ShouldNotBeNull().Read().HasId.ShouldBeFalse();
        new RpcConversation(new RpcSettings()).Ask(Request(RpcInternalCommand.Ping), At(1)).ShouldNotBeNull().Read().HasId.ShouldBeFalse();
    }

    [Fact]
    public void Whoever_answers_under_the_id_of_its_address_is_named_and_nobody_else()
    {
        RpcConversation talk = new();
        talk.Meet(1);
        talk.Meet(2);

        // An id of another address is none: a candidate neither by asking nor by answering.
        talk.Deliver(Request(RpcInternalCommand.Ping, IdOf(At(1))), At(3));
        talk.Deliver(Response(talk.Sent.Last(sent => sent.IsRequest), IdOf(At(1))), At(3));

        RpcMessage answer = talk.Ask(Request(RpcInternalCommand.FindNode, target: s_target), At(4)).ShouldNotBeNull().Read();
        List<UdpEndpoint> named = [];
        foreach (UdpEndpoint endpoint in answer.CloserNodes)
        {
            named.Add(endpoint);
        }

        named.ShouldBe([At(1), At(2)], ignoreOrder: true);
        answer.HasToken.ShouldBeFalse();
    }

    [Fact]
    public void A_node_that_gets_its_id_after_it_was_proved_is_asked_again()
    {
        RpcConversation talk = new();
        talk.Deliver(Request(RpcInternalCommand.FindNode, target: s_target), At(1));
        talk.Deliver(Response(talk.Sent.Single(sent => sent.IsRequest)), At(1));
        talk.Node.Table.Count.ShouldBe(0);

        talk.Deliver(Request(RpcInternalCommand.FindNode, IdOf(At(1)), s_target), At(1));
        talk.Deliver(Response(talk.Sent.Last(sent => sent.IsRequest), IdOf(At(1))), At(1));
        talk.Node.Table.Count.ShouldBe(1);
    }

    [Fact]
    public void A_response_counts_only_from_the_address_and_at_the_socket_that_was_asked()
    {
        RpcConversation talk = new();
        talk.Deliver(Request(RpcInternalCommand.Ping, IdOf(At(1))), At(1));
        RpcSent ping = talk.Sent.Single(sent => sent.IsRequest);
        talk.Deliver(Response(ping, IdOf(At(2))), At(2));
        talk.Deliver(Response(ping, IdOf(At(1))), At(1), socket: 1);
        (talk.Node.Table.Count, talk.Node.Counters.Unmatched).ShouldBe((0, 2));
        talk.Deliver(Response(ping, IdOf(At(1))), At(1));
        talk.Node.Table.Count.ShouldBe(1);
    }

    [Fact]
    public void A_ping_nat_is_answered_to_the_other_port_and_what_cannot_be_read_not_at_all()
    {
        RpcConversation talk = new();
        byte[] port = new byte[2];
        BinaryPrimitives.WriteUInt16LittleEndian(port, 1234);
        talk.Ask(Request(RpcInternalCommand.PingNat, value: port), At(1)).ShouldNotBeNull().To.ShouldBe(At(1).WithPort(1234));
        talk.Ask(Request(RpcInternalCommand.PingNat, value: [0, 0]), At(1)).ShouldBeNull();
        talk.Ask(Request(RpcInternalCommand.PingNat), At(1)).ShouldBeNull();
        talk.Ask(Request(RpcInternalCommand.FindNode), At(1)).ShouldBeNull();
        talk.Ask(Request(RpcInternalCommand.DownHint, value: [1, 2, 3, 4, 5]), At(1)).ShouldBeNull();
        talk.Ask(Request(5, isInternal: true), At(1)).ShouldNotBeNull().Read().Error.ShouldBe(RpcError.UnknownCommand);
    }

    [Fact]
    public void A_delayed_ping_is_answered_when_its_time_has_come()
    {
        RpcConversation talk = new();
        talk.Ask(Request(RpcInternalCommand.DelayedPing, value: [0xE8, 3, 0, 0]), At(1)).ShouldBeNull();
        talk.Pass(TimeSpan.FromMilliseconds(999));
        talk.Sent.ShouldAllBe(sent => sent.IsRequest);
        talk.Pass(TimeSpan.FromMilliseconds(1));
        talk.Sent.ShouldContain(sent => !sent.IsRequest);
        talk.Ask(Request(RpcInternalCommand.DelayedPing, value: [0x11, 0x27, 0, 0]), At(2)).ShouldBeNull();
        talk.Pass(TimeSpan.FromSeconds(20));
        talk.Sent.Count(sent => !sent.IsRequest).ShouldBe(1);
    }

    [Fact]
    public void A_hint_makes_us_look_and_only_silence_costs_a_node_its_place()
    {
        RpcConversation talk = new();
        talk.Meet(1);
        byte[] hint = new byte[6];
        RpcEndpoints.Write(hint, At(1));

        int before = talk.Sent.Count;
        talk.Ask(Request(RpcInternalCommand.DownHint, value: hint), At(2)).ShouldNotBeNull();
        talk.Deliver(Response(talk.Sent.Skip(before).Single(sent => sent.IsRequest && sent.To == At(1)), IdOf(At(1))), At(1));
        talk.Pass(TimeSpan.FromSeconds(20));
        talk.Node.Table.Count.ShouldBe(1);

        talk.Deliver(Request(RpcInternalCommand.DownHint, value: hint), At(2));
        talk.Pass(TimeSpan.FromSeconds(20));
        talk.Node.Table.Count.ShouldBe(0);
    }

    [Fact]
    public void A_command_that_is_served_waits_for_its_handler_and_a_bad_token_never_gets_there()
    {
        RpcConversation talk = new();
        talk.Ask(Request(16, target: s_target), At(1)).ShouldNotBeNull().Read().Error.ShouldBe(RpcError.UnknownCommand);
        talk.Node.Serve(16);
        talk.Ask(Request(16, target: s_target, value: [5]), At(1)).ShouldBeNull();
        talk.Node.InboundRequests.TryTake(talk.Now, out InboundRequest? inbound).ShouldBeTrue();
        inbound.ShouldNotBeNull().Request.IsCommit.ShouldBeFalse();
        talk.Node.Answer(inbound, new RpcReply(new byte[] { 6 }), talk.Now);
        talk.Drain();
        byte[] token = talk.Sent.Last(sent => !sent.IsRequest).Read().Token.ToArray();

        RpcMessage refused = talk.Ask(Request(16, target: s_target, token: token), At(2)).ShouldNotBeNull().Read();
        (refused.Error, refused.HasToken).ShouldBe((RpcError.InvalidToken, true));
        talk.Node.InboundRequests.TryTake(talk.Now, out _).ShouldBeFalse();

        talk.Deliver(Request(16, target: s_target, token: token), At(1).WithPort(9));
        talk.Node.InboundRequests.TryTake(talk.Now, out inbound).ShouldBeTrue();
        inbound.ShouldNotBeNull().Request.IsCommit.ShouldBeTrue();
        talk.Pass(TimeSpan.FromSeconds(15));
        talk.Ask(Request(16, target: s_target, token: token), At(1)).ShouldNotBeNull().Read().Error.ShouldBe(RpcError.InvalidToken);
    }

    [Fact]
    public void A_forged_source_gets_few_answers_however_much_is_asked_in_its_name()
    {
        RpcConversation talk = new();
        for (int i = 0; i < 30; i++)
        {
            talk.Meet(i + 10);
        }

        byte[] request = Request(RpcInternalCommand.FindNode, target: s_target);
        int before = talk.Sent.Count;
        for (int i = 0; i < 1_000; i++)
        {
            talk.Deliver(request, At(1));
        }

        RpcSent[] toVictim = [.. talk.Sent.Skip(before).Where(sent => sent.To == At(1))];
        toVictim.Sum(sent => sent.Bytes.Length).ShouldBeLessThan((1_000 * request.Length) + (10 * 200));
        toVictim.Count(sent => sent.IsRequest).ShouldBeLessThanOrEqualTo(1);
    }
}
