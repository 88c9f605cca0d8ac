using System.Buffers;

namespace Kadstone.Libp2p.Core;

/// <summary>Bytes that wait: written at the back, read at the front, in one piece. Holds memory only while it holds bytes.</summary>
internal sealed class ByteQueue
{
    private byte[] _buffer = [];
    private int _start;

    public int Length { get; private set; }

    /// <summary>All that waits; valid until the next change.</summary>
    public ReadOnlySpan<byte> Span => _buffer.AsSpan(_start, Length);

    public void Append(scoped ReadOnlySpan<byte> bytes)
    {
        if (!bytes.IsEmpty)
        {
            bytes.CopyTo(Extend(bytes.Length));
        }
    }

    /// <summary>Makes room at the back, to be filled by the caller.</summary>
    public Span<byte> Extend(int count)
    {
        if (_buffer.Length - _start - Length < count)
        {
            MakeRoom(count);
        }

        Length += count;
        return _buffer.AsSpan(_start + Length - count, count);
    }

    public void Consume(int count)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, Length);
        _start += count;
        Length -= count;
        if (Length == 0)
        {
            Clear();
        }
    }

    /// <summary>Moves what fits into <paramref name="destination"/>.</summary>
    public int Read(Span<byte> destination)
    {
        int count = Math.Min(Length, destination.Length);
        Span[..count].CopyTo(destination);
        Consume(count);
        return count;
    }

    public void Clear()
    {
        if (_buffer.Length > 0)
        {
            ArrayPool<byte>.Shared.Return(_buffer);
            _buffer = [];
        }

        _start = 0;
        Length = 0;
    }

    private void MakeRoom(int count)
    {
        if (_buffer.Length - Length >= count && _start >= Length)
        {
            Span.CopyTo(_buffer);
        }
        else
        {
            byte[] larger = ArrayPool<byte>.Shared.Rent(Math.Max(Length + count, Math.Min(2 * Length, 1 << 20)));
            Span.CopyTo(larger);
            if (_buffer.Length > 0)
            {
                ArrayPool<byte>.Shared.Return(_buffer);
            }

            _buffer = larger;
        }

        _start = 0;
    }
}
