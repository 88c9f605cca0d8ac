namespace Kadstone.Libp2p.Tests;

/// <summary>Messages nobody should send: noise, and real ones bent by a few edits. Replayed by the seed; allocates nothing a message.</summary>
internal sealed class HostileBytes(byte[][] corpus, int seed)
{
    /// <summary>How many messages each codec is given: 100,000, or 10,000,000 where the reliability bars are run (KADSTONE_BARS=1).</summary>
    public static readonly int Count = Environment.GetEnvironmentVariable("KADSTONE_BARS") == "1" ? 10_000_000 : 100_000;

    private readonly Random _chance = new(seed);
    private readonly byte[] _buffer = new byte[8 * 1024];
    private int _length;

    /// <summary>The next message; valid until the one after.</summary>
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

    // Bytes that mean something: small lengths, field tags, the marks of longer numbers.
    private void Noise(Span<byte> bytes)
    {
        ReadOnlySpan<byte> alphabet = [0, 1, 2, 4, 6, 8, 10, 12, 0x12, 0x1A, 0x20, 0x22, 0x7F, 0x80, 0xA5, 0xFF];
        bool like = _chance.Next(2) == 0;
        foreach (ref byte value in bytes)
        {
            value = like ? alphabet[_chance.Next(alphabet.Length)] : (byte)_chance.Next(256);
        }
    }

    private void Edit()
    {
        if (_length == 0)
        {
            return;
        }

        int at = _chance.Next(_length);
        switch (_chance.Next(7))
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
                int count = Math.Min(_chance.Next(1, 9), _length - at);
                _buffer.AsSpan(at + count, _length - at - count).CopyTo(_buffer.AsSpan(at));
                _length -= count;
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
            default:
                Span<byte> again = stackalloc byte[Math.Min(_chance.Next(1, 64), _length - at)];
                _buffer.AsSpan(at, again.Length).CopyTo(again);
                Insert(_chance.Next(_length + 1), again);
                break;
        }
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
