using Kadstone.Libp2p;
using Kadstone.Libp2p.Core;

namespace Kadstone.Simulation.Tests.Libp2p;

/// <summary>A libp2p peer of a simulated network: it dials and is dialed, says who it is, and answers pings and whatever else it serves.</summary>
internal sealed class Talker
{
    internal const string IdentifyProtocol = "/ipfs/id/1.0.0";
    internal const string PingProtocol = "/ipfs/ping/1.0.0";
    internal const string EchoProtocol = "/echo/1";

    private const int PingLength = 32;

    private readonly SimulatedNetwork _network;
    private readonly Random _chance;
    private readonly ConnectionSettings _settings;
    private readonly Dictionary<string, Func<Speaker, ProtocolStream, Action>> _served;

    internal Talker(SimulatedNetwork network, bool earlyMuxer = true)
    {
        _network = network;
        _chance = network.CreateChance();
        Host = network.AddHost();
        Key = PrivateKey.Generate(_chance);
        byte[] staticKey = new byte[32];
        _chance.NextBytes(staticKey);
        _served = new(StringComparer.Ordinal) { [IdentifyProtocol] = SayWhoWeAre, [PingProtocol] = Echo, [EchoProtocol] = Echo };
        _settings = new ConnectionSettings
        {
            Identity = new NoiseIdentity(Key, staticKey, earlyMuxer ? [ConnectionSettings.Yamux] : []),
            IsSpoken = _served.ContainsKey,
            Limits = new YamuxLimits(),
        };
    }

    internal SimulatedHost Host { get; }

    internal PrivateKey Key { get; }

    internal PeerId Id => Key.PeerId;

    internal Multiaddr Address => Multiaddr.FromTcp(Host.Address.ToIPAddress(), 4001);

    /// <summary>Called with our end of each wire that another one dialed.</summary>
    internal Action<Speaker>? Accepted { get; set; }

    /// <summary>All ends of wires that it has or had.</summary>
    internal List<Speaker> Speakers { get; } = [];

    /// <summary>Lets others use a protocol: what is made for a stream is called whenever something changed there.</summary>
    internal void Serve(string protocol, Func<Speaker, ProtocolStream, Action> serve) => _served[protocol] = serve;

    /// <summary>Dials; a round trip later our end begins to speak, and theirs half of one before.</summary>
    /// <param name="other">Who lives there.</param>
    /// <param name="expected">Whom we believe to live there. Null: who does.</param>
    /// <param name="prepare">What is done with the wire before it carries a byte.</param>
    /// <param name="begun">Called with our end.</param>
    internal void Dial(Talker other, PeerId? expected = null, Action<Wire>? prepare = null, Action<Speaker>? begun = null)
    {
        Wire wire = new(_network);
        prepare?.Invoke(wire);
        TimeSpan there = Crossing(other);
        TimeSpan back = Crossing(other);
        _network.Schedule(there, () =>
        {
            Speaker theirs = other.NewSpeaker(wire, isInitiator: false, null);
            other.Accepted?.Invoke(theirs);
            _network.Schedule(back, () =>
            {
                Speaker ours = NewSpeaker(wire, isInitiator: true, expected ?? other.Id);
                (ours.Other, theirs.Other) = (theirs, ours);
                begun?.Invoke(ours);
                ours.Run(() => { });
                theirs.Run(() => { });
            });
        });
    }

    /// <summary>Asks who is there, over an open connection. Null: nothing came, or it is no answer.</summary>
    internal void Identify(Speaker speaker, Action<IdentifyMessage?> told) => Open(speaker, IdentifyProtocol, stream =>
    {
        stream.CloseWrite();
        return () =>
        {
            byte[]? frame = null;
            if (!stream.IsReset && !TryReadMessage(stream, out frame))
            {
                return false;
            }

            stream.Leave(_network.Elapsed);
            told(frame is null ? null : IdentifyMessage.TryAdd(new IdentifyMessage(), frame));
            return true;
        };
    });

    /// <summary>Sends 32 bytes on a stream of its own, and says how long after the choice of the protocol they came back. Null: they did not.</summary>
    internal void Ping(Speaker speaker, Action<TimeSpan?> told)
    {
        byte[] sent = new byte[PingLength];
        _chance.NextBytes(sent);
        TimeSpan began = TimeSpan.Zero;
        Exchange(speaker, PingProtocol, sent, () => began = _network.Elapsed, back => told(back is not null && back.AsSpan().SequenceEqual(sent) ? _network.Elapsed - began : null));
    }

    /// <summary>Sends bytes, and says what came back: as many, or null when the stream ended before.</summary>
    internal void Exchange(Speaker speaker, string protocol, byte[] bytes, Action? begun, Action<byte[]?> told)
    {
        Open(speaker, protocol, stream =>
        {
            int written = 0;
            List<byte> back = [];
            byte[] buffer = new byte[16 * 1024];
            begun?.Invoke();
            return () =>
            {
                written += stream.IsReset ? 0 : stream.Write(bytes.AsSpan(written));
                for (int count; (count = stream.Read(buffer)) > 0;)
                {
                    back.AddRange(buffer.AsSpan(0, count));
                }

                if (back.Count < bytes.Length && !stream.IsReset && !stream.IsAtEnd)
                {
                    return false;
                }

                stream.Leave(_network.Elapsed);
                told(back.Count >= bytes.Length ? [.. back] : null);
                return true;
            };
        });
    }

    /// <summary>Opens a stream; once its protocol is chosen, what is made for it is called whenever something changed, until it says that it is done.</summary>
    internal void Open(Speaker speaker, string protocol, Func<ProtocolStream, Func<bool>> make) => speaker.Run(() =>
    {
        if (speaker.Connection.OpenStream([protocol], _network.Elapsed) is not ProtocolStream stream)
        {
            return;
        }

        Func<bool>? step = null;
        bool isDone = false;
        stream.Changed = () => Later(speaker, () =>
        {
            if (!isDone && stream.State != NegotiationState.Open)
            {
                isDone = (step ??= make(stream))();
            }
        });
    });

    /// <summary>Takes a message of a length in front, if all of it is there.</summary>
    internal static bool TryReadMessage(ProtocolStream stream, out byte[]? message)
    {
        ReadOnlySpan<byte> there = stream.Waiting;
        message = null;
        if (Uvarint.Read(there, out ulong length, out int prefix) != WireProgress.Complete || length > (ulong)(there.Length - prefix))
        {
            return stream.IsAtEnd;
        }

        message = there.Slice(prefix, (int)length).ToArray();
        stream.Skip(prefix + (int)length);
        return true;
    }

    /// <summary>A message with its length in front.</summary>
    internal static byte[] Framed(byte[] message)
    {
        byte[] framed = new byte[Uvarint.Length((ulong)message.Length) + message.Length];
        message.CopyTo(framed, Uvarint.Write(framed, (ulong)message.Length));
        return framed;
    }

    private Speaker NewSpeaker(Wire wire, bool isInitiator, PeerId? expected)
    {
        Connection connection = new(_settings, isInitiator, expected, _chance, _network.Elapsed);
        Speaker speaker = new(_network, Host, wire, connection, isInitiator);
        connection.Accepted = stream =>
        {
            Action step = _served[stream.Protocol](speaker, stream);
            bool isOver = false;
            stream.Changed = () => Later(speaker, () =>
            {
                if (!isOver)
                {
                    step();
                    isOver = stream.IsOver;
                }
            });
            stream.Changed();
        };
        Speakers.Add(speaker);
        return speaker;
    }

    private TimeSpan Crossing(Talker other) => _network.Crossing(Host, other.Host, TimeSpan.FromSeconds(1));

    // Not within the core's own call.
    private void Later(Speaker speaker, Action action) => _network.Schedule(TimeSpan.Zero, () => speaker.Run(action));

    private Action SayWhoWeAre(Speaker speaker, ProtocolStream stream)
    {
        byte[] message = Framed(new IdentifyMessage { Key = Key.PublicKey, Addresses = [Address], Protocols = [.. _served.Keys], AgentVersion = "simulated" }.Encode());
        int written = 0;
        return () =>
        {
            if (!stream.IsReset && written < message.Length)
            {
                written += stream.Write(message.AsSpan(written));
                if (written == message.Length)
                {
                    stream.CloseWrite();
                }
            }
        };
    }

    private static Action Echo(Speaker speaker, ProtocolStream stream)
    {
        byte[] buffer = new byte[16 * 1024];
        int held = 0;
        int said = 0;
        return () =>
        {
            while (!stream.IsReset)
            {
                if (said < held)
                {
                    int count = stream.Write(buffer.AsSpan(said, held - said));
                    said += count;
                    if (count == 0)
                    {
                        return;
                    }
                }
                else if ((held = stream.Read(buffer)) > 0)
                {
                    said = 0;
                }
                else
                {
                    said = 0;
                    if (stream.IsAtEnd)
                    {
                        stream.CloseWrite();
                    }

                    return;
                }
            }
        };
    }
}
