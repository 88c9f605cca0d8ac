using System.Runtime.InteropServices;

namespace Kadstone.Datagrams;

/// <summary>A fixed number of slots for datagrams in pinned memory, used over and over.</summary>
internal sealed class DatagramBatch
{
    /// <summary>What is dropped is longer than this: the longest answers seen (bittorrent-dht's whole table) have 8 KB.</summary>
    public const int LongestReceived = 9216;

    /// <summary>What a protocol may write: <see cref="IDatagramProtocol.TryTransmit"/>.</summary>
    public const int LongestSent = 2048;

    /// <summary>The slots of a batch.</summary>
    public const int Slots = 64;

    // One cache line more than the slot: slots of a power of two would all compete for the same lines of the first-level cache.
    private const int Padding = 64;

    private readonly byte[] _memory;
    private readonly int _slotBytes;

    public DatagramBatch(int slots, int slotBytes)
    {
        _slotBytes = slotBytes;
        _memory = GC.AllocateUninitializedArray<byte>(slots * (slotBytes + Padding), pinned: true);
        Lengths = new int[slots];
        Endpoints = new UdpEndpoint[slots];
        Sockets = new byte[slots];
    }

    /// <summary>The slots in use.</summary>
    public int Count { get; set; }

    public int Capacity => Lengths.Length;

    public int SlotBytes => _slotBytes;

    /// <summary>Bytes in each slot; negative for a datagram to pass over.</summary>
    public int[] Lengths { get; }

    /// <summary>Where each came from or goes to.</summary>
    public UdpEndpoint[] Endpoints { get; }

    /// <summary>The socket each is to be sent from.</summary>
    public byte[] Sockets { get; }

    public Span<byte> Slot(int index) => MemoryMarshal.CreateSpan(ref _memory[index * (_slotBytes + Padding)], _slotBytes);

    /// <summary>The slot and one byte more, by which a datagram that is too long shows itself.</summary>
    public Span<byte> SlotAndOne(int index) => MemoryMarshal.CreateSpan(ref _memory[index * (_slotBytes + Padding)], _slotBytes + 1);

    public unsafe byte* Pointer(int index) => (byte*)Marshal.UnsafeAddrOfPinnedArrayElement(_memory, index * (_slotBytes + Padding));

    public void Add(in Transmit transmit)
    {
        Lengths[Count] = transmit.Length;
        Endpoints[Count] = transmit.To;
        Sockets[Count] = transmit.Socket;
        Count++;
    }
}
