namespace Kadstone.Ipfs.Wire;

/// <summary>A peer that a message names.</summary>
internal sealed record KadPeer(PeerId Id, IReadOnlyList<Multiaddr> Addresses, KadConnection Connection = KadConnection.NotConnected)
{
    /// <summary>8,192: what one peer takes of a message at most; addresses beyond are left out.</summary>
    public const int MaxLength = 8 * 1024;

    /// <summary>32: the most addresses that are read.</summary>
    public const int MaxAddresses = 32;

    // What the objects of a peer without addresses take in memory.
    private const int Cost = 192;

    public PeerInfo ToInfo() => new(Id, Addresses);

    /// <summary>Reads a peer; false when it has no id, or is no message at all. An address that cannot be read is left out.</summary>
    /// <param name="bytes">The bytes.</param>
    /// <param name="room">How much memory peers may still take; addresses for which there is none are left out.</param>
    /// <param name="peer">The peer.</param>
    public static bool TryRead(ReadOnlySpan<byte> bytes, ref int room, out KadPeer? peer)
    {
        room -= Cost;
        PeerId? id = null;
        List<Multiaddr> addresses = [];
        KadConnection connection = KadConnection.NotConnected;
        ProtobufReader reader = new(bytes);
        while (reader.TryRead(out ProtobufField field))
        {
            if (id is null && field.Is(1, ProtobufWireType.Bytes))
            {
                PeerId.TryRead(field.Bytes, out id);
            }
            else if (field.Is(2, ProtobufWireType.Bytes) && addresses.Count < MaxAddresses && room > 0 && Multiaddr.TryRead(field.Bytes, out Multiaddr? address))
            {
                // Addresses of kad messages carry no peer; one that names another peer would lead astray.
                PeerId? named = address.Peer;
                room -= named is null ? CostOf(address) : Cost + (2 * CostOf(address));
                if (named is null || named == id)
                {
                    addresses.Add(named is null ? address : address.WithoutPeer());
                }
            }
            else if (field.Is(3, ProtobufWireType.Varint))
            {
                connection = field.Value <= (ulong)KadConnection.CannotConnect ? (KadConnection)field.Value : KadConnection.NotConnected;
            }
        }

        peer = reader.IsMalformed || id is null ? null : new KadPeer(id, addresses, connection);
        return peer is not null;
    }

    /// <summary>How many bytes <see cref="Write"/> takes.</summary>
    public int LengthWith(int maxAddresses)
    {
        int length = FieldLength(Id.Bytes.Length);
        int count = Math.Min(maxAddresses, Addresses.Count);
        for (int i = 0; i < count; i++)
        {
            length += Fits(Addresses[i], length) ? FieldLength(Addresses[i].Bytes.Length) : 0;
        }

        return length + (Connection == KadConnection.NotConnected ? 0 : 2);
    }

    /// <summary>Writes the peer with its first addresses, as many as fit.</summary>
    public void Write(Span<byte> destination, int maxAddresses)
    {
        ProtobufWriter writer = new(destination);
        writer.WriteBytes(1, Id.Bytes.Span);
        int count = Math.Min(maxAddresses, Addresses.Count);
        for (int i = 0; i < count; i++)
        {
            if (Fits(Addresses[i], writer.Length))
            {
                writer.WriteBytes(2, Addresses[i].Bytes.Span);
            }
        }

        if (Connection != KadConnection.NotConnected)
        {
            writer.WriteVarint(3, (ulong)Connection);
        }
    }

    private static int CostOf(Multiaddr address) => 128 + address.Bytes.Length + (24 * address.Components.Count);

    // Room stays for the connection.
    private static bool Fits(Multiaddr address, int before) => ProtobufWriter.BoundOf(address.Bytes.Length) <= MaxLength - before - 2;

    private static int FieldLength(int byteCount) => 1 + Uvarint.Length((ulong)byteCount) + byteCount;
}
