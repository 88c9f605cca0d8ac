using Kadstone.Datagrams;
using Kadstone.Hyperswarm.Core.Gen1;
using Kadstone.Kademlia;
using static Kadstone.Hyperswarm.Tests.Gen1.Gen1Conversation;

namespace Kadstone.Hyperswarm.Tests.Gen1;

/// <summary>Pings that are passed on, and to whom they are not.</summary>
public sealed class Gen1ForwardTests
{
    [Fact]
    public void A_ping_is_passed_on_to_a_node_that_we_know_under_the_same_number_and_not_answered()
    {
        Gen1Conversation talk = new();
        talk.Meet(1);
        int before = talk.Sent.Count;
        talk.Deliver(Request("_ping", id: IdOf(2), forwardRequest: At(1)), At(2));
        Gen1Sent passed = talk.Sent.Skip(before).Single(sent => sent.To == At(1));
        Gen1Message ping = passed.Read();
        (ping.Kind, ping.Command, ping.Transaction, ping.ForwardResponse, ping.ForwardRequest, ping.HasId)
            .ShouldBe((Gen1Kind.Request, Gen1Command.Ping, (ushort)7, At(2), (UdpEndpoint?)null, false));
        talk.Sent.Skip(before).ShouldNotContain(sent => sent.To == At(2) && !sent.IsRequest);
        talk.Node.Counters.Forwarded.ShouldBe(1);
    }

    [Fact]
    public void Nothing_is_passed_on_to_a_stranger_or_to_ourselves()
    {
        Gen1Conversation talk = new();
        talk.Meet(1);
        int before = talk.Sent.Count;
        talk.Deliver(Request("_ping", forwardRequest: At(3)), At(2));
        talk.Deliver(Request("_ping", forwardRequest: Home), At(2));
        talk.Deliver(Request("_ping", forwardRequest: UdpEndpoint.FromIPv4(0x7F000001, 5)), At(2));
        talk.Sent.Skip(before).ShouldAllBe(sent => sent.To == At(2));
        talk.Node.Counters.ForwardRefused.ShouldBe(3);
    }

    [Fact]
    public void Only_pings_are_passed_on()
    {
        Gen1Conversation talk = new();
        talk.Meet(1);
        int before = talk.Sent.Count;
        talk.Deliver(Request("store", target: new Key256(1, 2), forwardRequest: At(1)), At(2));
        talk.Sent.Count.ShouldBe(before);
        talk.Node.Counters.MalformedBy(Gen1Malformed.BadForward).ShouldBe(1);
    }

    [Fact]
    public void A_ping_that_a_known_node_passed_on_is_answered_to_its_sender_under_the_same_number()
    {
        Gen1Conversation talk = new();
        talk.Meet(1);
        Gen1Sent answer = talk.Ask(Request("_ping", forwardResponse: At(2)), At(1)).ShouldNotBeNull();
        answer.To.ShouldBe(At(2));
        Gen1Message pong = answer.Read();
        pong.Transaction.ShouldBe((ushort)7);
        Gen1Reader.TryReadEndpoint(pong.Value, out UdpEndpoint seen).ShouldBeTrue();
        seen.ShouldBe(At(2));

        // The token is the sender's, not the referrer's.
        pong.Token.ToArray().ShouldBe(talk.TokenFor(At(2)));
    }

    [Fact]
    public void The_id_in_a_ping_that_was_passed_on_is_not_taken_for_the_referrers()
    {
        Gen1Conversation talk = new();
        talk.Meet(1);
        talk.Ask(Request("_ping", id: IdOf(2), forwardResponse: At(2)), At(1)).ShouldNotBeNull();
        talk.Node.Table.Entries.Select(entry => entry.Contact.Id).ShouldBe([IdOf(1)]);
    }

    [Fact]
    public void A_stranger_cannot_aim_our_answers_at_anybody()
    {
        Gen1Conversation talk = new();
        talk.Deliver(Request("_ping", forwardResponse: At(2)), At(1));
        talk.Sent.ShouldNotContain(sent => sent.To == At(2));
        talk.Node.Counters.ForwardRefused.ShouldBe(1);
    }

    [Fact]
    public void Even_a_known_node_can_aim_no_more_at_somebody_than_a_stranger_may_cause_himself()
    {
        Gen1Conversation talk = new();
        talk.Meet(1);
        byte[] request = Request("_ping", forwardResponse: At(2));
        for (int i = 0; i < 1_000; i++)
        {
            talk.Deliver(request, At(1));
            if (i % 50 == 0)
            {
                talk.Pass(TimeSpan.FromSeconds(1));
            }
        }

        long toVictim = talk.Sent.Where(sent => sent.To == At(2)).Sum(sent => sent.Bytes.Length);
        toVictim.ShouldBeInRange(10 * 50, (10 * 100) + (1_000 * request.Length));
        talk.Node.Counters.ForwardRefused.ShouldBePositive();
    }

    [Fact]
    public void At_most_a_hundred_pings_a_second_are_passed_on()
    {
        Gen1Conversation talk = new();
        talk.Meet(1);
        int before = talk.Sent.Count;
        for (int i = 0; i < 300; i++)
        {
            talk.Deliver(Request("_ping", forwardRequest: At(1)), At(100 + i));
        }

        talk.Sent.Skip(before).Count(sent => sent.To == At(1)).ShouldBe(100);
        talk.Pass(TimeSpan.FromSeconds(1));
        talk.Deliver(Request("_ping", forwardRequest: At(1)), At(500));
        talk.Node.Counters.Forwarded.ShouldBe(101);
    }
}
