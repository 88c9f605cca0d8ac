using System.Buffers.Binary;
using Kadstone.Libp2p.Core;

namespace Kadstone.Libp2p.Tests.Core;

/// <summary>Bent conversations: a session ends or goes on, but never throws, hangs, or takes and holds more than what came and a fixed rest.</summary>
public sealed class HostileSessionTests
{
    // A handshake's curves take a hundred times what its messages do.
    private static readonly int s_withKeys = BentBytes.Count / 10;

    private static readonly byte[][] s_yamuxFrames = [.. LibP2pVectors.List("yamux").Select(item => item.Hex("bytes"))];

    [Fact]
    public void Choices_of_a_protocol()
    {
        byte[][] corpus = [.. LibP2pVectors.List("multistream").Select(item => item.Hex("bytes"))];
        corpus = [.. corpus, [.. corpus.SelectMany(line => line)]];
        (int held, int whole) = Conversations.Hold(3101, corpus, longest: 3, number => new Chooser(number % 2 == 0));
        whole.ShouldBeInRange(1, held - 1, "some end early");
    }

    [Fact]
    public void Frames_of_a_session()
    {
        // Frames with and without bodies, in an order that opens, fills, ends and resets.
        byte[] conversation = [.. s_yamuxFrames.SelectMany(frame => frame[1] == 0 ? [.. frame, .. new byte[20]] : frame)];
        (int held, int whole) = Conversations.Hold(3102, [.. s_yamuxFrames, conversation, conversation], longest: 20, number => new Session(number));
        whole.ShouldBeInRange(1, held - 1, "else the bent frames never come beyond the first");
    }

    [Fact]
    public void Whole_connections_with_a_bent_byte_anywhere_before_the_cipher()
    {
        // What one side says until the session stands, recorded, then bent and told to a fresh other side.
        using ConnectedPair keys = new(seed: 3);
        (int held, _) = Conversations.Hold(3103, [.. Transcripts()], longest: 2, number => new Listener(keys, number), s_withKeys);
        held.ShouldBePositive();
    }

    [Fact]
    public void Well_sealed_nonsense_after_the_handshake()
    {
        // The dialer's muxer says what it likes under its true keys; the listener's reads it.
        byte[] conversation = [.. s_yamuxFrames.SelectMany(frame => frame[1] == 0 ? [.. frame, .. new byte[20]] : frame)];
        using ConnectedPair keys = new(seed: 4);
        (int held, int whole) = Conversations.Hold(3104, [.. s_yamuxFrames, conversation, conversation], longest: 20, number => new SealedSpeech(keys, number), s_withKeys);
        whole.ShouldBeLessThan(held);
    }

    [Fact]
    public void Nonsense_within_a_stream_is_data()
    {
        using ConnectedPair pair = new(seed: 5);
        pair.Carry();
        ProtocolStream stream = pair.Dialer.OpenStream(["/spoken/1"], pair.Now).ShouldNotBeNull();
        pair.Carry();
        HostileBytes messages = new(s_yamuxFrames, 3105);
        byte[] read = new byte[16 * 1024];
        for (int i = 0; i < BentBytes.Count / 10; i++)
        {
            ReadOnlySpan<byte> message = messages.Next();
            stream.Write(message);
            pair.Carry();
            int count = pair.Accepted[0].Read(read);
            read.AsSpan(0, count).SequenceEqual(message).ShouldBeTrue();
        }

        pair.Listener.End.ShouldBeNull("bytes of a stream do nothing to the session");
    }

    private static IEnumerable<byte[]> Transcripts()
    {
        foreach (bool early in new[] { true, false })
        {
            using ConnectedPair pair = new(early, seed: 9);
            byte[] buffer = new byte[64 * 1024];
            List<byte> said = [];
            for (int round = 0; round < 6; round++)
            {
                int count = pair.Dialer.Transmit(buffer);
                said.AddRange(buffer.AsSpan(0, count));
                pair.Listener.Receive(buffer.AsSpan(0, count), pair.Now);
                count = pair.Listener.Transmit(buffer);
                pair.Dialer.Receive(buffer.AsSpan(0, count), pair.Now);
            }

            yield return [.. said];
        }
    }

    private sealed class Chooser(bool isListener) : Conversations.IHearer
    {
        private readonly Negotiation _side = isListener ? Negotiation.Choose(protocol => protocol == "/noise") : Negotiation.Propose("/noise", "/other");
        private readonly ByteQueue _input = new();
        private readonly ByteQueue _output = new();

        public bool Hear(ReadOnlySpan<byte> message)
        {
            _input.Append(message);
            _side.Advance(_input, _output);
            return _side.State == NegotiationState.Open;
        }

        public void Check()
        {
            Assert(_output.Length < 4096, "little is said");
            Assert(_side.State != NegotiationState.Open || _input.Length <= 1026, "no more than a message waits");
        }

        public void Dispose()
        {
            _input.Clear();
            _output.Clear();
        }
    }

    private sealed class Session : Conversations.IHearer
    {
        private readonly YamuxLimits _limits = new();
        private readonly YamuxSession _session;
        private readonly List<YamuxStream> _opened;
        private int _received;
        private int _last;
        private int _parts;

        public Session(int number)
        {
            Random chance = new(number);
            _session = new YamuxSession(_limits, isInitiator: chance.Next(2) == 0, chance, TimeSpan.Zero);
            _opened = [_session.Open()!];
            _session.Opened = _opened.Add;
        }

        public bool Hear(ReadOnlySpan<byte> message)
        {
            _received += message.Length;
            _last = message.Length;
            _session.Receive(message, TimeSpan.FromMilliseconds(_parts++));
            return _session.End is null;
        }

        public void Check()
        {
            Assert(_session.Unread >= 0 && _session.Unread <= _received, "no more waits than came");
            Assert(_opened.Sum(stream => stream.Incoming.Length) == _session.Unread, "what waits is counted");
            Assert(_session.StreamCount <= _limits.InboundStreams + 1, "streams are counted");
            Assert(_session.Output.Length < _limits.UnsentBytes + (12 * _last), "what is to be sent is bounded");
        }

        public void Dispose()
        {
            _session.Close(ConnectionEnd.Closed);
            Assert((_session.StreamCount, _session.Unread) == (0, 0), "nothing is left");
            _session.Output.Clear();
        }
    }

    private sealed class Listener : Conversations.IHearer
    {
        private readonly byte[] _buffer = new byte[64 * 1024];
        private readonly Connection _connection;
        private readonly TimeSpan _now;

        public Listener(ConnectedPair keys, int number)
        {
            _now = keys.Now;
            _connection = keys.NewListener(new Random(number));
            Drain();
        }

        public bool Hear(ReadOnlySpan<byte> message)
        {
            _connection.Receive(message, _now);
            Drain();
            return _connection.End is null;
        }

        public void Check()
        {
            Assert(_connection.RemoteKey is null, "its ephemeral key is new: nothing recorded proves anything");
            Assert(_connection.Phase is ConnectionPhase.ChoosingSecurity or ConnectionPhase.Handshaking or ConnectionPhase.Ended, "no further");
        }

        public void Dispose()
        {
            _connection.Elapse(_now + TimeSpan.FromSeconds(11));
            Assert(_connection.Phase == ConnectionPhase.Ended, "ten seconds are enough");
            _connection.Dispose();
        }

        private void Drain()
        {
            while (_connection.Transmit(_buffer) > 0)
            {
            }
        }
    }

    private sealed class SealedSpeech : Conversations.IHearer
    {
        private readonly byte[] _buffer = new byte[64 * 1024];
        private readonly ConnectedPair _keys;
        private readonly Connection _listener;
        private readonly NoiseCipher _cipher;
        private readonly NoiseCipher _unused;

        public SealedSpeech(ConnectedPair keys, int number)
        {
            Random chance = new(number);
            _keys = keys;
            _listener = keys.NewListener(chance);
            byte[] ephemeral = new byte[32];
            chance.NextBytes(ephemeral);
            using NoiseHandshake handshake = new(keys.DialerSettings.Identity, isInitiator: true, keys.ListenerKey.PeerId, ephemeral);
            Negotiation negotiation = Negotiation.Propose(ConnectionSettings.Noise);
            ByteQueue heard = new();
            ByteQueue said = new();
            while (!handshake.IsOver)
            {
                negotiation.Advance(heard, said);
                if (negotiation.State == NegotiationState.Agreed)
                {
                    handshake.Advance(heard, said);
                }

                _listener.Receive(said.Span, keys.Now);
                said.Clear();
                heard.Append(_buffer.AsSpan(0, _listener.Transmit(_buffer)));
            }

            heard.Clear();
            (_cipher, _unused) = handshake.Split();
            Assert(_listener.Phase == ConnectionPhase.Open, "the handshake was a true one");
        }

        public bool Hear(ReadOnlySpan<byte> message)
        {
            BinaryPrimitives.WriteUInt16BigEndian(_buffer, (ushort)(message.Length + NoiseCipher.TagLength));
            Span<byte> sealedBytes = _buffer.AsSpan(2, message.Length + NoiseCipher.TagLength);
            _cipher.Encrypt(message, default, sealedBytes);
            _listener.Receive(_buffer.AsSpan(0, 2 + sealedBytes.Length), _keys.Now);
            while (_listener.Transmit(_buffer) > 0)
            {
            }

            return _listener.End is null;
        }

        public void Check() => Assert(_listener.StreamCount <= _keys.ListenerSettings.Limits.InboundStreams, "streams are counted");

        public void Dispose()
        {
            _listener.Dispose();
            _cipher.Dispose();
            _unused.Dispose();
        }
    }

    // Shouldly's own costs more than what is looked at here.
    private static void Assert(bool condition, string what)
    {
        if (!condition)
        {
            throw new InvalidOperationException(what);
        }
    }
}
