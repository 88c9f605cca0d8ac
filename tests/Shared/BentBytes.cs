namespace Kadstone.Tests;

/// <summary>Messages nobody should send: noise, and real ones bent by a few edits. Replayed by the seed; allocates nothing a message.</summary>
internal abstract class BentBytes(byte[][] corpus, int seed, int longest)
{
    /// <summary>How many messages each codec is given: 100,000, or 10,000,000 where the reliability bars are run (KADSTONE_BARS=1).</summary>
    public static readonly int Count = Environment.GetEnvironmentVariable("KADSTONE_BARS") == "1" ? 10_000_000 : 100_000;

    private const int CommonEdits = 7;

    private readonly byte[] _buffer = new byte[longest];

    protected Random Chance { get; } = new(seed);

    protected byte[] Buffer => _buffer;

    protected int Length { get; set; }

    protected ReadOnlySpan<byte> Origin => corpus[Chance.Next(corpus.Length)];

    /// <summary>Bytes that mean something in this format; empty: none more than others.</summary>
    protected abstract ReadOnlySpan<byte> Alphabet { get; }

    /// <summary>How many edits the format has of its own.</summary>
    protected virtual int OwnEdits => 0;

    /// <summary>The next message; valid until the one after.</summary>
    public ReadOnlySpan<byte> Next()
    {
        int kind = Chance.Next(16);
        if (kind == 0)
        {
            Length = Chance.Next(200);
            Noise(_buffer.AsSpan(0, Length));
        }
        else if (kind != 1 || !TryMake())
        {
            ReadOnlySpan<byte> origin = Origin;
            origin.CopyTo(_buffer);
            Length = origin.Length;
            do
            {
                Bend();
            }
            while (Length > 0 && Chance.Next(3) == 0);
        }

        return _buffer.AsSpan(0, Length);
    }

    /// <summary>Makes a message from nothing, for formats in which that is worth it.</summary>
    protected virtual bool TryMake() => false;

    /// <summary>One of the format's own edits.</summary>
    protected virtual void OwnEdit(int number, int at)
    {
    }

    /// <summary>One edit.</summary>
    protected virtual void Bend()
    {
        if (Length == 0)
        {
            return;
        }

        int at = Chance.Next(Length);
        int edit = Chance.Next(CommonEdits + OwnEdits);
        switch (edit)
        {
            case 0:
                _buffer[at] ^= (byte)(1 << Chance.Next(8));
                break;
            case 1:
                Noise(_buffer.AsSpan(at, 1));
                break;
            case 2:
                Length = at;
                break;
            case 3:
                Remove(at, Math.Min(Chance.Next(1, 9), Length - at));
                break;
            case 4:
                Span<byte> noise = stackalloc byte[Chance.Next(1, 9)];
                Noise(noise);
                Insert(at, noise);
                break;
            case 5:
                ReadOnlySpan<byte> other = Origin;
                int start = Chance.Next(other.Length + 1);
                Insert(at, other.Slice(start, Math.Min(Chance.Next(64), other.Length - start)));
                break;
            case 6:
                Span<byte> again = stackalloc byte[Math.Min(Chance.Next(1, 64), Length - at)];
                _buffer.AsSpan(at, again.Length).CopyTo(again);
                Insert(Chance.Next(Length + 1), again);
                break;
            default:
                OwnEdit(edit - CommonEdits, at);
                break;
        }
    }

    protected void Noise(Span<byte> bytes)
    {
        ReadOnlySpan<byte> alphabet = Alphabet;
        bool isLike = !alphabet.IsEmpty && Chance.Next(2) == 0;
        foreach (ref byte value in bytes)
        {
            value = isLike ? alphabet[Chance.Next(alphabet.Length)] : (byte)Chance.Next(256);
        }
    }

    protected void Remove(int at, int count)
    {
        _buffer.AsSpan(at + count, Length - at - count).CopyTo(_buffer.AsSpan(at));
        Length -= count;
    }

    protected void Insert(int at, ReadOnlySpan<byte> bytes)
    {
        if (Length + bytes.Length <= _buffer.Length)
        {
            _buffer.AsSpan(at, Length - at).CopyTo(_buffer.AsSpan(at + bytes.Length));
            bytes.CopyTo(_buffer.AsSpan(at));
            Length += bytes.Length;
        }
    }
}
