using System.Numerics;
using Kadstone.Datagrams;

namespace Kadstone.Simulation;

/// <summary>A packet on its way.</summary>
internal struct Packet
{
    internal Route Route;
    internal NodePump Sender;
    internal UdpEndpoint From;
    internal byte[] Buffer;
    internal int Length;

    internal readonly ReadOnlySpan<byte> Bytes => Buffer.AsSpan(0, Length);
}

/// <summary>The packets on their way. Slots and buffers are used again, the latest first while it is warm in the cache.</summary>
internal sealed class PacketPool
{
    private const int SmallestBits = 7;

    private readonly Stack<byte[]>[] _buffers;
    private Packet[] _packets = new Packet[256];
    private int[] _free = new int[256];
    private int _freeCount;
    private int _used;

    internal PacketPool()
    {
        _buffers = new Stack<byte[]>[BitOperations.Log2(SimulatedNetwork.BufferLength) - SmallestBits + 1];
        for (int size = 0; size < _buffers.Length; size++)
        {
            _buffers[size] = new Stack<byte[]>();
        }
    }

    internal int InFlight => _used - _freeCount;

    internal ref Packet this[int slot] => ref _packets[slot];

    internal int Rent(Route route, NodePump sender, UdpEndpoint from, ReadOnlySpan<byte> bytes)
    {
        int slot;
        if (_freeCount > 0)
        {
            slot = _free[--_freeCount];
        }
        else
        {
            slot = _used++;
            if (slot == _packets.Length)
            {
                Array.Resize(ref _packets, slot * 2);
                Array.Resize(ref _free, slot * 2);
            }
        }

        ref Packet packet = ref _packets[slot];
        packet.Route = route;
        packet.Sender = sender;
        packet.From = from;
        packet.Length = bytes.Length;
        int size = SizeClass(bytes.Length);
        packet.Buffer = _buffers[size].TryPop(out byte[]? buffer) ? buffer : GC.AllocateUninitializedArray<byte>(1 << (size + SmallestBits));
        bytes.CopyTo(packet.Buffer);
        return slot;
    }

    internal void Return(int slot)
    {
        ref Packet packet = ref _packets[slot];
        _buffers[SizeClass(packet.Length)].Push(packet.Buffer);
        packet = default;
        _free[_freeCount++] = slot;
    }

    private static int SizeClass(int length) => Math.Max(0, BitOperations.Log2((uint)Math.Max(length, 1) - 1 | 1) + 1 - SmallestBits);
}
