namespace Kadstone.Libp2p.Core;

/// <summary>Many streams over one connection.</summary>
/// <remarks>
/// The Yamux specification, version 0. Bytes come in by <see cref="Receive"/> and leave by <see cref="Output"/>. What a peer can
/// cost is bounded: streams, unread bytes, the answers that it does not fetch, and how fast it opens, resets and pings.
/// </remarks>
internal sealed class YamuxSession
{
    // Others let the window grow to 16 MiB; more cannot be the length of a frame.
    private const uint MaxFrameLength = 16 * 1024 * 1024;

    private readonly YamuxLimits _limits;
    private readonly bool _isInitiator;
    private readonly Random _chance;
    private readonly Dictionary<uint, YamuxStream> _streams = [];
    private readonly byte[] _header = new byte[YamuxHeader.ByteLength];
    private readonly Budget _openings;
    private readonly Budget _pings;
    private int _headerLength;
    private YamuxStream? _bodyOwner;
    private uint _bodyLeft;
    private YamuxFlags _bodyFlags;
    private uint _nextId;
    private uint _highestRemote;
    private int _inbound;
    private int _unacknowledged;
    private bool _isLeaving;
    private bool _wasFull;
    private TimeSpan _pingDue;
    private uint? _pingOpen;

    public YamuxSession(YamuxLimits limits, bool isInitiator, Random chance, TimeSpan now)
    {
        _limits = limits;
        _isInitiator = isInitiator;
        _chance = chance;
        _nextId = isInitiator ? 1u : 2u;
        _openings = new Budget(limits.StreamBurst, limits.StreamBurst / 5);
        _pings = new Budget(limits.PingBurst, 2);
        _pingDue = now + limits.PingInterval;
    }

    /// <summary>What is to be sent.</summary>
    public ByteQueue Output { get; } = new();

    /// <summary>Called with each stream that the other side opens.</summary>
    public Action<YamuxStream>? Opened { get; set; }

    /// <summary>Why the session is over; null while it is not.</summary>
    public ConnectionEnd? End { get; private set; }

    public int StreamCount => _streams.Count;

    /// <summary>When <see cref="Elapse"/> is to be called next.</summary>
    public TimeSpan NextDeadline => _pingDue;

    /// <summary>Whether data may be added to what waits to be sent.</summary>
    internal bool HasRoom => Output.Length < _limits.UnsentData;

    /// <summary>Bytes that came and that nobody has read.</summary>
    internal int Unread { get; set; }

    /// <summary>A new stream; null when there are too many, or either side is leaving.</summary>
    public YamuxStream? Open()
    {
        if (End is not null || _isLeaving || _streams.Count - _inbound >= _limits.OutboundStreams || _unacknowledged >= _limits.UnacknowledgedStreams
            || _nextId > uint.MaxValue - 2)
        {
            return null;
        }

        YamuxStream stream = new(this, _nextId, isInbound: false);
        _nextId += 2;
        _unacknowledged++;
        _streams.Add(stream.Id, stream);
        Send(YamuxType.WindowUpdate, YamuxFlags.Syn, stream.Id, 0);
        return stream;
    }

    /// <summary>Takes bytes of the other side.</summary>
    public void Receive(ReadOnlySpan<byte> bytes, TimeSpan now)
    {
        while (!bytes.IsEmpty && End is null)
        {
            bytes = _bodyLeft > 0 ? TakeBody(bytes) : TakeHeader(bytes, now);
        }

        if (End is null && Output.Length > _limits.UnsentBytes)
        {
            Fail(ConnectionEnd.OverBudget);
        }
    }

    /// <summary>Tells writers that what was sent made room. Called after bytes were taken from <see cref="Output"/>.</summary>
    public void OutputTaken()
    {
        if (_wasFull && HasRoom)
        {
            _wasFull = false;
            foreach (YamuxStream stream in _streams.Values.ToArray())
            {
                stream.Changed?.Invoke();
            }
        }
    }

    /// <summary>Pings, and gives up on one who does not answer.</summary>
    public void Elapse(TimeSpan now)
    {
        if (End is not null || now < _pingDue)
        {
            return;
        }

        if (_pingOpen is not null)
        {
            Fail(ConnectionEnd.Silent);
            return;
        }

        // By chance, so that nobody answers what he did not read.
        _pingOpen = (uint)_chance.NextInt64(1L << 32);
        _pingDue = now + _limits.PingPatience;
        Send(YamuxType.Ping, YamuxFlags.Syn, 0, _pingOpen.Value);
    }

    /// <summary>Says goodbye and resets all streams.</summary>
    public void Close(ConnectionEnd reason)
    {
        if (End is null)
        {
            Send(YamuxType.GoAway, YamuxFlags.None, 0, reason == ConnectionEnd.Closed ? 0u : 1u);
            End = reason;
            AbortAll();
        }
    }

    internal void Send(YamuxType type, YamuxFlags flags, uint streamId, uint length)
    {
        if (End is null)
        {
            new YamuxHeader(type, flags, streamId, length).Write(Output.Extend(YamuxHeader.ByteLength));
            _wasFull |= !HasRoom;
        }
    }

    internal void SendData(uint streamId, ReadOnlySpan<byte> bytes)
    {
        if (End is null)
        {
            Send(YamuxType.Data, YamuxFlags.None, streamId, (uint)bytes.Length);
            Output.Append(bytes);
            _wasFull |= !HasRoom;
        }
    }

    internal void Forget(YamuxStream stream)
    {
        if (stream.IsOver && _streams.Remove(stream.Id))
        {
            _inbound -= stream.IsInbound ? 1 : 0;
            _unacknowledged -= stream.IsAcknowledged ? 0 : 1;
        }
    }

    private ReadOnlySpan<byte> TakeHeader(ReadOnlySpan<byte> bytes, TimeSpan now)
    {
        int count = Math.Min(bytes.Length, YamuxHeader.ByteLength - _headerLength);
        bytes[..count].CopyTo(_header.AsSpan(_headerLength));
        _headerLength += count;
        if (_headerLength == YamuxHeader.ByteLength)
        {
            _headerLength = 0;
            if (!YamuxHeader.TryRead(_header, out YamuxHeader header))
            {
                Fail(ConnectionEnd.Malformed);
            }
            else if (header.StreamId == 0)
            {
                TakeSessionFrame(header, now);
            }
            else
            {
                TakeStreamFrame(header, now);
            }
        }

        return bytes[count..];
    }

    private ReadOnlySpan<byte> TakeBody(ReadOnlySpan<byte> bytes)
    {
        int count = (int)Math.Min((uint)bytes.Length, _bodyLeft);
        _bodyLeft -= (uint)count;
        if (_bodyOwner is { IsReset: false } owner)
        {
            owner.Take(bytes[..count]);
            if (Unread > _limits.UnreadBytes)
            {
                owner.Reset();
            }
        }

        if (_bodyLeft == 0)
        {
            EndBody();
        }

        return bytes[count..];
    }

    private void EndBody()
    {
        if ((_bodyFlags & YamuxFlags.Fin) != 0)
        {
            _bodyOwner?.CloseRead();
        }

        _bodyOwner = null;
    }

    private void TakeSessionFrame(YamuxHeader header, TimeSpan now)
    {
        switch (header.Type)
        {
            case YamuxType.Ping when header.Has(YamuxFlags.Ack):
                if (_pingOpen == header.Length)
                {
                    _pingOpen = null;
                    _pingDue = now + _limits.PingInterval;
                    return;
                }

                break;
            case YamuxType.Ping:
                if (_pings.TryTake(now))
                {
                    Send(YamuxType.Ping, YamuxFlags.Ack, 0, header.Length);
                    return;
                }

                break;
            case YamuxType.GoAway:
                _isLeaving = true;
                if (header.Length != 0)
                {
                    End = ConnectionEnd.ClosedByPeer;
                    AbortAll();
                }

                return;
            default:
                Fail(ConnectionEnd.Malformed);
                return;
        }

        // An answer to no ping of ours is odd, many are an attack.
        if (!_pings.TryTake(now))
        {
            Fail(ConnectionEnd.OverBudget);
        }
    }

    private void TakeStreamFrame(YamuxHeader header, TimeSpan now)
    {
        if (header.Type is YamuxType.Ping or YamuxType.GoAway || (header.Type == YamuxType.Data && header.Length > MaxFrameLength))
        {
            Fail(ConnectionEnd.Malformed);
            return;
        }

        if ((header.Has(YamuxFlags.Syn) || header.Has(YamuxFlags.Rst)) && !_openings.TryTake(now))
        {
            Fail(ConnectionEnd.OverBudget);
            return;
        }

        bool isKnown = _streams.TryGetValue(header.StreamId, out YamuxStream? stream);
        if (header.Has(YamuxFlags.Syn) && !TryOpenInbound(header, isKnown, out stream))
        {
            return;
        }

        if (stream is null)
        {
            RefuseUnknown(header);
        }
        else
        {
            TakeStreamFrame(header, stream);
        }
    }

    // False when the frame is dealt with. A refused stream's data is still to be skipped.
    private bool TryOpenInbound(YamuxHeader header, bool isKnown, out YamuxStream? stream)
    {
        stream = null;
        bool isTheirs = (header.StreamId & 1) == (_isInitiator ? 0u : 1u);
        if (isKnown || !isTheirs)
        {
            Fail(ConnectionEnd.Malformed);
            return false;
        }

        _highestRemote = Math.Max(_highestRemote, header.StreamId);
        if (_inbound >= _limits.InboundStreams || _isLeaving)
        {
            Send(YamuxType.WindowUpdate, YamuxFlags.Rst, header.StreamId, 0);
            Skip(header);
            return false;
        }

        stream = new YamuxStream(this, header.StreamId, isInbound: true);
        _streams.Add(stream.Id, stream);
        _inbound++;
        Send(YamuxType.WindowUpdate, YamuxFlags.Ack, stream.Id, 0);
        Opened?.Invoke(stream);
        return true;
    }

    private void TakeStreamFrame(YamuxHeader header, YamuxStream stream)
    {
        if (header.Has(YamuxFlags.Ack) && !stream.IsAcknowledged)
        {
            stream.IsAcknowledged = true;
            _unacknowledged--;
        }

        if (header.Has(YamuxFlags.Rst))
        {
            stream.Abort();
            Skip(header);
            return;
        }

        if (header.Type == YamuxType.WindowUpdate)
        {
            stream.Widen(header.Length);
            _bodyFlags = header.Flags;
            _bodyOwner = stream;
            EndBody();
        }
        else if (stream.IsReadClosed && header.Length > 0)
        {
            // Data behind its own end.
            Fail(ConnectionEnd.Malformed);
        }
        else if (!stream.TryExpect(header.Length))
        {
            Fail(ConnectionEnd.Malformed);
        }
        else
        {
            _bodyOwner = stream;
            _bodyFlags = header.Flags;
            _bodyLeft = header.Length;
            if (_bodyLeft == 0)
            {
                EndBody();
            }
        }
    }

    // What comes late for a stream that was is no fault: it was under way. What never was is reset.
    private void RefuseUnknown(YamuxHeader header)
    {
        bool isTheirs = (header.StreamId & 1) == (_isInitiator ? 0u : 1u);
        bool wasOpen = isTheirs ? header.StreamId <= _highestRemote : header.StreamId < _nextId;
        if (!wasOpen && !header.Has(YamuxFlags.Rst))
        {
            Send(YamuxType.WindowUpdate, YamuxFlags.Rst, header.StreamId, 0);
        }

        Skip(header);
    }

    private void Skip(YamuxHeader header)
    {
        _bodyOwner = null;
        _bodyFlags = YamuxFlags.None;
        _bodyLeft = header.Type == YamuxType.Data ? header.Length : 0;
    }

    private void Fail(ConnectionEnd reason) => Close(reason);

    private void AbortAll()
    {
        foreach (YamuxStream stream in _streams.Values.ToArray())
        {
            stream.Abort();
        }
    }
}
