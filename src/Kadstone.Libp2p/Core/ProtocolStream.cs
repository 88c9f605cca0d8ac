namespace Kadstone.Libp2p.Core;

/// <summary>A stream with the choice of its protocol, after which it is the protocol's.</summary>
internal sealed class ProtocolStream
{
    private readonly YamuxStream _stream;
    private readonly Negotiation _negotiation;
    private readonly Connection _connection;

    internal ProtocolStream(Connection connection, YamuxStream stream, Negotiation negotiation, TimeSpan deadline)
    {
        _connection = connection;
        _stream = stream;
        _negotiation = negotiation;
        Deadline = deadline;
        stream.Changed = OnChanged;
    }

    public NegotiationState State => _negotiation.State;

    /// <summary>What was agreed on; empty before.</summary>
    public string Protocol => _negotiation.Protocol;

    public bool IsInbound => _stream.IsInbound;

    public bool IsReset => _stream.IsReset;

    public bool IsAtEnd => _stream.IsAtEnd;

    public bool IsOver => _stream.IsOver;

    public bool IsWriteClosed => _stream.IsWriteClosed;

    /// <summary>When the choice must be over, or, once we left, when the other side must have ended its direction.</summary>
    public TimeSpan Deadline { get; internal set; }

    /// <summary>Called when something changed that a reader or a writer may wait for.</summary>
    public Action? Changed { get; set; }

    /// <summary>What came and is not read; valid until the next call.</summary>
    public ReadOnlySpan<byte> Waiting => _stream.Incoming.Span;

    public int Read(Span<byte> destination) => _stream.Read(destination);

    /// <summary>Takes so many of the bytes that wait as read.</summary>
    public void Skip(int count)
    {
        _stream.Incoming.Consume(count);
        _stream.GrantWindow(count);
    }

    public int Write(ReadOnlySpan<byte> bytes) => _stream.Write(bytes);

    public void CloseWrite() => _stream.CloseWrite();

    public void Reset() => _stream.Reset();

    /// <summary>Ends our direction and gives the other side some time to end its own; nobody reads what still comes.</summary>
    public void Leave(TimeSpan now)
    {
        _stream.Leave();
        if (!_stream.IsOver)
        {
            _connection.Linger(this, now);
        }
    }

    internal void Advance()
    {
        if (_negotiation.State != NegotiationState.Open || _stream.IsReset)
        {
            return;
        }

        ByteQueue output = new();
        int before = _stream.Incoming.Length;
        _negotiation.Advance(_stream.Incoming, output);
        bool isSent = _stream.WriteNow(output.Span);
        output.Clear();
        _stream.GrantWindow(before - _stream.Incoming.Length);
        bool isLost = _negotiation.State == NegotiationState.Failed || (_negotiation.State == NegotiationState.Open && _stream.IsReadClosed) || !isSent;
        if (isLost)
        {
            _stream.Reset();
        }

        if (isLost || _negotiation.State == NegotiationState.Agreed)
        {
            _connection.Chosen(this, !isLost);
        }
    }

    private void OnChanged()
    {
        if (_stream.IsReset && _negotiation.State == NegotiationState.Open)
        {
            _connection.Chosen(this, false);
        }
        else
        {
            Advance();
        }

        Changed?.Invoke();
    }
}
