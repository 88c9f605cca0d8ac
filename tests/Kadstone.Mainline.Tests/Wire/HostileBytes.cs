using System.Buffers;

namespace Kadstone.Mainline.Tests.Wire;

/// <summary>Packets nobody should send: noise, and real packets bent by a few edits. Replayed by the seed; allocates nothing a packet.</summary>
internal sealed class HostileBytes(byte[][] corpus, int seed)
{
    /// <summary>How many packets each codec is given: 100,000, or 10,000,000 where the reliability bars are run (KADSTONE_BARS=1).</summary>
    public static readonly int Count = Environment.GetEnvironmentVariable("KADSTONE_BARS") == "1" ? 10_000_000 : 100_000;

    private static readonly SearchValues<byte> ValueBegins = SearchValues.Create("0123456789ild"u8);

    private readonly Random _chance = new(seed);
    private readonly byte[] _buffer = new byte[2 * KrpcReader.MaxDatagramLength];
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
            if (_chance.Next(2) == 0)
            {
                ReplaceValue();
            }
            else
            {
                Edit();
            }
        }
        while (_length > 0 && _chance.Next(3) == 0);

        return _buffer.AsSpan(0, _length);
    }

    private void Noise(Span<byte> bytes)
    {
        ReadOnlySpan<byte> alphabet = "dlei0123456789:-aqrty"u8;
        bool like = _chance.Next(2) == 0;
        foreach (ref byte value in bytes)
        {
            value = like ? alphabet[_chance.Next(alphabet.Length)] : (byte)_chance.Next(256);
        }
    }

    // A whole value becomes a value of another packet: the frame stays good, so that what is inside gets judged.
    private void ReplaceValue()
    {
        ReadOnlySpan<byte> other = corpus[_chance.Next(corpus.Length)];
        if (TryFindValue(_buffer.AsSpan(0, _length), out int at, out int length) && TryFindValue(other, out int otherAt, out int otherLength))
        {
            Remove(at, length);
            Insert(at, other.Slice(otherAt, otherLength));
        }
    }

    private bool TryFindValue(ReadOnlySpan<byte> bytes, out int at, out int length)
    {
        at = 0;
        length = 0;
        for (int tries = 8; tries > 0 && length == 0 && bytes.Length > 1; tries--)
        {
            int from = _chance.Next(1, bytes.Length);
            int digit = bytes[from..].IndexOfAny(ValueBegins);
            at = from + Math.Max(digit, 0);
            Bencode.TrySkip(bytes[at..], out length);
        }

        return length > 0;
    }

    private void Edit()
    {
        int at = _chance.Next(_length);
        switch (_chance.Next(8))
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
                EditLength(at);
                break;
            case 6:
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

    // The next digit from here on becomes another: mostly a length, or a part of a number.
    private void EditLength(int at)
    {
        int digit = _buffer.AsSpan(at, _length - at).IndexOfAnyInRange((byte)'0', (byte)'9');
        if (digit >= 0)
        {
            _buffer[at + digit] = (byte)('0' + _chance.Next(10));
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
