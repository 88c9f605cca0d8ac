using Kadstone.Kademlia;

namespace Kadstone.Mainline;

/// <summary>Reads a datagram in one walk, front to back, without allocating. Never throws.</summary>
/// <remarks>
/// BEP 5. Tolerated: unknown keys, unsorted keys, any bytes in strings, leading zeros. Of a key that occurs twice the first counts.
/// A wrong type of a mandatory argument is a <see cref="KrpcFault"/>, of anything else the same as its absence.
/// <c>a</c> and <c>r</c> are read where they stand; since the kind may follow later, the first of the two is taken and must fit the kind.
/// </remarks>
internal static partial class KrpcReader
{
    /// <summary>The longest datagram that is read. bittorrent-dht answers with its whole table and with all peers: up to 8 KB.</summary>
    public const int MaxDatagramLength = 9216;

    /// <summary>The longest query that is read: a put of the largest item takes 1.3 KB.</summary>
    public const int MaxQueryLength = 2048;

    /// <summary>The longest transaction id that is echoed. Clients send 2, 4 or 8 bytes.</summary>
    public const int MaxTransactionLength = 32;

    /// <summary>The longest write token that is kept or compared. Nodes send 4 to 20 bytes.</summary>
    public const int MaxTokenLength = 64;

    /// <summary>How much of an error's text is kept.</summary>
    public const int MaxErrorTextLength = 128;

    /// <summary>The longest interval of BEP 51: six hours.</summary>
    public const int MaxInterval = 21600;

    private const int FilterLength = 256;

    /// <summary>Reads one datagram.</summary>
    /// <returns>False when it is to be dropped and counted under <paramref name="why"/>.</returns>
    public static bool TryRead(ReadOnlySpan<byte> datagram, out KrpcMessage message, out Malformed why)
    {
        message = default;
        if (datagram.IsEmpty || datagram[0] != 'd')
        {
            why = Malformed.NotADictionary;
            return false;
        }

        if (datagram.Length > MaxDatagramLength)
        {
            why = Malformed.TooLong;
            return false;
        }

        BencodeReader reader = new(datagram);
        KrpcMessage read = default;
        read.Port = -1;
        Draft draft = default;
        if (!ReadEnvelope(ref reader, ref read, ref draft))
        {
            why = reader.Why;
            return false;
        }

        why = reader.AtEnd ? Judge(datagram.Length, ref read, ref draft) : Malformed.TrailingBytes;
        message = read;
        return why == Malformed.None;
    }

    private static bool ReadEnvelope(scoped ref BencodeReader reader, ref KrpcMessage message, ref Draft draft)
    {
        reader.TryStep((byte)'d');
        while (!reader.TryStep((byte)'e'))
        {
            if (!reader.TryReadString(out ReadOnlySpan<byte> key))
            {
                return false;
            }

            Field field = EnvelopeField(key);
            bool read = draft.Begin(field) ? ReadEnvelopeField(field, ref reader, ref message, ref draft) : reader.TrySkip();
            if (!read)
            {
                return false;
            }
        }

        return true;
    }

    private static bool ReadEnvelopeField(Field field, scoped ref BencodeReader reader, ref KrpcMessage message, ref Draft draft)
    {
        ReadOnlySpan<byte> text;
        bool read;
        switch (field)
        {
            case Field.Arguments or Field.ReturnValues:
                if (draft.Body != Field.Other || !reader.TryStep((byte)'d'))
                {
                    return reader.TrySkip();
                }

                draft.Body = field;
                return ReadBody(ref reader, ref message, ref draft);
            case Field.Method:
                read = draft.ReadString(field, ref reader, out text);
                message.MethodName = text;
                message.Method = MethodOf(text);
                return read;
            case Field.Transaction:
                read = draft.ReadString(field, ref reader, out text);
                message.Transaction = text;
                return read;
            case Field.Kind:
                read = draft.ReadString(field, ref reader, out text);
                draft.Kind = text.Length == 1 ? text[0] : (byte)0;
                return read;
            case Field.Version:
                read = draft.ReadString(field, ref reader, out text);
                message.Version = text;
                return read;
            case Field.ExternalAddress:
                read = draft.ReadString(field, ref reader, out text);
                message.ExternalAddress = text.Length is 6 or 18 ? text : default;
                return read;
            case Field.ReadOnly:
                read = draft.ReadInteger(field, ref reader, out long readOnly);
                message.IsReadOnly = readOnly != 0;
                return read;
            default:
                return ReadError(ref reader, ref message, ref draft);
        }
    }

    // BEP 5, "Errors": a list of the code and a text. The text may be missing, and more may follow.
    private static bool ReadError(scoped ref BencodeReader reader, ref KrpcMessage message, ref Draft draft)
    {
        if (!reader.TryStep((byte)'l'))
        {
            return reader.TrySkip();
        }

        if (reader.Next == 'i')
        {
            if (!reader.TryReadInteger(out long code, out _))
            {
                return false;
            }

            message.ErrorCode = (int)Math.Clamp(code, 0, int.MaxValue);
            draft.HasErrorCode = true;
            if (reader.AtString)
            {
                if (!reader.TryReadString(out ReadOnlySpan<byte> text))
                {
                    return false;
                }

                message.ErrorText = text[..Math.Min(text.Length, MaxErrorTextLength)];
            }
        }

        while (!reader.TryStep((byte)'e'))
        {
            if (!reader.TrySkip())
            {
                return false;
            }
        }

        return true;
    }

    private static bool ReadBody(scoped ref BencodeReader reader, ref KrpcMessage message, ref Draft draft)
    {
        while (!reader.TryStep((byte)'e'))
        {
            if (!reader.TryReadString(out ReadOnlySpan<byte> key))
            {
                return false;
            }

            Field field = BodyField(key);
            bool read = draft.Begin(field) ? ReadBodyField(field, ref reader, ref message, ref draft) : reader.TrySkip();
            if (!read)
            {
                return false;
            }
        }

        return true;
    }

    private static bool ReadBodyField(Field field, scoped ref BencodeReader reader, ref KrpcMessage message, ref Draft draft)
    {
        ReadOnlySpan<byte> text;
        long number;
        bool read;
        switch (field)
        {
            case Field.Id:
                read = draft.ReadKey(field, ref reader, out Key160 id);
                message.Id = id;
                message.HasId = !draft.IsBad(field);
                return read;
            case Field.Target:
                return draft.ReadKey(field, ref reader, out draft.Target);
            case Field.InfoHash:
                return draft.ReadKey(field, ref reader, out draft.InfoHash);
            case Field.Want:
                return ReadWant(ref reader, ref message);
            case Field.NoSeed:
                read = draft.ReadInteger(field, ref reader, out number);
                message.NoSeed = number != 0;
                return read;
            case Field.Scrape:
                read = draft.ReadInteger(field, ref reader, out number);
                message.Scrape = number != 0;
                return read;
            case Field.Seed:
                read = draft.ReadInteger(field, ref reader, out number);
                message.IsSeed = number != 0;
                return read;
            case Field.ImpliedPort:
                read = draft.ReadInteger(field, ref reader, out number);
                message.ImpliedPort = number != 0;
                return read;
            case Field.Port:
                read = draft.ReadInteger(field, ref reader, out number);
                message.Port = number is > 0 and <= ushort.MaxValue ? (int)number : -1;
                return read;
            case Field.Token:
                read = draft.ReadString(field, ref reader, out text);
                message.Token = text.Length <= MaxTokenLength ? text : default;
                return read;
            case Field.Value:
                int start = reader.Position;
                read = reader.TrySkip();
                message.Value = read ? reader.Since(start) : default;
                return read;
            case Field.PublicKey:
                read = draft.ReadFixed(field, ItemSignature.PublicKeyLength, ref reader, out text);
                message.PublicKey = text;
                return read;
            case Field.Signature:
                read = draft.ReadFixed(field, ItemSignature.SignatureLength, ref reader, out text);
                message.Signature = text;
                return read;
            case Field.Salt:
                read = draft.ReadString(field, ref reader, out text);
                message.Salt = text;
                return read;
            case Field.Sequence:
                read = draft.ReadInteger(field, ref reader, out number);
                message.Sequence = number;
                message.HasSequence = !draft.IsBad(field);
                return read;
            case Field.Cas:
                read = draft.ReadInteger(field, ref reader, out number);
                message.Cas = number;
                message.HasCas = !draft.IsBad(field);
                return read;
            case Field.Nodes:
                read = draft.ReadString(field, ref reader, out text);
                message.Nodes = text[..(text.Length - text.Length % NodeContact.CompactLengthIPv4)];
                return read;
            case Field.Nodes6:
                read = draft.ReadString(field, ref reader, out text);
                message.Nodes6 = text[..(text.Length - text.Length % NodeContact.CompactLengthIPv6)];
                return read;
            case Field.Values:
                return ReadValues(ref reader, ref message);
            case Field.SeedFilter:
                read = draft.ReadFixed(field, FilterLength, ref reader, out text);
                message.SeedFilter = text;
                return read;
            case Field.PeerFilter:
                read = draft.ReadFixed(field, FilterLength, ref reader, out text);
                message.PeerFilter = text;
                return read;
            case Field.Interval:
                read = draft.ReadInteger(field, ref reader, out number);
                message.Interval = (int)Math.Clamp(number, 0, MaxInterval);
                message.HasInterval = !draft.IsWrongType(field);
                return read;
            case Field.Num:
                read = draft.ReadInteger(field, ref reader, out number);
                message.Num = Math.Max(number, 0);
                message.HasNum = !draft.IsWrongType(field);
                return read;
            default:
                read = draft.ReadString(field, ref reader, out text);
                message.Samples = text[..(text.Length - text.Length % Key160.ByteLength)];
                return read;
        }
    }

    // BEP 32: members that are not known are ignored, and so is a want that is no list.
    private static bool ReadWant(scoped ref BencodeReader reader, ref KrpcMessage message)
    {
        if (!reader.TryStep((byte)'l'))
        {
            return reader.TrySkip();
        }

        while (!reader.TryStep((byte)'e'))
        {
            if (!reader.AtString)
            {
                if (!reader.TrySkip())
                {
                    return false;
                }

                continue;
            }

            if (!reader.TryReadString(out ReadOnlySpan<byte> family))
            {
                return false;
            }

            message.WantsIPv4 |= family.SequenceEqual("n4"u8);
            message.WantsIPv6 |= family.SequenceEqual("n6"u8);
        }

        return true;
    }

    private static bool ReadValues(scoped ref BencodeReader reader, ref KrpcMessage message)
    {
        int start = reader.Position;
        if (reader.AtString)
        {
            bool read = reader.TryReadString(out ReadOnlySpan<byte> packed);
            message.Values = PeerValues.FromPacked(packed);
            return read;
        }

        if (reader.Next != 'l')
        {
            return reader.TrySkip();
        }

        bool skipped = reader.TrySkip();
        message.Values = skipped ? PeerValues.FromList(reader.Since(start)) : default;
        return skipped;
    }

    private static KrpcMethod MethodOf(ReadOnlySpan<byte> name) => name.Length switch
    {
        3 when name.SequenceEqual("get"u8) => KrpcMethod.Get,
        3 when name.SequenceEqual("put"u8) => KrpcMethod.Put,
        4 when name.SequenceEqual("ping"u8) => KrpcMethod.Ping,
        9 when name.SequenceEqual("get_peers"u8) => KrpcMethod.GetPeers,
        9 when name.SequenceEqual("find_node"u8) => KrpcMethod.FindNode,
        13 when name.SequenceEqual("announce_peer"u8) => KrpcMethod.AnnouncePeer,
        17 when name.SequenceEqual("sample_infohashes"u8) => KrpcMethod.SampleInfohashes,
        _ => KrpcMethod.Unknown,
    };

    private static Field EnvelopeField(ReadOnlySpan<byte> key)
    {
        if (key.Length == 1)
        {
            return key[0] switch
            {
                (byte)'a' => Field.Arguments,
                (byte)'e' => Field.Error,
                (byte)'q' => Field.Method,
                (byte)'r' => Field.ReturnValues,
                (byte)'t' => Field.Transaction,
                (byte)'v' => Field.Version,
                (byte)'y' => Field.Kind,
                _ => Field.Other,
            };
        }

        return key.SequenceEqual("ip"u8) ? Field.ExternalAddress
            : key.SequenceEqual("ro"u8) ? Field.ReadOnly
            : Field.Other;
    }

    // By length first: then at most six comparisons of constants of that length are left, each one or two instructions.
    private static Field BodyField(ReadOnlySpan<byte> key) => key.Length switch
    {
        1 => key[0] == 'v' ? Field.Value : key[0] == 'k' ? Field.PublicKey : Field.Other,
        2 => key.SequenceEqual("id"u8) ? Field.Id : Field.Other,
        3 => key.SequenceEqual("seq"u8) ? Field.Sequence
            : key.SequenceEqual("sig"u8) ? Field.Signature
            : key.SequenceEqual("cas"u8) ? Field.Cas
            : key.SequenceEqual("num"u8) ? Field.Num
            : Field.Other,
        4 => key.SequenceEqual("want"u8) ? Field.Want
            : key.SequenceEqual("port"u8) ? Field.Port
            : key.SequenceEqual("seed"u8) ? Field.Seed
            : key.SequenceEqual("salt"u8) ? Field.Salt
            : key.SequenceEqual("BFsd"u8) ? Field.SeedFilter
            : key.SequenceEqual("BFpe"u8) ? Field.PeerFilter
            : Field.Other,
        5 => key.SequenceEqual("nodes"u8) ? Field.Nodes : key.SequenceEqual("token"u8) ? Field.Token : Field.Other,
        6 => key.SequenceEqual("target"u8) ? Field.Target
            : key.SequenceEqual("nodes6"u8) ? Field.Nodes6
            : key.SequenceEqual("values"u8) ? Field.Values
            : key.SequenceEqual("noseed"u8) ? Field.NoSeed
            : key.SequenceEqual("scrape"u8) ? Field.Scrape
            : Field.Other,
        7 => key.SequenceEqual("samples"u8) ? Field.Samples : Field.Other,
        8 => key.SequenceEqual("interval"u8) ? Field.Interval : Field.Other,
        9 => key.SequenceEqual("info_hash"u8) ? Field.InfoHash : Field.Other,
        12 => key.SequenceEqual("implied_port"u8) ? Field.ImpliedPort : Field.Other,
        _ => Field.Other,
    };

    /// <summary>The keys we know, of the envelope and of <c>a</c> and <c>r</c>: one bit each in a <see cref="Draft"/>.</summary>
    private enum Field : byte
    {
        Other,
        Arguments,
        Error,
        ExternalAddress,
        Method,
        ReturnValues,
        ReadOnly,
        Transaction,
        Version,
        Kind,
        Id,
        Target,
        InfoHash,
        Want,
        NoSeed,
        Scrape,
        Seed,
        ImpliedPort,
        Port,
        Token,
        Value,
        PublicKey,
        Signature,
        Salt,
        Sequence,
        Cas,
        Nodes,
        Nodes6,
        Values,
        SeedFilter,
        PeerFilter,
        Interval,
        Num,
        Samples,
    }

    /// <summary>What is known of a message before its kind and its method are.</summary>
    private struct Draft
    {
        private ulong _seen;
        private ulong _wrongType;
        private ulong _outOfRange;

        public Key160 Target;
        public Key160 InfoHash;
        public byte Kind;
        public Field Body;
        public bool HasErrorCode;

        /// <summary>Whether the key is known and met for the first time.</summary>
        public bool Begin(Field field)
        {
            ulong bit = 1UL << (int)field;
            bool first = field != Field.Other && (_seen & bit) == 0;
            _seen |= bit;
            return first;
        }

        public readonly bool Has(Field field) => (_seen >> (int)field & 1) != 0;

        public readonly bool IsWrongType(Field field) => (_wrongType >> (int)field & 1) != 0;

        public readonly bool IsBad(Field field) => ((_wrongType | _outOfRange) >> (int)field & 1) != 0;

        public readonly bool HasGood(Field field) => Has(field) && !IsBad(field);

        /// <summary>Reads a string, or skips what is none. False is for broken bencode only.</summary>
        public bool ReadString(Field field, scoped ref BencodeReader reader, out ReadOnlySpan<byte> text)
        {
            if (reader.AtString)
            {
                return reader.TryReadString(out text);
            }

            text = default;
            _wrongType |= 1UL << (int)field;
            return reader.TrySkip();
        }

        /// <summary>Reads a string that has one proper length; of any other it is empty.</summary>
        public bool ReadFixed(Field field, int length, scoped ref BencodeReader reader, out ReadOnlySpan<byte> text)
        {
            bool read = ReadString(field, ref reader, out text);
            if (text.Length != length)
            {
                text = default;
                _outOfRange |= 1UL << (int)field;
            }

            return read;
        }

        /// <summary>Reads a key of 20 bytes.</summary>
        public bool ReadKey(Field field, scoped ref BencodeReader reader, out Key160 key)
        {
            bool read = ReadFixed(field, Key160.ByteLength, ref reader, out ReadOnlySpan<byte> text);
            key = text.IsEmpty ? default : Key160.Read(text);
            return read;
        }

        /// <summary>Reads an integer, or skips what is none. One beyond 63 bits is brought to the nearest and marked.</summary>
        public bool ReadInteger(Field field, scoped ref BencodeReader reader, out long number)
        {
            if (reader.Next == 'i')
            {
                bool read = reader.TryReadInteger(out number, out bool fits);
                _outOfRange |= fits ? 0 : 1UL << (int)field;
                return read;
            }

            number = 0;
            _wrongType |= 1UL << (int)field;
            return reader.TrySkip();
        }
    }
}
