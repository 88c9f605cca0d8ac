using Kadstone.Libp2p.Core;

namespace Kadstone.Libp2p.Tests.Core;

public sealed class YamuxTests
{
    private static readonly TimeSpan s_start = TimeSpan.FromHours(1);

    private readonly YamuxSession _us = new(new YamuxLimits(), isInitiator: false, new Random(1), s_start);
    private readonly List<YamuxStream> _opened = [];

    public YamuxTests() => _us.Opened = _opened.Add;

    [Fact]
    public void Headers_are_those_of_the_vectors()
    {
        foreach (System.Text.Json.JsonElement item in LibP2pVectors.List("yamux"))
        {
            YamuxHeader.TryRead(item.Hex("bytes"), out YamuxHeader header).ShouldBeTrue();
            ((int)header.Type, (int)header.Flags, header.StreamId, header.Length).ShouldBe(
                (item.GetProperty("type").GetInt32(), item.GetProperty("flag").GetInt32(), item.GetProperty("streamID").GetUInt32(), item.GetProperty("length").GetUInt32()));
            byte[] written = new byte[YamuxHeader.ByteLength];
            header.Write(written);
            written.ShouldBe(item.Hex("bytes"));
        }
    }

    [Fact]
    public void A_stream_of_theirs_is_acknowledged_and_carries_bytes_both_ways()
    {
        Receive(new(YamuxType.WindowUpdate, YamuxFlags.Syn, 1, 0));
        Receive(new(YamuxType.Data, YamuxFlags.None, 1, 3), [1, 2, 3]);
        YamuxStream stream = _opened.ShouldHaveSingleItem();
        Sent().ShouldBe([new(YamuxType.WindowUpdate, YamuxFlags.Ack, 1, 0)]);
        byte[] read = new byte[8];
        stream.Read(read).ShouldBe(3);
        read.AsSpan(0, 3).ToArray().ShouldBe([1, 2, 3]);
        stream.Write([9, 9]).ShouldBe(2);
        stream.CloseWrite();
        Sent().ShouldBe([new(YamuxType.Data, YamuxFlags.None, 1, 2), new(YamuxType.WindowUpdate, YamuxFlags.Fin, 1, 0)]);
        Receive(new(YamuxType.Data, YamuxFlags.Fin, 1, 1), [7]);
        stream.IsAtEnd.ShouldBeFalse("a byte is still to be read");
        stream.Read(read).ShouldBe(1);
        (stream.IsAtEnd, _us.StreamCount).ShouldBe((true, 0));
        _us.End.ShouldBeNull();
    }

    [Fact]
    public void Ids_of_ours_are_even_when_we_were_dialed_and_odd_when_we_dialed()
    {
        _us.Open()!.Id.ShouldBe(2u);
        _us.Open()!.Id.ShouldBe(4u);
        YamuxSession dialer = new(new YamuxLimits(), isInitiator: true, new Random(1), s_start);
        dialer.Open()!.Id.ShouldBe(1u);
        dialer.Open()!.Id.ShouldBe(3u);
    }

    [Fact]
    public void A_reader_that_consumed_half_of_the_window_grants_it_again()
    {
        YamuxStream stream = OpenTheirs();
        Receive(new(YamuxType.Data, YamuxFlags.None, 1, 131_071), new byte[131_071]);
        byte[] read = new byte[YamuxLimits.InitialWindow];
        stream.Read(read).ShouldBe(131_071);
        Sent().ShouldBeEmpty();
        Receive(new(YamuxType.Data, YamuxFlags.None, 1, 1), [1]);
        stream.Read(read).ShouldBe(1);
        Sent().ShouldBe([new(YamuxType.WindowUpdate, YamuxFlags.None, 1, 131_072)]);
    }

    [Fact]
    public void A_frame_larger_than_the_window_is_refused_before_its_body()
    {
        OpenTheirs();
        Receive(new(YamuxType.Data, YamuxFlags.None, 1, YamuxLimits.InitialWindow + 1));
        _us.End.ShouldBe(ConnectionEnd.Malformed);
        Sent().ShouldBe([new(YamuxType.GoAway, YamuxFlags.None, 0, 1)]);
    }

    [Fact]
    public void A_first_frame_with_data_is_held_to_the_window_too()
    {
        Receive(new(YamuxType.Data, YamuxFlags.Syn, 1, YamuxLimits.InitialWindow + 1));
        _us.End.ShouldBe(ConnectionEnd.Malformed);
    }

    [Fact]
    public void A_writer_stops_at_the_window_and_goes_on_when_it_is_widened()
    {
        YamuxStream stream = _us.Open()!;
        int changes = 0;
        stream.Changed = () => changes++;
        WriteAll(stream, 300_000).ShouldBe(YamuxLimits.InitialWindow);
        stream.CanWrite.ShouldBeFalse();
        Receive(new(YamuxType.WindowUpdate, YamuxFlags.Ack, 2, 1000));
        changes.ShouldBePositive();
        WriteAll(stream, 300_000).ShouldBe(1000);
    }

    [Fact]
    public void Windows_never_overflow()
    {
        YamuxStream stream = _us.Open()!;
        for (int i = 0; i < 10; i++)
        {
            Receive(new(YamuxType.WindowUpdate, YamuxFlags.None, 2, uint.MaxValue));
        }

        stream.SendWindow.ShouldBe(uint.MaxValue);
        WriteAll(stream, 1000).ShouldBe(1000);
    }

    [Fact]
    public void A_writer_waits_while_too_much_waits_to_be_sent()
    {
        YamuxStream stream = _us.Open()!;
        Receive(new(YamuxType.WindowUpdate, YamuxFlags.None, 2, 16 * 1024 * 1024));
        int written = stream.Write(new byte[4 * 1024 * 1024]);
        written.ShouldBeInRange(YamuxLimits.InitialWindow - 1, YamuxLimits.InitialWindow + (32 * 1024));
        bool isTold = false;
        stream.Changed = () => isTold = true;
        _us.Output.Clear();
        _us.OutputTaken();
        (isTold, stream.CanWrite).ShouldBe((true, true));
    }

    [Fact]
    public void A_reset_drops_what_is_not_read()
    {
        YamuxStream stream = OpenTheirs();
        Receive(new(YamuxType.Data, YamuxFlags.None, 1, 3), [1, 2, 3]);
        Receive(new(YamuxType.WindowUpdate, YamuxFlags.Rst, 1, 0));
        (stream.IsReset, stream.Read(new byte[3]), _us.Unread, _us.StreamCount).ShouldBe((true, 0, 0, 0));
        stream.Write([1]).ShouldBe(0);
    }

    [Fact]
    public void Data_for_a_stream_that_was_is_skipped_and_for_one_that_never_was_reset()
    {
        YamuxStream stream = OpenTheirs();
        stream.Reset();
        Sent().ShouldBe([new(YamuxType.WindowUpdate, YamuxFlags.Rst, 1, 0)]);
        Receive(new(YamuxType.Data, YamuxFlags.None, 1, 4), [1, 2, 3, 4]);
        Sent().ShouldBeEmpty();
        Receive(new(YamuxType.Data, YamuxFlags.None, 77, 4), [1, 2, 3, 4]);
        Sent().ShouldBe([new(YamuxType.WindowUpdate, YamuxFlags.Rst, 77, 0)]);
        Receive(new(YamuxType.Ping, YamuxFlags.Syn, 0, 5));
        Sent().ShouldBe([new(YamuxType.Ping, YamuxFlags.Ack, 0, 5)], "the bodies were skipped to the byte");
    }

    [Theory]
    [InlineData("010100010000000100000000")]
    [InlineData("000400010000000100000000")]
    [InlineData("000100100000000100000000")]
    [InlineData("000100010000000200000000")]
    [InlineData("000000000000000000000001")]
    [InlineData("000200010000000100000000")]
    [InlineData("000000000000000101000001")]
    public void Frames_that_do_not_exist_end_the_session(string hex)
    {
        _us.Receive(Convert.FromHexString(hex), s_start);
        _us.End.ShouldBe(ConnectionEnd.Malformed);
    }

    [Fact]
    public void More_streams_than_the_limit_are_reset_and_honest_ones_go_on()
    {
        YamuxStream honest = OpenTheirs();
        for (uint id = 3; id < 3 + (2 * 300); id += 2)
        {
            Receive(new(YamuxType.WindowUpdate, YamuxFlags.Syn, id, 0));
        }

        (_us.StreamCount, _us.End).ShouldBe((256, null));
        Sent().Count(frame => frame.Has(YamuxFlags.Rst)).ShouldBe(300 - 255);
        Receive(new(YamuxType.Data, YamuxFlags.None, 1, 1), [5]);
        honest.Incoming.Length.ShouldBe(1);
    }

    [Fact]
    public void Streams_opened_and_reset_at_once_end_the_session_over_the_budget()
    {
        uint id = 1;
        int frames = 0;
        for (; _us.End is null && frames < 30_000; frames += 2, id += 2)
        {
            Receive(new(YamuxType.WindowUpdate, YamuxFlags.Syn, id, 0));
            Receive(new(YamuxType.WindowUpdate, YamuxFlags.Rst, id, 0));
            _us.Output.Clear();
        }

        (_us.End, frames).ShouldBe((ConnectionEnd.OverBudget, 1002));
    }

    [Fact]
    public void The_budget_comes_back_with_time()
    {
        for (uint i = 0; i < 2000; i++)
        {
            TimeSpan now = s_start + TimeSpan.FromMilliseconds(10 * i);
            Receive(new(YamuxType.WindowUpdate, YamuxFlags.Syn, 1 + (2 * i), 0), now: now);
            Receive(new(YamuxType.WindowUpdate, YamuxFlags.Rst, 1 + (2 * i), 0), now: now);
            _us.Output.Clear();
        }

        _us.End.ShouldBeNull();
    }

    [Fact]
    public void Twenty_thousand_pings_end_the_session()
    {
        int pings = 0;
        for (; _us.End is null && pings < 20_000; pings++)
        {
            Receive(new(YamuxType.Ping, YamuxFlags.Syn, 0, (uint)pings));
        }

        (_us.End, pings).ShouldBe((ConnectionEnd.OverBudget, 65));
    }

    [Fact]
    public void A_ping_that_nobody_answers_ends_the_session_and_a_forged_answer_is_none()
    {
        _us.NextDeadline.ShouldBe(s_start + TimeSpan.FromSeconds(30));
        _us.Elapse(_us.NextDeadline);
        YamuxHeader ping = Sent().ShouldHaveSingleItem();
        (ping.Type, ping.Flags).ShouldBe((YamuxType.Ping, YamuxFlags.Syn));
        Receive(new(YamuxType.Ping, YamuxFlags.Ack, 0, ping.Length + 1));
        _us.Elapse(_us.NextDeadline);
        _us.End.ShouldBe(ConnectionEnd.Silent);
    }

    [Fact]
    public void An_answered_ping_is_followed_by_the_next_one_later()
    {
        _us.Elapse(_us.NextDeadline);
        Receive(new(YamuxType.Ping, YamuxFlags.Ack, 0, Sent().Single().Length), now: s_start + TimeSpan.FromSeconds(31));
        _us.NextDeadline.ShouldBe(s_start + TimeSpan.FromSeconds(61));
        _us.Elapse(_us.NextDeadline);
        Sent().ShouldHaveSingleItem().Type.ShouldBe(YamuxType.Ping);
    }

    [Fact]
    public void Unread_bytes_of_all_streams_together_are_bounded()
    {
        for (uint id = 1; id < 2 * 64; id += 2)
        {
            Receive(new(YamuxType.Data, YamuxFlags.Syn, id, YamuxLimits.InitialWindow), new byte[YamuxLimits.InitialWindow]);
            _us.Unread.ShouldBeLessThanOrEqualTo(8 * 1024 * 1024);
        }

        (_us.End, _us.StreamCount).ShouldBe((null, 32));
    }

    [Fact]
    public void Who_asks_on_and_does_not_read_the_answers_is_left()
    {
        YamuxSession patient = new(new YamuxLimits { StreamBurst = 1_000_000 }, isInitiator: false, new Random(1), s_start);
        byte[] frames = new byte[2 * YamuxHeader.ByteLength];
        uint id = 1;
        for (; patient.End is null && id < 1_000_000; id += 2)
        {
            new YamuxHeader(YamuxType.WindowUpdate, YamuxFlags.Syn, id, 0).Write(frames);
            new YamuxHeader(YamuxType.WindowUpdate, YamuxFlags.Rst, id, 0).Write(frames.AsSpan(YamuxHeader.ByteLength));
            patient.Receive(frames, s_start);
        }

        patient.End.ShouldBe(ConnectionEnd.OverBudget);
        patient.Output.Length.ShouldBeInRange(512 * 1024, (512 * 1024) + 100);
    }

    [Fact]
    public void Not_more_streams_than_the_limits_are_opened()
    {
        int opened = 0;
        while (_us.Open() is not null)
        {
            opened++;
        }

        opened.ShouldBe(256, "none is acknowledged");
        Receive(new(YamuxType.WindowUpdate, YamuxFlags.Ack, 2, 0));
        _us.Open().ShouldNotBeNull();
        _us.Open().ShouldBeNull();
    }

    [Fact]
    public void After_their_goodbye_nothing_is_opened_and_what_is_open_goes_on()
    {
        YamuxStream stream = OpenTheirs();
        Receive(new(YamuxType.GoAway, YamuxFlags.None, 0, 0));
        _us.Open().ShouldBeNull();
        stream.Write([1]).ShouldBe(1);
        Receive(new(YamuxType.GoAway, YamuxFlags.None, 0, 1));
        (_us.End, stream.IsReset).ShouldBe((ConnectionEnd.ClosedByPeer, true));
    }

    private YamuxStream OpenTheirs()
    {
        Receive(new(YamuxType.WindowUpdate, YamuxFlags.Syn, 1, 0));
        Sent();
        return _opened[^1];
    }

    private void Receive(YamuxHeader header, byte[]? body = null, TimeSpan? now = null)
    {
        byte[] frame = new byte[YamuxHeader.ByteLength + (body?.Length ?? 0)];
        header.Write(frame);
        body?.CopyTo(frame, YamuxHeader.ByteLength);
        _us.Receive(frame, now ?? s_start);
    }

    private List<YamuxHeader> Sent()
    {
        List<YamuxHeader> sent = [];
        while (_us.Output.Length > 0)
        {
            YamuxHeader.TryRead(_us.Output.Span, out YamuxHeader header).ShouldBeTrue();
            _us.Output.Consume(YamuxHeader.ByteLength + (header.Type == YamuxType.Data ? (int)header.Length : 0));
            sent.Add(header);
        }

        return sent;
    }

    private int WriteAll(YamuxStream stream, int count)
    {
        int written = 0;
        for (int taken = 1; taken > 0 && written < count; written += taken)
        {
            taken = stream.Write(new byte[count - written]);
            _us.Output.Clear();
            _us.OutputTaken();
        }

        return written;
    }
}
