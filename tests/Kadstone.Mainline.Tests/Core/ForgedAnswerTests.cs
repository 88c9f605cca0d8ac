using System.Buffers.Binary;
using Kadstone.Datagrams;
using Kadstone.Kademlia;
using Kadstone.Mainline.Core;
using Kadstone.Mainline.Core.Queries;

namespace Kadstone.Mainline.Tests.Core;

/// <summary>Bar 17: an answer counts only when transaction, address, port, socket and id fit.</summary>
public sealed class ForgedAnswerTests
{
    private static readonly Key160 s_key = new(1, 2, 3);
    private static readonly NodeContact s_asked = new(new Key160(7, 7, 7), Conversation.At(1));
    private static readonly NodeContact s_liar = new(new Key160(8, 8, 8), Conversation.At(2));

    private readonly Conversation _talk = new(Conversation.Unlimited, 1, Conversation.Home, UdpEndpoint.FromIPv4(0x05060709, 6881));
    private readonly GetPeersQuery _lookup = new(s_key);
    private readonly Packet _question;

    public ForgedAnswerTests()
    {
        foreach (LocalNode local in _talk.Node.Locals)
        {
            local.Table.Admit(s_asked, _talk.Now);
        }

        _talk.Node.Start(_lookup, _talk.Now);
        _talk.Drain();
        _question = _talk.Sent.ShouldHaveSingleItem();
    }

    private byte OtherSocket => (byte)(1 - _question.Socket);

    [Fact]
    public void The_true_answer_counts_and_counts_once()
    {
        Answer(_question.Transaction, s_asked.Endpoint, _question.Socket, s_asked.Id);
        _lookup.PeerCount.ShouldBe(1);
        Answer(_question.Transaction, s_asked.Endpoint, _question.Socket, s_asked.Id, "7.7.7.8:1");
        _lookup.PeerCount.ShouldBe(1);
    }

    [Fact]
    public void Nothing_is_learnt_from_a_wrong_transaction_address_port_socket_or_id()
    {
        byte[] wrong = [.. _question.Transaction];
        wrong[3] ^= 1;
        Answer(wrong, s_asked.Endpoint, _question.Socket, s_asked.Id);
        Answer(_question.Transaction[..3], s_asked.Endpoint, _question.Socket, s_asked.Id);
        Answer([.. _question.Transaction, 0], s_asked.Endpoint, _question.Socket, s_asked.Id);
        Answer([], s_asked.Endpoint, _question.Socket, s_asked.Id);
        Answer(_question.Transaction, UdpEndpoint.FromIPv4((uint)s_asked.Endpoint.AddressLow + 1, 6881), _question.Socket, s_asked.Id);
        Answer(_question.Transaction, s_asked.Endpoint.WithPort(6882), _question.Socket, s_asked.Id);
        Answer(_question.Transaction, s_asked.Endpoint, OtherSocket, s_asked.Id);
        _talk.Node.OpenRequests.ShouldBe(1);
        _talk.Node.Counters.Answers.ShouldBe(0);
        Answer(_question.Transaction, s_asked.Endpoint, _question.Socket, s_liar.Id);
        NothingIsLearnt();
        _talk.Node.Counters.WrongId.ShouldBe(1);

        // Bar 12: the node that stood in the table at this endpoint is gone, and who answers there now has to wait.
        _talk.Node.Locals[_question.Socket].Table.Count.ShouldBe(0);
    }

    [Fact]
    public void An_error_ends_the_question_and_teaches_nothing()
    {
        _talk.Deliver(Krpc.Error(_question.Transaction, 202, "no"), s_asked.Endpoint, _question.Socket);
        NothingIsLearnt();
        _lookup.Outcome().Refused.ShouldBe(1);
    }

    [Fact]
    public void A_million_blind_answers_are_not_accepted()
    {
        byte[] forged = Forge([0, 0, 0, 0], s_asked.Id, "7.7.7.7:1");
        int at = forged.AsSpan().IndexOf("1:t4:"u8) + 5;
        Random forger = new(99);
        _talk.Keeps = false;
        for (int i = 0; i < 1_000_000; i++)
        {
            BinaryPrimitives.WriteInt32LittleEndian(forged.AsSpan(at), forger.Next(int.MinValue, int.MaxValue));
            _talk.Deliver(forged, s_asked.Endpoint, _question.Socket);
        }

        _talk.Node.Counters.Answers.ShouldBe(0);
        _talk.Node.OpenRequests.ShouldBe(1);
        NothingIsLearnt();
    }

    [Fact]
    public void Transactions_are_drawn_from_the_whole_32_bits()
    {
        HashSet<uint> seen = [];
        for (int i = 0; i < 2_000; i++)
        {
            _talk.Node.Start(new DirectQuery(KrpcMethod.Ping, default), Conversation.At(100 + i), null, _talk.Now, attempts: 1);
        }

        _talk.Drain();
        foreach (Packet packet in _talk.Questions())
        {
            packet.Transaction.Length.ShouldBe(4);
            seen.Add(BinaryPrimitives.ReadUInt32BigEndian(packet.Transaction)).ShouldBeTrue();
        }

        for (int bit = 0; bit < 32; bit++)
        {
            seen.Count(transaction => (transaction >> bit & 1) == 1).ShouldBeInRange(850, 1_150);
        }
    }

    private void NothingIsLearnt()
    {
        _lookup.PeerCount.ShouldBe(0);
        _talk.Node.Locals.SelectMany(local => local.Table.Entries).ShouldAllBe(entry => entry.Contact.Id == s_asked.Id);
        _talk.Questions().ShouldAllBe(packet => packet.To != s_liar.Endpoint);
        _lookup.Walks.ShouldAllBe(walk => walk.Lookup.CopyClosest(new NodeContact[8]) == 0);
    }

    private void Answer(byte[] transaction, UdpEndpoint from, byte socket, Key160 id, string peer = "7.7.7.7:1") =>
        _talk.Deliver(Forge(transaction, id, peer), from, socket);

    private static byte[] Forge(byte[] transaction, Key160 id, string peer)
    {
        UdpEndpoint.TryParse(peer, out UdpEndpoint endpoint).ShouldBeTrue();
        return Krpc.Response(transaction, id, ("nodes", Krpc.Nodes(s_liar)), ("token", "t"), ("values", new object[] { Krpc.Compact(endpoint) }));
    }
}
