using System.Buffers;
using System.Buffers.Binary;
using System.Diagnostics;

namespace Kadstone.Libp2p.Core;

/// <summary>One connection from its first byte to its last: the choice of the security, Noise, the choice of the muxer, Yamux, and the protocols of its streams.</summary>
/// <remarks>
/// Bytes in by <see cref="Receive"/>, bytes out by <see cref="Transmit"/> until it gives none, time by <see cref="Elapse"/>. Times are
/// since an arbitrary start. Not safe for concurrent use: its driver has one lock for it.
/// </remarks>
internal sealed class Connection : IDisposable
{
    private const int LengthBytes = 2;
    private const int MaxSealed = ushort.MaxValue;

    private readonly ConnectionSettings _settings;
    private readonly bool _isInitiator;
    private readonly Random _chance;
    private readonly TimeSpan _deadline;
    private readonly ByteQueue _incoming = new();
    private readonly ByteQueue _outgoing = new();
    private readonly ByteQueue _plainIn = new();
    private readonly ByteQueue _plainOut = new();
    private readonly List<ProtocolStream> _choosing = [];
    private readonly List<ProtocolStream> _left = [];
    private readonly NoiseHandshake _handshake;
    private Negotiation _negotiation;
    private NoiseCipher? _sending;
    private NoiseCipher? _receiving;
    private YamuxSession? _yamux;
    private TimeSpan _now;

    /// <param name="settings">The host's.</param>
    /// <param name="isInitiator">Whether we dialed.</param>
    /// <param name="expected">Whom we dialed; null: whoever it is.</param>
    /// <param name="chance">For keys and pings.</param>
    /// <param name="now">The time.</param>
    public Connection(ConnectionSettings settings, bool isInitiator, PeerId? expected, Random chance, TimeSpan now)
    {
        _settings = settings;
        _isInitiator = isInitiator;
        _chance = chance;
        _now = now;
        _deadline = now + settings.HandshakePatience;
        Span<byte> ephemeral = stackalloc byte[Crypto.X25519.KeyLength];
        chance.NextBytes(ephemeral);
        _handshake = new NoiseHandshake(settings.Identity, isInitiator, expected, ephemeral);
        _negotiation = Choice(ConnectionSettings.Noise);
        _negotiation.Advance(_incoming, _outgoing);
    }

    public ConnectionPhase Phase { get; private set; }

    /// <summary>Why it is over; null while it is not.</summary>
    public ConnectionEnd? End { get; private set; }

    /// <summary>Who the other side is: proved, once the connection is open.</summary>
    public PublicKey? RemoteKey => _handshake.IsOver ? _handshake.Remote.Key : null;

    /// <summary>Whether the muxer was chosen within the handshake.</summary>
    public bool HadEarlyMuxer { get; private set; }

    /// <summary>Called when <see cref="Phase"/> changed.</summary>
    public Action? PhaseChanged { get; set; }

    /// <summary>Called with each stream of the other side whose protocol is agreed.</summary>
    public Action<ProtocolStream>? Accepted { get; set; }

    public int StreamCount => _yamux?.StreamCount ?? 0;

    /// <summary>When <see cref="Elapse"/> is to be called next.</summary>
    public TimeSpan NextDeadline
    {
        get
        {
            TimeSpan next = Phase switch { ConnectionPhase.Open => _yamux?.NextDeadline ?? TimeSpan.MaxValue, ConnectionPhase.Ended => TimeSpan.MaxValue, _ => _deadline };
            next = _choosing.Count > 0 && _choosing[0].Deadline < next ? _choosing[0].Deadline : next;
            return _left.Count > 0 && _left[0].Deadline < next ? _left[0].Deadline : next;
        }
    }

    /// <summary>A new stream whose protocol is the first of these that the other side speaks; null when no more streams can be had.</summary>
    public ProtocolStream? OpenStream(IReadOnlyList<string> protocols, TimeSpan now)
    {
        _now = now;
        if (Phase != ConnectionPhase.Open || _yamux?.Open() is not YamuxStream stream)
        {
            return null;
        }

        return Begin(stream, Negotiation.Propose(protocols));
    }

    /// <summary>Takes bytes of the other side.</summary>
    public void Receive(ReadOnlySpan<byte> bytes, TimeSpan now)
    {
        _now = now;
        if (Phase == ConnectionPhase.Ended)
        {
            return;
        }

        if (Phase == ConnectionPhase.Open)
        {
            Decrypt(bytes);
            return;
        }

        _incoming.Append(bytes);
        if (Phase == ConnectionPhase.ChoosingSecurity)
        {
            _negotiation.Advance(_incoming, _outgoing);
            if (_negotiation.State == NegotiationState.Agreed)
            {
                Enter(ConnectionPhase.Handshaking);
            }
        }

        if (Phase == ConnectionPhase.Handshaking)
        {
            Handshake();
        }

        if (Phase is ConnectionPhase.ChoosingMuxer or ConnectionPhase.Open)
        {
            Decrypt(default);
        }

        if (_negotiation.State == NegotiationState.Failed)
        {
            Finish(ConnectionEnd.NothingInCommon);
        }
    }

    /// <summary>Whether <see cref="Transmit"/> would give something.</summary>
    public bool HasOutput => _outgoing.Length > 0 || (_sending is not null && (_plainOut.Length > 0 || _yamux?.Output.Length > 0));

    /// <summary>An upper bound of what <see cref="Transmit"/> would give now.</summary>
    public int OutputBound
    {
        get
        {
            int plain = _plainOut.Length + (_yamux?.Output.Length ?? 0);
            return _outgoing.Length + plain + ((3 + (plain / (MaxSealed - NoiseCipher.TagLength))) * (LengthBytes + NoiseCipher.TagLength));
        }
    }

    /// <summary>Fills <paramref name="buffer"/> with bytes for the other side. Call until 0.</summary>
    /// <param name="buffer">At least 64 bytes; 64 KiB suits.</param>
    public int Transmit(Span<byte> buffer)
    {
        int written = _outgoing.Read(buffer);
        if (_sending is null || _outgoing.Length > 0)
        {
            return written;
        }

        written += Seal(_plainOut, buffer[written..]);
        if (_yamux is not null && _plainOut.Length == 0)
        {
            written += Seal(_yamux.Output, buffer[written..]);
            _yamux.OutputTaken();
        }

        return written;
    }

    /// <summary>Lets time pass: deadlines of the handshake and of choices, pings.</summary>
    public void Elapse(TimeSpan now)
    {
        _now = now;
        if (Phase == ConnectionPhase.Open && _yamux is not null)
        {
            ResetLate(_choosing, now);
            ResetLate(_left, now);
            _yamux.Elapse(now);
            FollowYamux(_yamux);
        }
        else if (Phase != ConnectionPhase.Ended && now >= _deadline)
        {
            Finish(ConnectionEnd.HandshakeTimeout);
        }
    }

    /// <summary>Says goodbye, if there is somebody to hear it. What <see cref="Transmit"/> still gives may be sent.</summary>
    public void Close(ConnectionEnd reason)
    {
        if (Phase != ConnectionPhase.Ended)
        {
            _yamux?.Close(reason);
            Finish(reason);
        }
    }

    public void Dispose()
    {
        Close(ConnectionEnd.Closed);
        _handshake.Dispose();
        _sending?.Dispose();
        _receiving?.Dispose();
        _sending = null;
        _receiving = null;
        _incoming.Clear();
        _outgoing.Clear();
        _plainIn.Clear();
        _plainOut.Clear();
        _yamux?.Output.Clear();
    }

    internal void Linger(ProtocolStream stream, TimeSpan now)
    {
        // Those that ended by themselves meanwhile stand there until their time.
        _left.RemoveAll(left => left.IsOver);
        stream.Deadline = now + _settings.NegotiationPatience;
        _left.Add(stream);
    }

    internal void Chosen(ProtocolStream stream, bool isAgreed)
    {
        if (_choosing.Remove(stream) && isAgreed && stream.IsInbound)
        {
            Accepted?.Invoke(stream);
        }
    }

    private static void ResetLate(List<ProtocolStream> streams, TimeSpan now)
    {
        while (streams.Count > 0 && streams[0].Deadline <= now)
        {
            ProtocolStream late = streams[0];
            streams.RemoveAt(0);
            late.Reset();
        }
    }

    private Negotiation Choice(string protocol) =>
        _isInitiator ? Negotiation.Propose(protocol) : Negotiation.Choose(proposed => proposed == protocol);

    private void Handshake()
    {
        _handshake.Advance(_incoming, _outgoing);
        if (_handshake.Failure is ConnectionEnd failure)
        {
            Finish(failure);
        }
        else if (_handshake.IsOver)
        {
            (_sending, _receiving) = _handshake.Split();
            ChooseMuxer(_handshake.Remote.Muxers);
        }
    }

    // The initiator's order counts; with one muxer of ours it is all the same.
    private void ChooseMuxer(IReadOnlyList<string> theirs)
    {
        IReadOnlyList<string> ours = _settings.Identity.Muxers;
        if (ours.Count > 0 && theirs.Count > 0)
        {
            HadEarlyMuxer = theirs.Contains(ConnectionSettings.Yamux);
            if (HadEarlyMuxer)
            {
                Open();
            }
            else
            {
                Finish(ConnectionEnd.NothingInCommon);
            }

            return;
        }

        _negotiation = Choice(ConnectionSettings.Yamux);
        _negotiation.Advance(_plainIn, _plainOut);
        Enter(ConnectionPhase.ChoosingMuxer);
    }

    private void Open()
    {
        _yamux = new YamuxSession(_settings.Limits, _isInitiator, _chance, _now) { Opened = Greet };
        Enter(ConnectionPhase.Open);
    }

    private void Greet(YamuxStream stream) => Begin(stream, Negotiation.Choose(_settings.IsSpoken));

    private ProtocolStream Begin(YamuxStream stream, Negotiation negotiation)
    {
        ProtocolStream begun = new(this, stream, negotiation, _now + _settings.NegotiationPatience);
        _choosing.Add(begun);
        begun.Advance();
        return begun;
    }

    // What is whole is decrypted where it lies; only a message that is cut off is kept for its rest.
    private void Decrypt(ReadOnlySpan<byte> fresh)
    {
        while (Phase is ConnectionPhase.ChoosingMuxer or ConnectionPhase.Open)
        {
            if (_incoming.Length > 0)
            {
                int missing = Missing(_incoming.Span);
                if (missing > 0)
                {
                    int count = Math.Min(missing, fresh.Length);
                    _incoming.Append(fresh[..count]);
                    fresh = fresh[count..];
                    if (count == 0)
                    {
                        return;
                    }

                    continue;
                }

                int length = DecryptFirst(_incoming.Span);
                if (Phase != ConnectionPhase.Ended)
                {
                    _incoming.Consume(length);
                }
            }
            else if (Missing(fresh) > 0)
            {
                _incoming.Append(fresh);
                return;
            }
            else
            {
                fresh = fresh[DecryptFirst(fresh)..];
            }
        }
    }

    // How many bytes more are surely needed before there is a whole message.
    private static int Missing(ReadOnlySpan<byte> bytes) =>
        (bytes.Length < LengthBytes ? LengthBytes : LengthBytes + BinaryPrimitives.ReadUInt16BigEndian(bytes)) - bytes.Length;

    /// <returns>The length of the message, sealed.</returns>
    private int DecryptFirst(ReadOnlySpan<byte> bytes)
    {
        Debug.Assert(_receiving is not null);
        int length = BinaryPrimitives.ReadUInt16BigEndian(bytes);
        byte[] plaintext = ArrayPool<byte>.Shared.Rent(length);
        try
        {
            if (length >= NoiseCipher.TagLength && _receiving.TryDecrypt(bytes.Slice(LengthBytes, length), default, plaintext))
            {
                Take(plaintext.AsSpan(0, length - NoiseCipher.TagLength));
            }
            else
            {
                Finish(ConnectionEnd.Malformed);
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(plaintext);
        }

        return LengthBytes + length;
    }

    private void Take(ReadOnlySpan<byte> plaintext)
    {
        if (Phase == ConnectionPhase.ChoosingMuxer)
        {
            _plainIn.Append(plaintext);
            _negotiation.Advance(_plainIn, _plainOut);
            if (_negotiation.State == NegotiationState.Agreed)
            {
                Open();
                _yamux?.Receive(_plainIn.Span, _now);
                _plainIn.Clear();
            }
        }
        else
        {
            _yamux?.Receive(plaintext, _now);
        }

        if (_yamux is not null)
        {
            FollowYamux(_yamux);
        }
    }

    private void FollowYamux(YamuxSession yamux)
    {
        if (yamux.End is ConnectionEnd end)
        {
            Finish(end);
        }
    }

    private int Seal(ByteQueue plain, Span<byte> buffer)
    {
        int written = 0;
        while (plain.Length > 0 && _sending is not null && buffer.Length - written > LengthBytes + NoiseCipher.TagLength)
        {
            int count = Math.Min(Math.Min(plain.Length, MaxSealed - NoiseCipher.TagLength), buffer.Length - written - LengthBytes - NoiseCipher.TagLength);
            Span<byte> frame = buffer[written..];
            BinaryPrimitives.WriteUInt16BigEndian(frame, (ushort)(count + NoiseCipher.TagLength));
            _sending.Encrypt(plain.Span[..count], default, frame.Slice(LengthBytes, count + NoiseCipher.TagLength));
            plain.Consume(count);
            written += LengthBytes + count + NoiseCipher.TagLength;
        }

        return written;
    }

    private void Enter(ConnectionPhase phase)
    {
        Phase = phase;
        PhaseChanged?.Invoke();
    }

    private void Finish(ConnectionEnd reason)
    {
        if (Phase == ConnectionPhase.Ended)
        {
            return;
        }

        End = reason;
        _choosing.Clear();
        _left.Clear();
        _incoming.Clear();
        _plainIn.Clear();
        Enter(ConnectionPhase.Ended);
        _yamux?.Close(reason);
    }
}
