using System.Buffers.Binary;
using Kadstone.Datagrams;

namespace Kadstone.Hyperswarm;

/// <summary>A list of peers, read as they are asked for. An entry with port 0 is skipped, an incomplete last one is cut.</summary>
/// <remarks>hyperdht 1.3.0: <c>peers</c> in entries of 6 bytes, <c>localPeers</c> of 4, which lack the two bytes that all their addresses share.</remarks>
internal readonly ref struct Gen1Peers
{
    private readonly ReadOnlySpan<byte> _packed;
    private readonly int _entryLength;
    private readonly uint _network;

    internal Gen1Peers(ReadOnlySpan<byte> packed)
    {
        _packed = packed;
        _entryLength = Gen1PeersResponse.PeerLength;
    }

    internal Gen1Peers(ReadOnlySpan<byte> packed, UdpEndpoint ours)
    {
        _packed = packed;
        _entryLength = Gen1PeersResponse.LocalPeerLength;
        _network = (uint)ours.AddressLow & 0xFFFF_0000;
    }

    /// <summary>Walks the peers in the order of the message.</summary>
    public Enumerator GetEnumerator() => new(this);

    /// <summary>Walks the peers.</summary>
    internal ref struct Enumerator
    {
        private readonly int _entryLength;
        private readonly uint _network;
        private ReadOnlySpan<byte> _rest;

        internal Enumerator(Gen1Peers peers)
        {
            _rest = peers._packed;
            _entryLength = peers._entryLength;
            _network = peers._network;
            Current = default;
        }

        /// <summary>The present peer.</summary>
        public UdpEndpoint Current { get; private set; }

        /// <summary>Steps to the next peer.</summary>
        public bool MoveNext()
        {
            // The default list has entries of no length, and none of them.
            while (_entryLength > 0 && _rest.Length >= _entryLength)
            {
                ushort port = BinaryPrimitives.ReadUInt16BigEndian(_rest[(_entryLength - 2)..]);
                uint address = _entryLength == Gen1PeersResponse.PeerLength
                    ? BinaryPrimitives.ReadUInt32BigEndian(_rest)
                    : _network | BinaryPrimitives.ReadUInt16BigEndian(_rest);
                _rest = _rest[_entryLength..];
                if (port != 0)
                {
                    Current = UdpEndpoint.FromIPv4(address, port);
                    return true;
                }
            }

            return false;
        }
    }
}
