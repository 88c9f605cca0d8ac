using System.Text;

namespace Kadstone.Ipfs.Wire;

/// <summary>An IPNS record as it stands in the DHT: signed data, the same once more in the fields of version 1, and both signatures.</summary>
/// <remarks>IPNS record specification. Version 1's signature is made for old readers, and never looked at.</remarks>
internal sealed class IpnsEntry
{
    /// <summary>10,240: the longest record.</summary>
    public const int MaxLength = 10 * 1024;

    private IpnsEntry(IpnsData data, Rfc3339Time validity)
    {
        Data = data;
        Validity = validity;
    }

    public IpnsData Data { get; }

    public Rfc3339Time Validity { get; }

    /// <summary>Reads and verifies a record of a name; whether it has expired is not looked at. Null when anything is wrong with it.</summary>
    public static IpnsEntry? TryOpen(ReadOnlySpan<byte> bytes, PeerId name)
    {
        if (bytes.Length > MaxLength)
        {
            return null;
        }

        Fields fields = default;
        ProtobufReader reader = new(bytes);
        while (reader.TryRead(out ProtobufField field))
        {
            fields.Take(field);
        }

        if (reader.IsMalformed || fields.SignatureV2.IsEmpty || fields.Data.IsEmpty || KeyOf(fields.PublicKey, name) is not PublicKey key
            || !key.Verify([.. "ipns-signature:"u8, .. fields.Data], fields.SignatureV2) || IpnsData.TryRead(fields.Data) is not IpnsData data
            || !fields.Agrees(data) || data.ValidityType != 0 || !Rfc3339Time.TryParse(data.Validity.Span, out Rfc3339Time validity))
        {
            return null;
        }

        return new IpnsEntry(data, validity);
    }

    /// <summary>Makes and signs a record, with both versions.</summary>
    /// <exception cref="ArgumentException">It would be too long.</exception>
    public static byte[] Create(PrivateKey key, string value, ulong sequence, Rfc3339Time validity, TimeSpan timeToLive)
    {
        ulong nanoseconds = (ulong)Math.Max(0, timeToLive.Ticks) * 100;
        return Sign(key, new IpnsData(Encoding.UTF8.GetBytes(value), BytesOf(validity), 0, sequence, nanoseconds));
    }

    /// <summary>The same record with another end.</summary>
    /// <exception cref="ArgumentException">It would be too long.</exception>
    public byte[] SignAnew(PrivateKey key, Rfc3339Time validity) => Sign(key, Data with { Validity = BytesOf(validity) });

    /// <summary>Whether this one stands above another of the same name: by sequence, then by validity. 0: neither.</summary>
    public int CompareTo(IpnsEntry other) =>
        Data.Sequence != other.Data.Sequence ? Data.Sequence.CompareTo(other.Data.Sequence) : Validity.CompareTo(other.Validity);

    private static byte[] BytesOf(Rfc3339Time validity) => Encoding.ASCII.GetBytes(validity.ToString());

    private static byte[] Sign(PrivateKey key, IpnsData data)
    {
        byte[] encoded = data.Encode();
        byte[] buffer = new byte[MaxLength];
        ProtobufWriter writer = new(buffer);
        writer.WriteBytes(1, data.Value.Span);
        writer.WriteBytes(2, key.Sign([.. data.Value.Span, .. data.Validity.Span, .. "EOL"u8]));
        writer.WriteVarint(3, data.ValidityType);
        writer.WriteBytes(4, data.Validity.Span);
        writer.WriteVarint(5, data.Sequence);
        writer.WriteVarint(6, data.TimeToLive);
        if (!key.PeerId.TryGetPublicKey(out _))
        {
            writer.WriteBytes(7, key.PublicKey.Encoded.Span);
        }

        writer.WriteBytes(8, key.Sign([.. "ipns-signature:"u8, .. encoded]));
        writer.WriteBytes(9, encoded);
        return writer.Overflowed ? throw new ArgumentException($"An IPNS record has at most {MaxLength} bytes.", nameof(data)) : writer.Written.ToArray();
    }

    private static PublicKey? KeyOf(ReadOnlySpan<byte> encoded, PeerId name)
    {
        if (encoded.IsEmpty)
        {
            return name.TryGetPublicKey(out PublicKey? inlined) ? inlined : null;
        }

        return PublicKey.TryRead(encoded, out PublicKey? key) && key.PeerId == name ? key : null;
    }

    private ref struct Fields
    {
        public ReadOnlySpan<byte> PublicKey;
        public ReadOnlySpan<byte> SignatureV2;
        public ReadOnlySpan<byte> Data;
        private ReadOnlySpan<byte> _value;
        private ReadOnlySpan<byte> _validity;
        private ulong? _validityType;
        private ulong? _sequence;
        private ulong? _timeToLive;
        private bool _hasValue;
        private bool _hasValidity;

        public void Take(in ProtobufField field)
        {
            bool isBytes = field.Type == ProtobufWireType.Bytes;
            bool isNumber = field.Type == ProtobufWireType.Varint;
            switch (field.Number)
            {
                case 1 when isBytes:
                    _value = field.Bytes;
                    _hasValue = true;
                    break;
                case 3 when isNumber:
                    _validityType = field.Value;
                    break;
                case 4 when isBytes:
                    _validity = field.Bytes;
                    _hasValidity = true;
                    break;
                case 5 when isNumber:
                    _sequence = field.Value;
                    break;
                case 6 when isNumber:
                    _timeToLive = field.Value;
                    break;
                case 7 when isBytes:
                    PublicKey = field.Bytes;
                    break;
                case 8 when isBytes:
                    SignatureV2 = field.Bytes;
                    break;
                case 9 when isBytes:
                    Data = field.Bytes;
                    break;
            }
        }

        /// <summary>Whether each field of version 1 that is present says what the signed data says.</summary>
        public readonly bool Agrees(IpnsData data) =>
            (!_hasValue || _value.SequenceEqual(data.Value.Span))
            && (!_hasValidity || _validity.SequenceEqual(data.Validity.Span))
            && (_validityType ?? data.ValidityType) == data.ValidityType
            && (_sequence ?? data.Sequence) == data.Sequence
            && (_timeToLive ?? data.TimeToLive) == data.TimeToLive;
    }
}
