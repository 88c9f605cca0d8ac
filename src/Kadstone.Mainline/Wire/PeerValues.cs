using Kadstone.Datagrams;

namespace Kadstone.Mainline;

/// <summary>The peers of <c>values</c>, read as they are asked for. Members that are no peer are skipped.</summary>
/// <remarks>
/// BEP 5: a list of strings of 6 bytes; BEP 32: of 18. One string of 6 n bytes, as some clients send it, is taken too.
/// A v4-mapped IPv6 address is no peer. A datagram of 9,216 bytes holds at most 1,536 peers.
/// </remarks>
internal readonly ref struct PeerValues
{
    private readonly ReadOnlySpan<byte> _list;
    private readonly ReadOnlySpan<byte> _packed;

    private PeerValues(ReadOnlySpan<byte> list, ReadOnlySpan<byte> packed)
    {
        _list = list;
        _packed = packed;
    }

    /// <summary>How many peers there are; counts them.</summary>
    public int Count
    {
        get
        {
            int count = 0;
            foreach (UdpEndpoint _ in this)
            {
                count++;
            }

            return count;
        }
    }

    /// <summary>Walks the peers in the order of the message.</summary>
    public Enumerator GetEnumerator() => new(_list, _packed);

    /// <summary>The peers in a bencoded list that was walked once already.</summary>
    internal static PeerValues FromList(ReadOnlySpan<byte> list) => new(list[1..], default);

    /// <summary>The peers in one string of IPv4 peers.</summary>
    internal static PeerValues FromPacked(ReadOnlySpan<byte> packed) => new(default, packed);

    /// <summary>Walks the peers.</summary>
    internal ref struct Enumerator
    {
        private ReadOnlySpan<byte> _packed;
        private BencodeReader _list;

        internal Enumerator(ReadOnlySpan<byte> list, ReadOnlySpan<byte> packed)
        {
            _list = new BencodeReader(list);
            _packed = packed;
            Current = default;
        }

        /// <summary>The present peer.</summary>
        public UdpEndpoint Current { get; private set; }

        /// <summary>Steps to the next peer.</summary>
        public bool MoveNext()
        {
            if (_packed.Length >= 6)
            {
                bool read = UdpEndpoint.TryReadCompact(_packed[..6], out UdpEndpoint peer);
                Current = peer;
                _packed = _packed[6..];
                return read;
            }

            while (!_list.AtEnd && _list.Next != 'e')
            {
                if (!_list.AtString)
                {
                    if (!_list.TrySkip())
                    {
                        return false;
                    }
                }
                else if (!_list.TryReadString(out ReadOnlySpan<byte> entry))
                {
                    return false;
                }
                else if (UdpEndpoint.TryReadCompact(entry, out UdpEndpoint peer) && !NodeContact.IsMapped(peer))
                {
                    Current = peer;
                    return true;
                }
            }

            return false;
        }
    }
}
