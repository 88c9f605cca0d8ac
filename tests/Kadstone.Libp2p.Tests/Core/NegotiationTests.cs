using System.Text;
using Kadstone.Libp2p.Core;

namespace Kadstone.Libp2p.Tests.Core;

public sealed class NegotiationTests
{
    private readonly ByteQueue _input = new();
    private readonly ByteQueue _output = new();

    [Fact]
    public void Messages_are_written_as_others_write_them()
    {
        foreach (System.Text.Json.JsonElement item in LibP2pVectors.List("multistream"))
        {
            MultistreamLine.Write(item.Text("message")).ShouldBe(item.Hex("bytes"));
            MultistreamLine.Read([.. item.Hex("bytes"), 1], out ReadOnlySpan<byte> text, out int length).ShouldBe(WireProgress.Complete);
            Encoding.UTF8.GetString(text).ShouldBe(item.Text("message"));
            length.ShouldBe(item.Hex("bytes").Length);
        }
    }

    [Fact]
    public void The_initiator_greets_and_proposes_at_once()
    {
        Negotiation initiator = Negotiation.Propose("/noise");
        Told(initiator).ShouldBe(["/multistream/1.0.0", "/noise"]);
        Told(initiator, "/multistream/1.0.0").ShouldBeEmpty();
        Told(initiator, "/noise").ShouldBeEmpty();
        (initiator.State, initiator.Protocol).ShouldBe((NegotiationState.Agreed, "/noise"));
    }

    [Fact]
    public void The_initiator_proposes_one_after_another()
    {
        Negotiation initiator = Negotiation.Propose("/a", "/b");
        Told(initiator, "/multistream/1.0.0", "na").ShouldBe(["/multistream/1.0.0", "/a", "/b"]);
        initiator.State.ShouldBe(NegotiationState.Open);
        Told(initiator, "na").ShouldBeEmpty();
        initiator.State.ShouldBe(NegotiationState.Failed);
    }

    [Theory]
    [InlineData("/multistream/9.9.9")]
    [InlineData("/noise")]
    [InlineData("")]
    public void Another_greeting_ends_it(string greeting)
    {
        Negotiation responder = Negotiation.Choose(_ => true);
        Told(responder, greeting).ShouldBe(["/multistream/1.0.0"]);
        responder.State.ShouldBe(NegotiationState.Failed);
    }

    [Fact]
    public void An_answer_that_nobody_proposed_ends_it()
    {
        Negotiation initiator = Negotiation.Propose("/a", "/b");
        Told(initiator, "/multistream/1.0.0", "/b");
        (initiator.State, initiator.Protocol).ShouldBe((NegotiationState.Failed, ""));
    }

    // As go-libp2p and js-libp2p answer: unknown, ls and simultaneous open are all not available, then the known one is echoed.
    [Fact]
    public void The_responder_refuses_until_it_hears_what_it_speaks()
    {
        Negotiation responder = Negotiation.Choose(protocol => protocol == "/noise");
        Told(responder, "/multistream/1.0.0", "/nosuch", "ls", "/libp2p/simultaneous-connect", "/noise", "behind")
            .ShouldBe(["/multistream/1.0.0", "na", "na", "na", "/noise"]);
        (responder.State, responder.Protocol).ShouldBe((NegotiationState.Agreed, "/noise"));
        _input.Span.ToArray().ShouldBe(MultistreamLine.Write("behind"), "what comes behind is the protocol's");
    }

    [Fact]
    public void Who_only_tries_is_left_after_32_refusals()
    {
        Negotiation responder = Negotiation.Choose(_ => false);
        string[] tries = [.. Enumerable.Range(0, 40).Select(i => $"/try/{i}")];
        Told(responder, ["/multistream/1.0.0", .. tries]).Count(line => line == "na").ShouldBe(Negotiation.MaxProposals);
        responder.State.ShouldBe(NegotiationState.Failed);
    }

    [Theory]
    [InlineData("8108")]
    [InlineData("ffff")]
    [InlineData("808080")]
    [InlineData("00")]
    [InlineData("026162")]
    [InlineData("02ff0a")]
    public void A_message_too_long_or_not_a_line_ends_it_before_it_is_waited_for(string hex)
    {
        Negotiation responder = Negotiation.Choose(_ => true);
        _input.Append(MultistreamLine.Write(MultistreamLine.Header));
        _input.Append(Convert.FromHexString(hex));
        responder.Advance(_input, _output);
        responder.State.ShouldBe(NegotiationState.Failed);
    }

    [Fact]
    public void Bytes_may_come_one_by_one()
    {
        Negotiation responder = Negotiation.Choose(protocol => protocol == "/noise");
        foreach (byte value in (byte[])[.. MultistreamLine.Write(MultistreamLine.Header), .. MultistreamLine.Write("/noise")])
        {
            responder.State.ShouldBe(NegotiationState.Open);
            _input.Append([value]);
            responder.Advance(_input, _output);
        }

        responder.State.ShouldBe(NegotiationState.Agreed);
    }

    private List<string> Told(Negotiation side, params string[] lines)
    {
        foreach (string line in lines)
        {
            _input.Append(MultistreamLine.Write(line));
        }

        side.Advance(_input, _output);
        List<string> told = [];
        while (MultistreamLine.Read(_output.Span, out ReadOnlySpan<byte> text, out int length) == WireProgress.Complete)
        {
            told.Add(Encoding.UTF8.GetString(text));
            _output.Consume(length);
        }

        return told;
    }
}
