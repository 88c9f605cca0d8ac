using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace Kadstone.Datagrams;

/// <summary>The calls of Linux that the framework does not offer, with the layouts of 64-bit Linux (the same on x64 and arm64 but for epoll_event).</summary>
internal static unsafe partial class LinuxNative
{
    public const int Again = 11;
    public const int Interrupted = 4;
    public const int BadDescriptor = 9;
    public const int NotSocket = 88;
    public const int DontWait = 0x40;
    public const int Truncated = 0x20;
    public const int CloseOnExec = 0x80000;
    public const int NonBlocking = 0x800;
    public const uint EventIn = 1;
    public const short PollOut = 4;
    public const int ControlAdd = 1;
    public const int ControlDelete = 2;
    public const int AddressBytes = 28;

    private const ushort InterNetwork = 2;
    private const ushort InterNetworkV6 = 10;

    /// <summary>x64 packs epoll_event to 12 bytes, so that 32-bit programs share it; all others align it.</summary>
    public static readonly int EventBytes = RuntimeInformation.ProcessArchitecture == Architecture.X64 ? 12 : 16;

    private static readonly int EventTagOffset = RuntimeInformation.ProcessArchitecture == Architecture.X64 ? 4 : 8;

    public static void WriteEvent(byte* place, uint events, ulong tag)
    {
        *(uint*)place = events;
        Unaligned(place) = tag;
    }

    public static ulong ReadTag(byte* place) => Unaligned(place);

    /// <summary>Reads a sockaddr_in or sockaddr_in6; a v4-mapped address becomes IPv4.</summary>
    public static UdpEndpoint ReadAddress(byte* address)
    {
        ushort port = BinaryPrimitives.ReverseEndianness(*(ushort*)(address + 2));
        if (*(ushort*)address == InterNetwork)
        {
            return UdpEndpoint.FromIPv4(BinaryPrimitives.ReverseEndianness(*(uint*)(address + 4)), port);
        }

        ulong high = BinaryPrimitives.ReverseEndianness(*(ulong*)(address + 8));
        ulong low = BinaryPrimitives.ReverseEndianness(*(ulong*)(address + 16));
        return high == 0 && low >> 32 == 0xFFFF ? UdpEndpoint.FromIPv4((uint)low, port) : UdpEndpoint.FromIPv6(high, low, port);
    }

    /// <summary>Writes a sockaddr for a socket of this family and returns its length; IPv4 goes v4-mapped over an IPv6 socket.</summary>
    public static uint WriteAddress(byte* address, UdpEndpoint endpoint, bool toIPv4Socket)
    {
        *(ushort*)(address + 2) = BinaryPrimitives.ReverseEndianness(endpoint.Port);
        if (toIPv4Socket)
        {
            // An IPv6 endpoint cannot be reached from here: family 10 makes the kernel refuse it.
            *(ushort*)address = endpoint.IsIPv4 ? InterNetwork : InterNetworkV6;
            *(uint*)(address + 4) = BinaryPrimitives.ReverseEndianness((uint)endpoint.AddressLow);
            return 16;
        }

        *(ushort*)address = InterNetworkV6;
        *(uint*)(address + 4) = 0;
        *(ulong*)(address + 8) = BinaryPrimitives.ReverseEndianness(endpoint.IsIPv4 ? 0 : endpoint.AddressHigh);
        *(ulong*)(address + 16) = BinaryPrimitives.ReverseEndianness(endpoint.IsIPv4 ? 0xFFFF_0000_0000 | endpoint.AddressLow : endpoint.AddressLow);
        *(uint*)(address + 24) = 0;
        return 28;
    }

    [LibraryImport("libc", SetLastError = true)]
    public static partial int recvmmsg(int socket, MessageHeader* messages, uint count, int flags, void* timeout);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int sendmmsg(int socket, MessageHeader* messages, uint count, int flags);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int epoll_create1(int flags);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int epoll_ctl(int epoll, int operation, int descriptor, byte* change);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int epoll_wait(int epoll, byte* events, int maximum, int milliseconds);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int eventfd(uint initial, int flags);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int poll(PollDescriptor* descriptors, nuint count, int milliseconds);

    [LibraryImport("libc", SetLastError = true)]
    public static partial nint read(int descriptor, void* buffer, nuint count);

    [LibraryImport("libc", SetLastError = true)]
    public static partial nint write(int descriptor, void* buffer, nuint count);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int close(int descriptor);

    private static ref ulong Unaligned(byte* place) => ref *(ulong*)(place + EventTagOffset);

    /// <summary>struct iovec.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct Buffer
    {
        public byte* Start;
        public nuint Length;
    }

    /// <summary>struct mmsghdr: a struct msghdr of 56 bytes and the length of the datagram; 64 bytes.</summary>
    [StructLayout(LayoutKind.Explicit, Size = 64)]
    public struct MessageHeader
    {
        [FieldOffset(0)]
        public byte* Name;
        [FieldOffset(8)]
        public uint NameLength;
        [FieldOffset(16)]
        public Buffer* Buffers;
        [FieldOffset(24)]
        public nuint BufferCount;
        [FieldOffset(32)]
        public void* Control;
        [FieldOffset(40)]
        public nuint ControlLength;
        [FieldOffset(48)]
        public int Flags;
        [FieldOffset(56)]
        public uint Length;
    }

    /// <summary>struct pollfd.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct PollDescriptor
    {
        public int Descriptor;
        public short Events;
        public short Returned;
    }
}
