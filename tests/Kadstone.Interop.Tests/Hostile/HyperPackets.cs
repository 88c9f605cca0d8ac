using System.Buffers.Binary;

namespace Kadstone.Interop.Tests.Hostile;

/// <summary>Packets of both Hyperswarm wires, written byte by byte and without any code of ours, and bent by a few edits. Replayed by the seed.</summary>
internal abstract class HyperPackets(int seed)
{
    private const int Longest = 2_000;
    private readonly Random _chance = new(seed);
    private readonly byte[] _buffer = new byte[Longest];
    private int _length;

    public static HyperPackets Of(bool isFirstGeneration, int seed) => isFirstGeneration ? new FirstGeneration(seed) : new Today(seed);

    /// <summary>Whether a packet asks.</summary>
    public abstract bool IsRequest(ReadOnlySpan<byte> packet);

    /// <summary>A ping under a number.</summary>
    public abstract byte[] Ping(ushort number);

    /// <summary>The number of an answer.</summary>
    public abstract int? NumberOfAnswer(ReadOnlySpan<byte> packet);

    /// <summary>The next packet: noise, a sound request, or one bent. Valid until the one after.</summary>
    public ReadOnlySpan<byte> Next()
    {
        int kind = _chance.Next(16);
        _length = 0;
        if (kind == 0)
        {
            Noise(_chance.Next(Longest));
        }
        else
        {
            WriteRequest(_chance);
            for (int edits = kind < 6 ? 0 : 1 + _chance.Next(4); edits > 0; edits--)
            {
                Edit();
            }
        }

        return _buffer.AsSpan(0, _length);
    }

    /// <summary>An answer to a request of the node, sound or bent.</summary>
    public ReadOnlySpan<byte> AnswerTo(ReadOnlySpan<byte> request)
    {
        _length = 0;
        WriteAnswer(request, _chance);
        for (int edits = _chance.Next(4); edits > 0; edits--)
        {
            Edit();
        }

        return _buffer.AsSpan(0, _length);
    }

    protected abstract void WriteRequest(Random chance);

    protected abstract void WriteAnswer(ReadOnlySpan<byte> request, Random chance);

    protected void Put(params ReadOnlySpan<byte> bytes)
    {
        if (_length + bytes.Length <= Longest)
        {
            bytes.CopyTo(_buffer.AsSpan(_length));
            _length += bytes.Length;
        }
    }

    protected void Noise(int length)
    {
        Span<byte> noise = stackalloc byte[Longest];
        _chance.NextBytes(noise[..length]);
        Put(noise[..length]);
    }

    private void Edit()
    {
        if (_length == 0)
        {
            return;
        }

        int at = _chance.Next(_length);
        switch (_chance.Next(4))
        {
            case 0:
                _buffer[at] = (byte)_chance.Next(256);
                break;
            case 1:
                _buffer[at] ^= (byte)(1 << _chance.Next(8));
                break;
            case 2:
                _length = at;
                break;
            default:
                Noise(_chance.Next(300));
                break;
        }
    }

    /// <summary>dht-rpc 6: a head of ten bytes, then what its flags announce.</summary>
    private sealed class Today(int seed) : HyperPackets(seed)
    {
        private const byte Request = 0x03;
        private const byte Answer = 0x13;

        public override bool IsRequest(ReadOnlySpan<byte> packet) => packet.Length >= 4 && packet[0] == Request;

        public override byte[] Ping(ushort number) => [Request, 4, (byte)number, (byte)(number >> 8), 127, 0, 0, 1, 1, 0, 0];

        public override int? NumberOfAnswer(ReadOnlySpan<byte> packet) => packet.Length >= 4 && packet[0] == Answer ? BinaryPrimitives.ReadUInt16LittleEndian(packet[2..]) : null;

        protected override void WriteRequest(Random chance)
        {
            int flags = chance.Next(32);
            Put(Request, (byte)flags, (byte)chance.Next(256), (byte)chance.Next(256), 127, 0, 0, 1, (byte)chance.Next(256), (byte)chance.Next(256));
            Noise((flags & 1) != 0 ? 32 : 0);
            Noise((flags & 2) != 0 ? 32 : 0);
            Put((byte)chance.Next((flags & 4) != 0 ? 6 : 12));
            Noise((flags & 8) != 0 ? 32 : 0);
            if ((flags & 16) != 0)
            {
                int length = chance.Next(253);
                Put((byte)length);
                Noise(length);
            }
        }

        protected override void WriteAnswer(ReadOnlySpan<byte> request, Random chance)
        {
            int flags = chance.Next(32);
            Put(Answer, (byte)flags, request[2], request[3], 127, 0, 0, 1, (byte)chance.Next(256), (byte)chance.Next(256));
            Noise((flags & 1) != 0 ? 32 : 0);
            Noise((flags & 2) != 0 ? 32 : 0);
            if ((flags & 4) != 0)
            {
                int nodes = chance.Next(21);
                Put((byte)nodes);
                for (int i = 0; i < nodes; i++)
                {
                    Put(127, 0, 3, (byte)chance.Next(1, 250), (byte)chance.Next(256), (byte)chance.Next(256));
                }
            }

            if ((flags & 8) != 0)
            {
                Put((byte)chance.Next(3));
            }

            if ((flags & 16) != 0)
            {
                Put(40);
                Noise(40);
            }
        }
    }

    /// <summary>dht-rpc 1 to 3: a number with the highest bit set in requests, then fields of protocol buffers.</summary>
    private sealed class FirstGeneration(int seed) : HyperPackets(seed)
    {
        private static readonly byte[][] s_commands = ["_ping"u8.ToArray(), "_find_node"u8.ToArray(), "peers"u8.ToArray(), "who"u8.ToArray()];

        public override bool IsRequest(ReadOnlySpan<byte> packet) => packet.Length >= 2 && (packet[0] & 0x80) != 0;

        public override byte[] Ping(ushort number) => [(byte)(0x80 | (number >> 8)), (byte)number, 0x0A, 5, .. "_ping"u8];

        public override int? NumberOfAnswer(ReadOnlySpan<byte> packet) => packet.Length >= 2 && (packet[0] & 0x80) == 0 ? BinaryPrimitives.ReadUInt16BigEndian(packet) : null;

        protected override void WriteRequest(Random chance)
        {
            Put((byte)(0x80 | chance.Next(128)), (byte)chance.Next(256));
            byte[] command = s_commands[chance.Next(s_commands.Length)];
            Put(0x0A, (byte)command.Length);
            Put(command);
            Field(2, 32, chance.Next(2) == 0);
            Field(3, 32, chance.Next(8) != 0);
            Field(4, 6, chance.Next(10) == 0);
            Field(5, 6, chance.Next(10) == 0);
            Field(6, 32, chance.Next(4) == 0);
            if (chance.Next(2) == 0)
            {
                // Of the command peers: lookup, announce or unannounce, with a port.
                Put(0x3A, 5, 0x08, (byte)chance.Next(4), 0x10, (byte)(0x80 | chance.Next(128)), (byte)chance.Next(1, 128));
            }
        }

        protected override void WriteAnswer(ReadOnlySpan<byte> request, Random chance)
        {
            Put((byte)(request[0] & 0x7F), request[1]);
            Field(1, 32, chance.Next(2) == 0);
            if (chance.Next(2) == 0)
            {
                Put(0x12, 114);
                for (int i = 0; i < 3; i++)
                {
                    Noise(32);
                    Put(127, 0, 3, (byte)chance.Next(1, 250), (byte)chance.Next(256), (byte)chance.Next(256));
                }
            }

            Field(4, 32, chance.Next(2) == 0);
        }

        private void Field(int number, int length, bool isThere)
        {
            if (isThere)
            {
                Put((byte)((number << 3) | 2), (byte)length);
                Noise(length);
            }
        }
    }
}
