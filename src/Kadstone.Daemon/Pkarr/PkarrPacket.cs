using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using Kadstone.Crypto;
using Kadstone.Daemon.Pkarr.Dns;
using Kadstone.Mainline;

namespace Kadstone.Daemon.Pkarr;

/// <summary>A DNS message that the owner of a key signed: what pkarr keeps under the key, as a mutable item of BEP 44 without a salt.</summary>
/// <remarks>The bytes stay as they came. An encoding of DNS is not canonical: one made anew would fit no signature.</remarks>
internal sealed class PkarrPacket
{
    /// <summary>1000: the longest DNS message of the format.</summary>
    public const int MaxMessageLength = 1000;

    /// <summary>996: the longest that nodes of the DHT store, since BEP 44 counts <c>996:</c> with the value.</summary>
    public const int MaxStoredLength = 996;

    /// <summary>72: a signature and a timestamp.</summary>
    public const int MinPayloadLength = Ed25519.SignatureLength + sizeof(ulong);

    /// <summary>1072: the longest payload.</summary>
    public const int MaxPayloadLength = MinPayloadLength + MaxMessageLength;

    private readonly uint? _leastTtl;

    private PkarrPacket(PkarrKey key, byte[] signature, long timestamp, byte[] message, uint? leastTtl)
    {
        Key = key;
        Signature = signature;
        Timestamp = timestamp;
        Message = message;
        _leastTtl = leastTtl;
    }

    public PkarrKey Key { get; }

    /// <summary>64 bytes.</summary>
    public ReadOnlyMemory<byte> Signature { get; }

    /// <summary>Microseconds since 1970 as the author's clock had them; did:dht writes seconds. The sequence number of the item.</summary>
    public long Timestamp { get; }

    /// <summary>The DNS message.</summary>
    public ReadOnlyMemory<byte> Message { get; }

    /// <summary>The timestamp as a date; null when no calendar of four digits has it.</summary>
    public DateTimeOffset? SignedAt => Microseconds.TryToDate(Timestamp);

    /// <summary>Reads what a relay takes and gives: signature, timestamp, message.</summary>
    public static bool TryReadPayload(PkarrKey key, ReadOnlySpan<byte> payload, [NotNullWhen(true)] out PkarrPacket? packet, out PkarrFault why)
    {
        packet = null;
        if (payload.Length is < MinPayloadLength or > MaxPayloadLength)
        {
            why = PkarrFault.Length;
            return false;
        }

        ulong timestamp = BinaryPrimitives.ReadUInt64BigEndian(payload[Ed25519.SignatureLength..]);
        if (timestamp > long.MaxValue)
        {
            why = PkarrFault.Timestamp;
            return false;
        }

        return TryCreate(key, payload[..Ed25519.SignatureLength], (long)timestamp, payload[MinPayloadLength..], out packet, out why);
    }

    /// <summary>A packet of its parts.</summary>
    public static bool TryCreate(
        PkarrKey key,
        ReadOnlySpan<byte> signature,
        long timestamp,
        ReadOnlySpan<byte> message,
        [NotNullWhen(true)] out PkarrPacket? packet,
        out PkarrFault why)
    {
        packet = null;
        why = message.Length > MaxMessageLength || signature.Length != Ed25519.SignatureLength ? PkarrFault.Length
            : timestamp < 0 ? PkarrFault.Timestamp
            : !Ed25519.Verify(signature, Signable(timestamp, message), key.Bytes.Span) ? PkarrFault.Signature
            : PkarrFault.None;
        if (why != PkarrFault.None)
        {
            return false;
        }

        // The message last: a stranger's bytes are parsed when somebody answers for them.
        if (!DnsMessage.TryRead(message, out IReadOnlyList<DnsRecord>? records))
        {
            why = PkarrFault.Message;
            return false;
        }

        packet = new PkarrPacket(key, signature.ToArray(), timestamp, message.ToArray(), LeastTtl(records));
        return true;
    }

    /// <summary>Signs a message.</summary>
    /// <exception cref="ArgumentException">The seed has not 32 bytes, or the message is longer than <see cref="MaxMessageLength"/> or none of DNS.</exception>
    public static PkarrPacket Sign(ReadOnlySpan<byte> seed, ReadOnlySpan<byte> message, long timestamp)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(timestamp);
        byte[] signature = new byte[Ed25519.SignatureLength];
        Ed25519.Sign(Signable(timestamp, message), seed, signature);
        return PkarrKey.TryCreate(Ed25519.CreateKeyPair(seed), out PkarrKey? key) && TryCreate(key, signature, timestamp, message, out PkarrPacket? packet, out _)
            ? packet
            : throw new ArgumentException($"A packet is a DNS message of at most {MaxMessageLength} bytes.", nameof(message));
    }

    /// <summary>Signature, timestamp, message.</summary>
    public byte[] ToPayload()
    {
        byte[] payload = new byte[MinPayloadLength + Message.Length];
        Signature.CopyTo(payload);
        BinaryPrimitives.WriteInt64BigEndian(payload.AsSpan(Ed25519.SignatureLength), Timestamp);
        Message.CopyTo(payload.AsMemory(MinPayloadLength));
        return payload;
    }

    /// <summary>The item of BEP 44.</summary>
    /// <exception cref="ArgumentException">The message is longer than <see cref="MaxStoredLength"/>.</exception>
    public SignedItem ToItem() => new(Key.Bytes, default, Timestamp, ItemValue.FromBytes(Message.Span), Signature);

    /// <summary>The records of the message.</summary>
    public IReadOnlyList<DnsRecord> ReadRecords() => DnsMessage.TryRead(Message.Span, out IReadOnlyList<DnsRecord>? records) ? records : [];

    /// <summary>Greater than zero when this packet replaces the other: a later timestamp, or of the same the greater bytes.</summary>
    public int CompareTo(PkarrPacket other) =>
        Timestamp != other.Timestamp ? Timestamp.CompareTo(other.Timestamp) : Message.Span.SequenceCompareTo(other.Message.Span);

    /// <summary>How long it may be kept without asking again: the least of its records' times, within bounds.</summary>
    public TimeSpan TimeToLive(TimeSpan least, TimeSpan most) =>
        _leastTtl is uint seconds && TimeSpan.FromSeconds(seconds) is TimeSpan ttl && ttl > least ? (ttl < most ? ttl : most) : least;

    // BEP 44, "Signature Verification": the sequence number and the value, each after its key.
    private static byte[] Signable(long timestamp, ReadOnlySpan<byte> message) =>
        [.. System.Text.Encoding.ASCII.GetBytes(string.Create(System.Globalization.CultureInfo.InvariantCulture, $"3:seqi{timestamp}e1:v{message.Length}:")), .. message];

    private static uint? LeastTtl(IReadOnlyList<DnsRecord> records)
    {
        uint? least = null;
        foreach (DnsRecord record in records)
        {
            least = record.Ttl > least ? least : record.Ttl;
        }

        return least;
    }
}
