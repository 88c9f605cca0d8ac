using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Kadstone.Datagrams;

namespace Kadstone.Mainline.Core.Peers;

/// <summary>A stored peer of one IP version, packed.</summary>
internal interface IPeerEntry<TSelf>
    where TSelf : struct, IPeerEntry<TSelf>
{
    static abstract int CompactLength { get; }

    static abstract TSelf From(in UdpEndpoint peer, uint stamp);

    UdpEndpoint Endpoint { get; }

    ushort Port { get; }

    /// <summary>When the peer was last announced, in seconds of the table's own clock.</summary>
    uint Stamp { get; set; }

    /// <summary>The next entry of the same bucket of a long list, counted from 1; 0 at the end.</summary>
    static abstract ref ushort NextOf(ref TSelf entry);

    bool IsOfHost(in UdpEndpoint peer);

    bool IsOfPrefix(in UdpEndpoint peer);

    void WriteCompact(Span<byte> destination);
}

/// <summary>12 bytes.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct PeerEntry4 : IPeerEntry<PeerEntry4>
{
    private uint _address;
    private uint _stamp;
    private ushort _port;
    private ushort _next;

    public static int CompactLength => 6;

    public static PeerEntry4 From(in UdpEndpoint peer, uint stamp) =>
        new() { _address = (uint)peer.AddressLow, _port = peer.Port, _stamp = stamp };

    public readonly UdpEndpoint Endpoint => UdpEndpoint.FromIPv4(_address, _port);

    public readonly ushort Port => _port;

    public uint Stamp { readonly get => _stamp; set => _stamp = value; }

    public static ref ushort NextOf(ref PeerEntry4 entry) => ref entry._next;

    public readonly bool IsOfHost(in UdpEndpoint peer) => _address == (uint)peer.AddressLow;

    public readonly bool IsOfPrefix(in UdpEndpoint peer) => _address >> 8 == (uint)peer.AddressLow >> 8;

    public readonly void WriteCompact(Span<byte> destination)
    {
        BinaryPrimitives.WriteUInt32BigEndian(destination, _address);
        BinaryPrimitives.WriteUInt16BigEndian(destination[4..], _port);
    }
}

/// <summary>24 bytes.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct PeerEntry6 : IPeerEntry<PeerEntry6>
{
    private ulong _high;
    private ulong _low;
    private uint _stamp;
    private ushort _port;
    private ushort _next;

    public static int CompactLength => 18;

    public static PeerEntry6 From(in UdpEndpoint peer, uint stamp) =>
        new() { _high = peer.AddressHigh, _low = peer.AddressLow, _port = peer.Port, _stamp = stamp };

    public readonly UdpEndpoint Endpoint => UdpEndpoint.FromIPv6(_high, _low, _port);

    public readonly ushort Port => _port;

    public uint Stamp { readonly get => _stamp; set => _stamp = value; }

    public static ref ushort NextOf(ref PeerEntry6 entry) => ref entry._next;

    public readonly bool IsOfHost(in UdpEndpoint peer) => _low == peer.AddressLow && _high == peer.AddressHigh;

    public readonly bool IsOfPrefix(in UdpEndpoint peer) => _high == peer.AddressHigh;

    public readonly void WriteCompact(Span<byte> destination)
    {
        BinaryPrimitives.WriteUInt64BigEndian(destination, _high);
        BinaryPrimitives.WriteUInt64BigEndian(destination[8..], _low);
        BinaryPrimitives.WriteUInt16BigEndian(destination[16..], _port);
    }
}
