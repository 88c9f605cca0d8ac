using System.Buffers.Binary;

namespace Kadstone.Hyperswarm.Tests.Wire;

/// <summary>Packets nobody should send: noise, and real packets bent by a few edits. Replayed by the seed; allocates nothing a packet.</summary>
internal sealed class Gen1HostileBytes(byte[][] corpus, int seed)
{
    /// <summary>How many packets each codec is given: 100,000, or 10,000,000 where the reliability bars are run (KADSTONE_BARS=1).</summary>
    public static readonly int Count = Environment.GetEnvironmentVariable("KADSTONE_BARS") == "1" ? 10_000_000 : 100_000;

    private readonly Random _chance = new(seed);
    private readonly byte[] _buffer = new byte[2 * Gen1Reader.MaxDatagramLength];
    private int _length;

    /// <summary>The next packet; valid until the one after.</summary>
    public ReadOnlySpan<byte> Next()
    {
        switch (_chance.Next(16))
        {
            case 0:
                _length = _chance.Next(200);
                Noise(_buffer.AsSpan(0, _length));
                return _buffer.AsSpan(0, _length);
            case 1:
                WriteFields();
                return _buffer.AsSpan(0, _length);
        }

        byte[] origin = corpus[_chance.Next(corpus.Length)];
        origin.CopyTo(_buffer, 0);
        _length = origin.Length;
        do
        {
            Edit();
        }
        while (_length > 0 && _chance.Next(3) == 0);

        return _buffer.AsSpan(0, _length);
    }

    // Fields that nobody would write: any number, any wire type, any length. A quarter are many and well-formed, but unknown.
    private void WriteFields()
    {
        _length = 2;
        Noise(_buffer.AsSpan(0, _length));
        bool unknown = _chance.Next(4) == 0;
        int most = unknown && _chance.Next(2) == 0 ? 8 : 256;
        Span<byte> value = stackalloc byte[most];
        for (int fields = _chance.Next(unknown ? 130 : 8); fields > 0; fields--)
        {
            int number = unknown ? _chance.Next(8, 100) : _chance.Next(1, 9);
            int wireType = unknown || _chance.Next(4) != 0 ? 2 : _chance.Next(8);
            Varint((ulong)((number << 3) + wireType));
            int length = _chance.Next(4) switch { 0 => Math.Min(32, most), 1 => 6, 2 => _chance.Next(8), _ => _chance.Next(most) };
            Noise(value[..length]);
            Varint((ulong)length);
            Insert(_length, value[..length]);
        }
    }

    private void Varint(ulong value)
    {
        Span<byte> bytes = stackalloc byte[10];
        int length = 0;
        for (; value >= 0x80; value >>= 7)
        {
            bytes[length++] = (byte)(value | 0x80);
        }

        bytes[length++] = (byte)value;
        Insert(_length, bytes[..length]);
    }

    private void Noise(Span<byte> bytes) => _chance.NextBytes(bytes);

    private void Edit()
    {
        int at = _chance.Next(_length);
        switch (_chance.Next(10))
        {
            case 0:
                _buffer[at] ^= (byte)(1 << _chance.Next(8));
                break;
            case 1:
                _buffer[at] = (byte)_chance.Next(256);
                break;
            case 2:
                _length = at;
                break;
            case 3:
                Remove(at, Math.Min(_chance.Next(1, 9), _length - at));
                break;
            case 4:
                Span<byte> noise = stackalloc byte[_chance.Next(1, 9)];
                Noise(noise);
                Insert(at, noise);
                break;
            case 5:
                byte[] other = corpus[_chance.Next(corpus.Length)];
                int start = _chance.Next(other.Length + 1);
                Insert(at, other.AsSpan(start, Math.Min(_chance.Next(64), other.Length - start)));
                break;
            case 6:
                Span<byte> again = stackalloc byte[Math.Min(_chance.Next(1, 64), _length - at)];
                _buffer.AsSpan(at, again.Length).CopyTo(again);
                Insert(_chance.Next(_length + 1), again);
                break;
            case 7:
                // The first fields of a message are where most is decided.
                _buffer[Math.Min(_chance.Next(2, 8), _length - 1)] = (byte)_chance.Next(64);
                break;
            case 8:
                // A port of 0, or the like, somewhere.
                BinaryPrimitives.WriteUInt16BigEndian(_buffer.AsSpan(at), (ushort)(_chance.Next(2) * 0xFFFF));
                break;
            default:
                // A field more, at the end: most messages stay good.
                Varint(((ulong)_chance.Next(1, 9) << 3) + 2);
                Span<byte> added = stackalloc byte[_chance.Next(2) == 0 ? 6 : _chance.Next(48)];
                Noise(added);
                Varint((ulong)added.Length);
                Insert(_length, added);
                break;
        }
    }

    private void Remove(int at, int count)
    {
        _buffer.AsSpan(at + count, _length - at - count).CopyTo(_buffer.AsSpan(at));
        _length -= count;
    }

    private void Insert(int at, ReadOnlySpan<byte> bytes)
    {
        if (_length + bytes.Length <= _buffer.Length)
        {
            _buffer.AsSpan(at, _length - at).CopyTo(_buffer.AsSpan(at + bytes.Length));
            bytes.CopyTo(_buffer.AsSpan(at));
            _length += bytes.Length;
        }
    }
}
