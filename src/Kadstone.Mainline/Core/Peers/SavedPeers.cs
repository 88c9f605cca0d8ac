using System.Buffers.Binary;
using System.Diagnostics;
using Kadstone.Datagrams;

namespace Kadstone.Mainline.Core.Peers;

/// <summary>The stored form of an infohash's peers.</summary>
/// <remarks>
/// <c>01</c>, the number of IPv4 and of IPv6 peers (2 bytes each), then the peers: compact endpoint and 2 bytes, of which the top bit
/// tells a seed and the others the age in seconds at the time of saving. All numbers big-endian.
/// </remarks>
internal static class SavedPeers
{
    private const byte Version = 1;
    private const int HeaderLength = 5;
    private const int IPv4Length = 6 + 2;
    private const int IPv6Length = 18 + 2;
    private const int SeedBit = 0x8000;

    public static int LengthOf(int ipv4Count, int ipv6Count) => HeaderLength + (ipv4Count * IPv4Length) + (ipv6Count * IPv6Length);

    /// <summary>Opens a stored form.</summary>
    /// <returns>False when the version is unknown or the length is not what the counts call for.</returns>
    public static bool TryRead(ReadOnlySpan<byte> blob, out Reader reader)
    {
        reader = default;
        if (blob.Length < HeaderLength || blob[0] != Version)
        {
            return false;
        }

        int ipv4Count = BinaryPrimitives.ReadUInt16BigEndian(blob[1..]);
        int ipv6Count = BinaryPrimitives.ReadUInt16BigEndian(blob[3..]);
        if (blob.Length != LengthOf(ipv4Count, ipv6Count))
        {
            return false;
        }

        reader = new Reader(blob[HeaderLength..], ipv4Count);
        return true;
    }

    public ref struct Reader(ReadOnlySpan<byte> rest, int ipv4Count)
    {
        private ReadOnlySpan<byte> _rest = rest;
        private int _ipv4Count = ipv4Count;

        public bool TryNext(out UdpEndpoint peer, out bool isSeed, out int ageSeconds)
        {
            int length = _ipv4Count-- > 0 ? IPv4Length : IPv6Length;
            if (_rest.Length < length)
            {
                (peer, isSeed, ageSeconds) = (default, false, 0);
                return false;
            }

            _ = UdpEndpoint.TryReadCompact(_rest[..(length - 2)], out peer);
            int tail = BinaryPrimitives.ReadUInt16BigEndian(_rest[(length - 2)..]);
            (isSeed, ageSeconds) = ((tail & SeedBit) != 0, tail & ~SeedBit);
            _rest = _rest[length..];
            return true;
        }
    }

    public ref struct Writer
    {
        private Span<byte> _rest;

        public Writer(Span<byte> blob, int ipv4Count, int ipv6Count)
        {
            Debug.Assert(blob.Length == LengthOf(ipv4Count, ipv6Count));
            blob[0] = Version;
            BinaryPrimitives.WriteUInt16BigEndian(blob[1..], (ushort)ipv4Count);
            BinaryPrimitives.WriteUInt16BigEndian(blob[3..], (ushort)ipv6Count);
            _rest = blob[HeaderLength..];
        }

        public void Write(UdpEndpoint peer, bool isSeed, uint ageSeconds)
        {
            int length = peer.WriteCompact(_rest);
            int tail = (int)Math.Min(ageSeconds, SeedBit - 1) | (isSeed ? SeedBit : 0);
            BinaryPrimitives.WriteUInt16BigEndian(_rest[length..], (ushort)tail);
            _rest = _rest[(length + 2)..];
        }
    }
}
