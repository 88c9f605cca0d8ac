namespace Kadstone.Hyperswarm.Tests.Wire.V6;

/// <summary>Packets nobody should send: noise, and real packets bent by a few edits. Replayed by the seed; allocates nothing a packet.</summary>
internal sealed class HostileBytes(byte[][] corpus, int seed)
{
    /// <summary>How many packets each codec is given: 100,000, or 10,000,000 where the reliability bars are run (KADSTONE_BARS=1).</summary>
    public static readonly int Count = Environment.GetEnvironmentVariable("KADSTONE_BARS") == "1" ? 10_000_000 : 100_000;

    private readonly Random _chance = new(seed);
    private readonly byte[] _buffer = new byte[2 * RpcReader.MaxDatagramLength];
    private int _length;

    /// <summary>The next packet; valid until the one after.</summary>
    public ReadOnlySpan<byte> Next()
    {
        if (_chance.Next(16) == 0)
        {
            _length = _chance.Next(200);
            Noise(_buffer.AsSpan(0, _length));
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

    // Bytes that mean something: small counts, all flags, the marks of longer numbers, the greatest number and the one above it.
    private void Noise(Span<byte> bytes)
    {
        ReadOnlySpan<byte> alphabet = [0, 1, 2, 3, 4, 8, 16, 31, 0x03, 0x13, 0xFC, 0xFD, 0xFE, 0xFF, 0x1F, 0x20];
        bool like = _chance.Next(2) == 0;
        foreach (ref byte value in bytes)
        {
            value = like ? alphabet[_chance.Next(alphabet.Length)] : (byte)_chance.Next(256);
        }
    }

    private void Edit()
    {
        int at = _chance.Next(_length);
        switch (_chance.Next(9))
        {
            case 0:
                _buffer[at] ^= (byte)(1 << _chance.Next(8));
                break;
            case 1:
                Noise(_buffer.AsSpan(at, 1));
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
                // The flags of a message, or of a value: another set of fields is promised.
                _buffer[_chance.Next(Math.Min(_length, 2))] = (byte)_chance.Next(32);
                break;
            case 6:
                byte[] other = corpus[_chance.Next(corpus.Length)];
                int start = _chance.Next(other.Length + 1);
                Insert(at, other.AsSpan(start, Math.Min(_chance.Next(64), other.Length - start)));
                break;
            case 7:
                LongerNumber(at);
                break;
            default:
                Span<byte> again = stackalloc byte[Math.Min(_chance.Next(1, 64), _length - at)];
                _buffer.AsSpan(at, again.Length).CopyTo(again);
                Insert(_chance.Next(_length + 1), again);
                break;
        }
    }

    // A byte becomes the same number in a longer form, or a number near the greatest.
    private void LongerNumber(int at)
    {
        ReadOnlySpan<byte> form = _chance.Next(5) switch
        {
            0 => [0xFD, _buffer[at], 0],
            1 => [0xFE, _buffer[at], 0, 0, 0],
            2 => [0xFF, _buffer[at], 0, 0, 0, 0, 0, 0, 0],
            3 => [0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x1F, 0],
            _ => [0xFF, 0, 0, 0, 0, 0, 0, 0x20, 0],
        };
        Remove(at, 1);
        Insert(at, form);
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
