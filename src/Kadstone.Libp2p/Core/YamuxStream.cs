namespace Kadstone.Libp2p.Core;

/// <summary>One stream of a Yamux session: two directions, each with a window, each closed by itself.</summary>
internal sealed class YamuxStream
{
    private const int MaxFrame = 32 * 1024;

    private readonly YamuxSession _session;
    private readonly ByteQueue _incoming = new();

    internal YamuxStream(YamuxSession session, uint id, bool isInbound)
    {
        _session = session;
        Id = id;
        IsInbound = isInbound;
        IsAcknowledged = isInbound;
    }

    public uint Id { get; }

    public bool IsInbound { get; }

    /// <summary>What came and is not read. Who consumes of it himself says so by <see cref="GrantWindow"/>.</summary>
    public ByteQueue Incoming => _incoming;

    /// <summary>Whether it was ended at once, by either side, or with its session.</summary>
    public bool IsReset { get; private set; }

    /// <summary>Whether the other side writes no more. What came before may still be read.</summary>
    public bool IsReadClosed { get; private set; }

    /// <summary>Whether we write no more.</summary>
    public bool IsWriteClosed { get; private set; }

    /// <summary>Whether nothing is left to read, and nothing will come.</summary>
    public bool IsAtEnd => IsReadClosed && _incoming.Length == 0;

    /// <summary>Whether a write would be taken now, at least in part.</summary>
    public bool CanWrite => !IsReset && !IsWriteClosed && SendWindow > 0 && _session.HasRoom;

    /// <summary>Called when something changed that a reader or a writer may wait for.</summary>
    public Action? Changed { get; set; }

    internal bool IsAcknowledged { get; set; }

    /// <summary>Whether nobody reads it any more.</summary>
    internal bool IsLeft { get; private set; }

    internal bool IsOver => IsReset || (IsReadClosed && IsWriteClosed);

    /// <summary>The bytes that the other side still takes.</summary>
    internal long SendWindow { get; private set; } = YamuxLimits.InitialWindow;

    /// <summary>The bytes that the other side may still send.</summary>
    internal int ReceiveWindow { get; private set; } = YamuxLimits.InitialWindow;

    /// <summary>Moves bytes that came into <paramref name="destination"/>; 0 when there are none now.</summary>
    public int Read(Span<byte> destination)
    {
        int count = _incoming.Read(destination);
        GrantWindow(count);
        return count;
    }

    /// <summary>Tells the other side that it may send again what was consumed, once that is half of the window.</summary>
    public void GrantWindow(int consumed)
    {
        _session.Unread -= consumed;
        int grant = YamuxLimits.InitialWindow - ReceiveWindow - _incoming.Length;
        if (grant >= YamuxLimits.InitialWindow / 2 && !IsReset && !IsReadClosed)
        {
            ReceiveWindow += grant;
            _session.Send(YamuxType.WindowUpdate, YamuxFlags.None, Id, (uint)grant);
        }
    }

    /// <summary>Sends as much as window and room allow, and returns how many bytes that was.</summary>
    public int Write(ReadOnlySpan<byte> bytes)
    {
        int written = 0;
        while (written < bytes.Length && CanWrite)
        {
            int count = (int)Math.Min(Math.Min(bytes.Length - written, MaxFrame), SendWindow);
            WriteFrame(bytes.Slice(written, count));
            written += count;
        }

        return written;
    }

    /// <summary>Sends a few bytes of the choice of a protocol, room or not; false when the window does not allow it.</summary>
    public bool WriteNow(ReadOnlySpan<byte> bytes)
    {
        if (IsReset || IsWriteClosed || bytes.Length > SendWindow)
        {
            return false;
        }

        if (!bytes.IsEmpty)
        {
            WriteFrame(bytes);
        }

        return true;
    }

    /// <summary>Ends our direction, behind all that was written.</summary>
    public void CloseWrite()
    {
        if (!IsReset && !IsWriteClosed)
        {
            IsWriteClosed = true;
            _session.Send(YamuxType.WindowUpdate, YamuxFlags.Fin, Id, 0);
            _session.Forget(this);
        }
    }

    /// <summary>Ends our direction, and drops what still comes: for one who has said all and wants to hear no more.</summary>
    public void Leave()
    {
        IsLeft = true;
        _session.Unread -= _incoming.Length;
        _incoming.Clear();
        CloseWrite();
    }

    /// <summary>Ends both directions at once and drops what is not read.</summary>
    public void Reset()
    {
        if (!IsReset && !(IsReadClosed && IsWriteClosed))
        {
            _session.Send(YamuxType.WindowUpdate, YamuxFlags.Rst, Id, 0);
        }

        Abort();
    }

    internal void Abort()
    {
        bool isNews = !IsReset;
        IsReset = true;
        _session.Unread -= _incoming.Length;
        _incoming.Clear();
        _session.Forget(this);
        if (isNews)
        {
            Changed?.Invoke();
        }
    }

    internal void CloseRead()
    {
        if (!IsReadClosed)
        {
            IsReadClosed = true;
            _session.Forget(this);
            Changed?.Invoke();
        }
    }

    internal void Widen(uint delta)
    {
        // A window beyond any memory is as good as this one, and never overflows.
        SendWindow = Math.Min(SendWindow + delta, uint.MaxValue);
        if (delta > 0)
        {
            Changed?.Invoke();
        }
    }

    /// <summary>Counts a frame of data that begins; false when it is larger than the window.</summary>
    internal bool TryExpect(uint length)
    {
        if (length > (uint)ReceiveWindow)
        {
            return false;
        }

        ReceiveWindow -= (int)length;
        return true;
    }

    internal void Take(ReadOnlySpan<byte> bytes)
    {
        // The window is not granted again: what still comes has an end.
        if (IsLeft)
        {
            return;
        }

        _session.Unread += bytes.Length;
        _incoming.Append(bytes);
        Changed?.Invoke();
    }

    private void WriteFrame(ReadOnlySpan<byte> bytes)
    {
        SendWindow -= bytes.Length;
        _session.SendData(Id, bytes);
    }
}
