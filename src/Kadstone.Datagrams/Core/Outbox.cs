using System.Diagnostics;

namespace Kadstone.Datagrams;

/// <summary>Datagrams written and not yet sent: one flat buffer that starts small, grows to a bound and is rewound when empty.</summary>
/// <remarks>The driver drains it after every batch, so in steady state nothing is allocated and nothing waits.</remarks>
public sealed class Outbox
{
    /// <summary>1,536: the longest datagram that is ever written here.</summary>
    public const int MaxDatagram = 1_536;

    private const int MaxBytes = 256 * 1024;

    private readonly record struct Entry(UdpEndpoint To, int Offset, int Length, byte Socket);

    private Entry[] _entries = new Entry[4];
    private byte[] _bytes = new byte[2 * MaxDatagram];
    private int _first;
    private int _count;
    private int _used;

    /// <summary>Whether nothing waits.</summary>
    public bool IsEmpty => _first == _count;

    /// <summary>Whether <see cref="Reserve"/> has room for one more.</summary>
    public bool HasRoom => _used + MaxDatagram <= MaxBytes;

    /// <summary>Room for one datagram; empty when the outbox is full: then the datagram is not sent, it is UDP.</summary>
    public Span<byte> Reserve()
    {
        if (!HasRoom)
        {
            return default;
        }

        if (_used + MaxDatagram > _bytes.Length)
        {
            Array.Resize(ref _bytes, Math.Min(MaxBytes, _bytes.Length * 2));
        }

        return _bytes.AsSpan(_used, MaxDatagram);
    }

    /// <summary>Keeps the first <paramref name="length"/> bytes of what was reserved last.</summary>
    public void Commit(UdpEndpoint to, byte socket, int length)
    {
        Debug.Assert(length is > 0 and <= MaxDatagram);
        if (_count == _entries.Length)
        {
            Array.Resize(ref _entries, _entries.Length * 2);
        }

        _entries[_count++] = new Entry(to, _used, length, socket);
        _used += length;
    }

    /// <summary>Takes the datagram that waits longest.</summary>
    /// <param name="buffer">At least <see cref="MaxDatagram"/> bytes.</param>
    /// <param name="transmit">Where it goes and how long it is.</param>
    public bool TryTake(Span<byte> buffer, out Transmit transmit)
    {
        if (_first == _count)
        {
            transmit = default;
            return false;
        }

        Entry entry = _entries[_first++];
        _bytes.AsSpan(entry.Offset, entry.Length).CopyTo(buffer);
        transmit = new Transmit(entry.To, entry.Socket, entry.Length);
        if (_first == _count)
        {
            _first = 0;
            _count = 0;
            _used = 0;
        }

        return true;
    }
}
