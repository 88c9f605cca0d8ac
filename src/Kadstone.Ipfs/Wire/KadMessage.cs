namespace Kadstone.Ipfs.Wire;

/// <summary>A message of kad-dht, request or answer.</summary>
internal sealed record KadMessage
{
    /// <summary>16,000: the longest message that we send. One make of peer reads no more than 16 KiB.</summary>
    public const int MaxSentLength = 16_000;

    /// <summary>131,072: the longest request that is read; a value has at most half of that.</summary>
    public const int MaxRequestLength = 128 * 1024;

    /// <summary>1,048,576: the longest answer that is read.</summary>
    public const int MaxAnswerLength = 1024 * 1024;

    /// <summary>40: the most closer peers that are read, twice as many as an answer should name.</summary>
    public const int MaxCloser = 40;

    /// <summary>1,000: the most providers that are read.</summary>
    public const int MaxProviders = 1000;

    private const int MostAddresses = 16;

    public KadMessageType Type { get; init; }

    public ReadOnlyMemory<byte> Key { get; init; }

    public KadRecord? Record { get; init; }

    public IReadOnlyList<KadPeer> Closer { get; init; } = [];

    public IReadOnlyList<KadPeer> Providers { get; init; } = [];

    /// <summary>Reads a message: fields in any order, unknown ones passed over, a missing type is 0. Null when it is none, or of a type that is not known.</summary>
    public static KadMessage? TryRead(ReadOnlySpan<byte> bytes)
    {
        ulong type = 0;
        ReadOnlySpan<byte> key = default;
        ReadOnlySpan<byte> record = default;
        bool hasRecord = false;

        // What many peers and addresses of a few bytes each may cost: an object is larger than what it says.
        int room = RoomOf(bytes.Length);
        List<KadPeer> closer = [];
        List<KadPeer> providers = [];
        ProtobufReader reader = new(bytes);
        while (reader.TryRead(out ProtobufField field))
        {
            if (field.Is(1, ProtobufWireType.Varint))
            {
                type = field.Value;
            }
            else if (field.Is(2, ProtobufWireType.Bytes))
            {
                key = field.Bytes;
            }
            else if (field.Is(3, ProtobufWireType.Bytes))
            {
                record = field.Bytes;
                hasRecord = true;
            }
            else if (field.Is(8, ProtobufWireType.Bytes))
            {
                Add(closer, field.Bytes, MaxCloser, ref room);
            }
            else if (field.Is(9, ProtobufWireType.Bytes))
            {
                Add(providers, field.Bytes, MaxProviders, ref room);
            }
        }

        if (reader.IsMalformed || type > (ulong)KadMessageType.Ping || key.Length > KadRecord.MaxKeyLength)
        {
            return null;
        }

        KadRecord? read = hasRecord ? KadRecord.TryRead(record) : null;
        return hasRecord && read is null ? null : new KadMessage { Type = (KadMessageType)type, Key = key.ToArray(), Record = read, Closer = closer, Providers = providers };
    }

    /// <summary>How many bytes the peers of a message of a length may take. Real ones take up to nine times what they have on the wire.</summary>
    internal static int RoomOf(int length) => (14 * length) + (48 * 1024);

    /// <summary>The message in tag order, without zeroes, and no longer than <see cref="MaxSentLength"/> where peers can be left out: first addresses go, then peers from the end.</summary>
    public byte[] Encode()
    {
        byte[] record = Record?.Encode() ?? [];
        int fixedLength = 2 + ProtobufWriter.BoundOf(Key.Length) + ProtobufWriter.BoundOf(record.Length);
        int room = Math.Max(0, MaxSentLength - fixedLength);
        (int addresses, int closer, int providers) = Trim(room);
        byte[] buffer = new byte[fixedLength + BoundOf(Closer, closer, addresses) + BoundOf(Providers, providers, addresses)];
        ProtobufWriter writer = new(buffer);
        if (Type != 0)
        {
            writer.WriteVarint(1, (ulong)Type);
        }

        if (Key.Length > 0)
        {
            writer.WriteBytes(2, Key.Span);
        }

        if (Record is not null)
        {
            writer.WriteBytes(3, record);
        }

        Write(ref writer, 8, Closer, closer, addresses);
        Write(ref writer, 9, Providers, providers, addresses);
        return writer.Written.ToArray();
    }

    private static void Add(List<KadPeer> peers, ReadOnlySpan<byte> bytes, int max, ref int room)
    {
        if (peers.Count < max && room > 0 && KadPeer.TryRead(bytes, ref room, out KadPeer? peer) && peer is not null)
        {
            peers.Add(peer);
        }
    }

    // How many peers of either list are told, and how many addresses of each.
    private (int Addresses, int Closer, int Providers) Trim(int room)
    {
        for (int addresses = MostAddresses; addresses > 1; addresses /= 2)
        {
            if (BoundOf(Closer, Closer.Count, addresses) + BoundOf(Providers, Providers.Count, addresses) <= room)
            {
                return (addresses, Closer.Count, Providers.Count);
            }
        }

        // Providers may take half; what either leaves goes to the other.
        int providers = CountWithin(Providers, Math.Max(room / 2, room - BoundOf(Closer, Closer.Count, 1)));
        return (1, CountWithin(Closer, room - BoundOf(Providers, providers, 1)), providers);
    }

    private static int BoundOf(IReadOnlyList<KadPeer> peers, int count, int addresses)
    {
        int bound = 0;
        for (int i = 0; i < count; i++)
        {
            bound += ProtobufWriter.BoundOf(peers[i].LengthWith(addresses));
        }

        return bound;
    }

    private static int CountWithin(IReadOnlyList<KadPeer> peers, int room)
    {
        int count = 0;
        while (count < peers.Count && (room -= ProtobufWriter.BoundOf(peers[count].LengthWith(1))) >= 0)
        {
            count++;
        }

        return count;
    }

    private static void Write(ref ProtobufWriter writer, int field, IReadOnlyList<KadPeer> peers, int count, int addresses)
    {
        for (int i = 0; i < count; i++)
        {
            peers[i].Write(writer.Reserve(field, peers[i].LengthWith(addresses)), addresses);
        }
    }
}
