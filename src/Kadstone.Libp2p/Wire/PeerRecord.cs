using System.Diagnostics.CodeAnalysis;

namespace Kadstone.Libp2p;

/// <summary>Where a peer says that it is, in a form that it signs and others may hand on.</summary>
/// <param name="Peer">Who.</param>
/// <param name="Sequence">Grows with each record of the peer: a lower one never replaces a higher.</param>
/// <param name="Addresses">Where, without the peer at their end. At most <see cref="MaxAddresses"/> are read.</param>
/// <remarks>libp2p RFC 3, peer routing records.</remarks>
public sealed record PeerRecord(PeerId Peer, ulong Sequence, IReadOnlyList<Multiaddr> Addresses)
{
    /// <summary>64: the most addresses that are read.</summary>
    public const int MaxAddresses = 64;

    private const string Domain = "libp2p-peer-record";

    private static ReadOnlySpan<byte> PayloadType => [0x03, 0x01];

    /// <summary>The record in an envelope that its peer signed.</summary>
    /// <exception cref="ArgumentException">The key is another peer's.</exception>
    public byte[] Sign(PrivateKey key)
    {
        ArgumentNullException.ThrowIfNull(key);
        return key.PeerId == Peer
            ? SignedEnvelope.Seal(key, Domain, PayloadType, Encode())
            : throw new ArgumentException("A peer signs its own record only.", nameof(key));
    }

    /// <summary>Reads a signed record whose signer is the peer that it speaks of. Never throws.</summary>
    public static bool TryOpen(ReadOnlySpan<byte> envelope, [NotNullWhen(true)] out PeerRecord? record)
    {
        record = null;
        return SignedEnvelope.TryOpen(envelope, Domain, PayloadType, out SignedEnvelope? opened)
            && TryRead(opened.Payload.Span, out record) && record.Peer == opened.Signer.PeerId;
    }

    private static bool TryRead(ReadOnlySpan<byte> payload, [NotNullWhen(true)] out PeerRecord? record)
    {
        record = null;
        PeerId? peer = null;
        ulong sequence = 0;
        List<Multiaddr> addresses = [];
        ProtobufReader reader = new(payload);
        while (reader.TryRead(out ProtobufField field))
        {
            if (field.Is(1, ProtobufWireType.Bytes))
            {
                PeerId.TryRead(field.Bytes, out peer);
            }
            else if (field.Is(2, ProtobufWireType.Varint))
            {
                sequence = field.Value;
            }
            else if (field.Is(3, ProtobufWireType.Bytes) && addresses.Count < MaxAddresses && TryReadAddress(field.Bytes, out Multiaddr? address))
            {
                addresses.Add(address);
            }
        }

        record = reader.IsMalformed || peer is null ? null : new PeerRecord(peer, sequence, addresses);
        return record is not null;
    }

    private static bool TryReadAddress(ReadOnlySpan<byte> message, [NotNullWhen(true)] out Multiaddr? address)
    {
        address = null;
        ProtobufReader reader = new(message);
        while (reader.TryRead(out ProtobufField field))
        {
            if (field.Is(1, ProtobufWireType.Bytes))
            {
                Multiaddr.TryRead(field.Bytes, out address);
            }
        }

        return !reader.IsMalformed && address is not null;
    }

    private byte[] Encode()
    {
        byte[] buffer = new byte[Addresses.Sum(address => address.Bytes.Length + (2 * ProtobufWriter.BoundOf(0))) + Peer.Bytes.Length + (3 * ProtobufWriter.BoundOf(0))];
        ProtobufWriter writer = new(buffer);
        writer.WriteBytes(1, Peer.Bytes.Span);
        writer.WriteVarint(2, Sequence);
        Span<byte> inner = stackalloc byte[ProtobufWriter.BoundOf(Multiaddr.MaxLength)];
        foreach (Multiaddr address in Addresses)
        {
            ProtobufWriter nested = new(inner);
            nested.WriteBytes(1, address.Bytes.Span);
            writer.WriteBytes(3, nested.Written);
        }

        return writer.Written.ToArray();
    }
}
