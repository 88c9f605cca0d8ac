using Kadstone.Libp2p.Core;

namespace Kadstone.Libp2p.Tests.Core;

public sealed class ConnectionTests
{
    [Theory]
    [InlineData(true, int.MaxValue)]
    [InlineData(true, 1)]
    [InlineData(false, int.MaxValue)]
    [InlineData(false, 1)]
    public void Two_sides_come_together_and_know_each_other(bool earlyMuxer, int piece)
    {
        using ConnectedPair pair = new(earlyMuxer);
        pair.Carry(piece);
        (pair.Dialer.Phase, pair.Listener.Phase).ShouldBe((ConnectionPhase.Open, ConnectionPhase.Open));
        pair.Dialer.RemoteKey.ShouldBe(pair.ListenerKey.PublicKey);
        pair.Listener.RemoteKey.ShouldBe(pair.DialerKey.PublicKey);
        (pair.Dialer.HadEarlyMuxer, pair.Listener.HadEarlyMuxer).ShouldBe((earlyMuxer, earlyMuxer));
    }

    [Fact]
    public void A_stream_is_opened_chosen_and_carries_a_megabyte_both_ways()
    {
        using ConnectedPair pair = new();
        pair.Carry();
        ProtocolStream stream = pair.Dialer.OpenStream(["/unknown/1", "/spoken/1"], pair.Now).ShouldNotBeNull();
        pair.Carry(7);
        stream.State.ShouldBe(NegotiationState.Agreed);
        ProtocolStream theirs = pair.Accepted.ShouldHaveSingleItem();
        (stream.Protocol, theirs.Protocol).ShouldBe(("/spoken/1", "/spoken/1"));
        byte[] sent = new byte[1 << 20];
        new Random(5).NextBytes(sent);
        Exchange(pair, stream, theirs, sent).ShouldBe(sent);
        Exchange(pair, theirs, stream, sent).ShouldBe(sent);
        (stream.IsAtEnd, theirs.IsAtEnd, pair.Dialer.StreamCount, pair.Listener.StreamCount).ShouldBe((true, true, 0, 0));
    }

    [Fact]
    public void A_protocol_that_nobody_speaks_resets_the_stream_and_nothing_else()
    {
        using ConnectedPair pair = new();
        pair.Carry();
        ProtocolStream stream = pair.Dialer.OpenStream(["/unknown/1"], pair.Now).ShouldNotBeNull();
        pair.Carry();
        (stream.State, stream.IsReset, pair.Dialer.Phase).ShouldBe((NegotiationState.Failed, true, ConnectionPhase.Open));
        pair.Listener.StreamCount.ShouldBe(0);
        pair.Accepted.ShouldBeEmpty();
    }

    [Fact]
    public void Another_peer_than_the_one_dialed_ends_it()
    {
        using ConnectedPair pair = new(expected: PrivateKey.FromSeed(new byte[32]).PeerId);
        pair.Carry();
        pair.Dialer.End.ShouldBe(ConnectionEnd.AnotherPeer);
        pair.Listener.RemoteKey.ShouldBeNull();
    }

    [Fact]
    public void Who_begins_and_says_no_more_is_left_after_ten_seconds()
    {
        using ConnectedPair pair = new();
        pair.Listener.NextDeadline.ShouldBe(pair.Now + TimeSpan.FromSeconds(10));
        pair.Listener.Elapse(pair.Now + TimeSpan.FromSeconds(9.9));
        pair.Listener.End.ShouldBeNull();
        pair.Listener.Elapse(pair.Listener.NextDeadline);
        pair.Listener.End.ShouldBe(ConnectionEnd.HandshakeTimeout);
        pair.Listener.NextDeadline.ShouldBe(TimeSpan.MaxValue);
    }

    [Fact]
    public void A_stream_without_a_protocol_is_reset_after_ten_seconds()
    {
        using ConnectedPair pair = new();
        pair.Carry();
        ProtocolStream stream = pair.Dialer.OpenStream(["/spoken/1"], pair.Now).ShouldNotBeNull();
        // The other side never hears of it.
        pair.Dialer.NextDeadline.ShouldBe(stream.Deadline);
        pair.Dialer.Elapse(pair.Dialer.NextDeadline);
        (stream.IsReset, pair.Dialer.Phase).ShouldBe((true, ConnectionPhase.Open));
    }

    [Fact]
    public void A_goodbye_resets_all_streams_of_both_sides()
    {
        using ConnectedPair pair = new();
        pair.Carry();
        ProtocolStream stream = pair.Dialer.OpenStream(["/spoken/1"], pair.Now).ShouldNotBeNull();
        pair.Carry();
        pair.Dialer.Close(ConnectionEnd.OverBudget);
        pair.Carry();
        (pair.Dialer.End, pair.Listener.End).ShouldBe((ConnectionEnd.OverBudget, ConnectionEnd.ClosedByPeer));
        (stream.IsReset, pair.Accepted[0].IsReset).ShouldBe((true, true));
        pair.Dialer.OpenStream(["/spoken/1"], pair.Now).ShouldBeNull();
    }

    [Fact]
    public void A_bent_byte_after_the_handshake_ends_it()
    {
        using ConnectedPair pair = new();
        pair.Carry();
        pair.Dialer.OpenStream(["/spoken/1"], pair.Now).ShouldNotBeNull();
        byte[] buffer = new byte[1024];
        int count = pair.Dialer.Transmit(buffer);
        buffer[count - 1] ^= 1;
        pair.Listener.Receive(buffer.AsSpan(0, count), pair.Now);
        pair.Listener.End.ShouldBe(ConnectionEnd.Malformed);
    }

    [Fact]
    public void A_megabyte_costs_no_memory_that_stays()
    {
        using ConnectedPair pair = new();
        pair.Carry();
        ProtocolStream stream = pair.Dialer.OpenStream(["/spoken/1"], pair.Now).ShouldNotBeNull();
        pair.Carry();
        byte[] bytes = new byte[64 * 1024];
        byte[] read = new byte[256 * 1024];
        long before = 0;
        for (int round = 0; round < 40; round++)
        {
            before = round == 8 ? GC.GetAllocatedBytesForCurrentThread() : before;
            stream.Write(bytes);
            pair.Carry();
            while (pair.Accepted[0].Read(read) > 0)
            {
            }

            pair.Carry();
        }

        // Buffers are rented and given back; 32 rounds are two megabytes.
        (GC.GetAllocatedBytesForCurrentThread() - before).ShouldBeLessThan(64 * 1024);
    }

    private static byte[] Exchange(ConnectedPair pair, ProtocolStream from, ProtocolStream to, byte[] bytes)
    {
        byte[] received = new byte[bytes.Length + 1];
        int sent = 0;
        int read = 0;
        while (!to.IsAtEnd)
        {
            sent += from.Write(bytes.AsSpan(sent));
            if (sent == bytes.Length)
            {
                from.CloseWrite();
            }

            pair.Carry();
            read += to.Read(received.AsSpan(read));
            pair.Dialer.End.ShouldBeNull();
        }

        return received[..read];
    }
}
