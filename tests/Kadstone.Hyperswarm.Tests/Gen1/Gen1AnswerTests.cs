using Kadstone.Datagrams;
using Kadstone.Hyperswarm.Core;
using Kadstone.Hyperswarm.Core.Gen1;
using Kadstone.Kademlia;
using static Kadstone.Hyperswarm.Tests.Gen1.Gen1Conversation;

namespace Kadstone.Hyperswarm.Tests.Gen1;

/// <summary>What a node of the first generation answers, and to whom.</summary>
public sealed class Gen1AnswerTests
{
    private static readonly Key256 s_target = new(1, 2);

    [Fact]
    public void A_ping_is_answered_with_the_askers_endpoint_our_id_and_a_token()
    {
        Key256 id = new(3, 4);
        Gen1Conversation talk = new(new Gen1Settings { Id = id });
        Gen1Message answer = talk.Ask(Request("_ping"), At(1)).ShouldNotBeNull().Read();
        (answer.Transaction, answer.Id, answer.Token.Length, answer.Nodes.IsEmpty).ShouldBe(((ushort)7, id, 32, true));
        Gen1Reader.TryReadEndpoint(answer.Value, out UdpEndpoint seen).ShouldBeTrue();
        seen.ShouldBe(At(1));
    }

    [Fact]
    public void An_ephemeral_node_answers_and_asks_without_an_id()
    {
        Gen1Conversation talk = new(new Gen1Settings { IsEphemeral = true });
        talk.Ask(Request("_ping"), At(1)).ShouldNotBeNull().Read().HasId.ShouldBeFalse();
        talk.Node.AddBootstrap(At(2), talk.Now);
        talk.Node.Join(talk.Now);
        talk.Drain();
        talk.Sent.Where(sent => sent.IsRequest && sent.To == At(2)).ShouldHaveSingleItem().Read().HasId.ShouldBeFalse();
        new Gen1Conversation().Ask(Request("_ping"), At(1)).ShouldNotBeNull().Read().HasId.ShouldBeTrue();
    }

    [Fact]
    public void Whoever_answered_under_an_id_is_named_and_nobody_else()
    {
        Gen1Conversation talk = new();
        talk.Meet(1);
        talk.Meet(2);

        // One never answers, one answers without an id, one names a third that nobody heard.
        talk.Deliver(Request("_ping", IdOf(3)), At(3));
        talk.Deliver(Request("_ping", IdOf(4)), At(4));
        talk.Deliver(Response(talk.Sent.Last(sent => sent.IsRequest), id: null, new Gen1Contact(IdOf(5), At(5))), At(4));

        Gen1Message answer = talk.Ask(Request("_find_node", target: s_target), At(6)).ShouldNotBeNull().Read();
        Named(answer).ShouldBe([At(1), At(2)], ignoreOrder: true);
        (answer.HasValue, answer.HasToken).ShouldBe((false, true));
    }

    [Fact]
    public void A_command_that_nobody_serves_is_answered_with_the_closer_nodes_and_a_token()
    {
        Gen1Conversation talk = new(new Gen1Settings());
        talk.Meet(1);
        foreach (string command in (string[])["peers", "anything", "_unknown"])
        {
            Gen1Message answer = talk.Ask(Request(command, target: s_target, value: [1]), At(2)).ShouldNotBeNull().Read();
            (answer.HasValue, answer.HasToken).ShouldBe((false, true));
            Named(answer).ShouldBe([At(1)]);
        }
    }

    [Fact]
    public void A_token_makes_a_commit_for_its_host_alone_and_for_5_to_10_minutes()
    {
        Gen1Conversation talk = new(new Gen1Settings { Limits = RateLimits.None });
        talk.Node.Serve("store");
        byte[] token = talk.TokenFor(At(1));
        byte[] request = Request("store", target: s_target, value: [5], token: token);
        byte[] forged = [.. token];
        forged[31] ^= 1;

        // NATs change ports.
        IsCommit(talk, request, At(1).WithPort(9)).ShouldBe(true);
        IsCommit(talk, request, At(2)).ShouldBe(false);
        IsCommit(talk, Request("store", target: s_target, token: forged), At(1)).ShouldBe(false);
        IsCommit(talk, Request("store", target: s_target, token: token[..31]), At(1)).ShouldBe(false);
        IsCommit(talk, Request("store", target: s_target), At(1)).ShouldBe(false);
        talk.Node.Counters.BadToken.ShouldBe(3);

        talk.Pass(TimeSpan.FromMinutes(5) - TimeSpan.FromSeconds(1));
        IsCommit(talk, request, At(1)).ShouldBe(true);
        talk.Pass(TimeSpan.FromMinutes(5) + TimeSpan.FromSeconds(1));
        IsCommit(talk, request, At(1)).ShouldBe(false);
    }

    [Fact]
    public void A_handler_sees_the_bytes_of_the_request_and_its_value_comes_back_with_nodes_and_a_token()
    {
        Gen1Conversation talk = new(new Gen1Settings());
        talk.Meet(1);
        talk.Node.Serve("echo");
        foreach (byte[]? value in (byte[]?[])[null, [], new byte[1_000]])
        {
            talk.Ask(Request("echo", id: IdOf(2), target: s_target, value: value), At(2)).ShouldBeNull();
            talk.Node.InboundRequests.TryTake(talk.Now, out InboundRequest? inbound).ShouldBeTrue();
            RpcRequest seen = inbound.ShouldNotBeNull().Request;
            (seen.CommandName, seen.From, seen.FromId, seen.Target, seen.Value?.Length).ShouldBe(("echo", At(2), IdOf(2), s_target, value?.Length));

            talk.Node.Answer(inbound, new RpcReply(seen.Value), talk.Now);
            talk.Drain();
            Gen1Message answer = talk.Sent[^1].Read();
            (answer.Transaction, answer.HasValue, answer.Value.Length, answer.HasToken).ShouldBe(((ushort)7, value is not null, value?.Length ?? 0, true));
            Named(answer).ShouldBe([At(1)]);
        }
    }

    [Fact]
    public void An_ephemeral_asker_has_no_id_and_a_refusal_is_silence()
    {
        Gen1Conversation talk = new(new Gen1Settings());
        talk.Node.Serve("store");
        talk.Deliver(Request("store", target: s_target), At(1));
        talk.Node.InboundRequests.TryTake(talk.Now, out InboundRequest? inbound).ShouldBeTrue();
        inbound.ShouldNotBeNull().Request.FromId.ShouldBeNull();
        int before = talk.Sent.Count;
        talk.Node.Answer(inbound, RpcReply.Refused(16), talk.Now);
        talk.Node.Answer(inbound, new RpcReply(new byte[1_401]), talk.Now);
        talk.Drain();
        talk.Sent.Count.ShouldBe(before);
        talk.Node.Counters.OverAllowance.ShouldBe(1);
    }

    [Fact]
    public void A_response_counts_only_from_the_address_that_was_asked()
    {
        Gen1Conversation talk = new();
        talk.Deliver(Request("_ping", IdOf(1)), At(1));
        Gen1Sent ping = talk.Sent.Single(sent => sent.IsRequest);
        talk.Deliver(Response(ping, IdOf(2)), At(2));
        talk.Deliver(Response(ping, IdOf(1)), At(1).WithPort(9));
        (talk.Node.Table.Count, talk.Node.Counters.Unmatched).ShouldBe((0, 2));
        talk.Deliver(Response(ping, IdOf(1)), At(1));
        talk.Node.Table.Count.ShouldBe(1);
        talk.Deliver(Response(ping, IdOf(1)), At(1));
        talk.Node.Counters.Unmatched.ShouldBe(3);
    }

    [Fact]
    public void A_node_that_comes_back_under_another_id_takes_its_own_place()
    {
        Gen1Conversation talk = new();
        talk.Meet(1);
        talk.Pass(TimeSpan.FromMinutes(2));
        int before = talk.Sent.Count;
        talk.Deliver(Request("_ping", IdOf(9)), At(1));
        talk.Deliver(Response(talk.Sent.Skip(before).Single(sent => sent.IsRequest), IdOf(9)), At(1));
        talk.Node.Table.Entries.Select(entry => entry.Contact.Id).ShouldBe([IdOf(9)]);
    }

    [Fact]
    public void Nobody_enters_under_our_own_id_or_from_a_forbidden_address()
    {
        Gen1Conversation talk = new(new Gen1Settings { Id = IdOf(1) });
        talk.Deliver(Request("_ping", IdOf(1)), At(1));
        talk.Deliver(Request("_ping", IdOf(2)), UdpEndpoint.FromIPv4(0x0A000001, 5));
        talk.Sent.ShouldAllBe(sent => !sent.IsRequest);
    }

    [Fact]
    public void A_forged_source_gets_few_answers_however_much_is_asked_in_its_name()
    {
        Gen1Conversation talk = new();
        for (int i = 0; i < 30; i++)
        {
            talk.Meet(i + 10);
        }

        byte[] request = Request("_find_node", target: s_target);
        int before = talk.Sent.Count;
        for (int i = 0; i < 1_000; i++)
        {
            talk.Deliver(request, At(1));
        }

        Gen1Sent[] toVictim = [.. talk.Sent.Skip(before).Where(sent => sent.To == At(1))];
        toVictim.Sum(sent => sent.Bytes.Length).ShouldBeLessThan((1_000 * request.Length) + (10 * 900));
        toVictim.Count(sent => sent.IsRequest).ShouldBeLessThanOrEqualTo(1);
        talk.Node.Counters.RateLimited.ShouldBePositive();
    }

    [Fact]
    public void A_ping_and_a_find_node_are_answered_without_allocating()
    {
        Gen1Protocol node = new(new Gen1Settings { Limits = RateLimits.None }, Home, new Random(1), default);
        byte[] buffer = new byte[2_048];
        byte[][] requests = [Request("_ping"), Request("_find_node", target: s_target), Request("nobodys", target: s_target)];
        foreach (byte[] request in requests)
        {
            Answer(200);
            long before = GC.GetAllocatedBytesForCurrentThread();
            int answers = Answer(1_000);
            long allocated = GC.GetAllocatedBytesForCurrentThread() - before;
            (answers, allocated).ShouldBe((1_000, 0));

            int Answer(int times)
            {
                int answered = 0;
                for (int i = 0; i < times; i++)
                {
                    node.Receive(request, At(1), 0, default);
                    answered += node.TryTransmit(buffer, default, out _) ? 1 : 0;
                }

                return answered;
            }
        }
    }

    private static bool? IsCommit(Gen1Conversation talk, byte[] request, UdpEndpoint from)
    {
        talk.Deliver(request, from);
        return talk.Node.InboundRequests.TryTake(talk.Now, out InboundRequest? inbound) ? inbound.Request.IsCommit : null;
    }
}
