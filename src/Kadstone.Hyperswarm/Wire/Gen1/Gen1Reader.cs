using System.Buffers.Binary;
using Kadstone.Datagrams;
using Kadstone.Kademlia;

namespace Kadstone.Hyperswarm;

/// <summary>Reads a datagram of generation 1 (dht-rpc 1 to 3) in one walk, front to back, without allocating. Never throws.</summary>
/// <remarks>
/// udp-request 1 and schema.proto of dht-rpc 2.3.0: a header of two bytes, big endian, bit 15 for a request and 15 bits of transaction id,
/// then a protobuf message. Tolerated as there: unknown fields, fields in any order; of a field that occurs twice the last counts; an id or token
/// of an odd length is none. Refused, unlike there: a length past the end, and a field of another wire type than the schema's.
/// </remarks>
internal static class Gen1Reader
{
    /// <summary>The longest datagram that is read. An answer with 20 nodes and 1,000 bytes of value has 1.9 KB; the generation itself has no limit.</summary>
    public const int MaxDatagramLength = 9216;

    /// <summary>The most fields of a message. The schemas have up to 7.</summary>
    public const int MaxFields = 64;

    /// <summary>The longest varint: 64 bits in groups of 7.</summary>
    public const int MaxVarintLength = 10;

    /// <summary>The longest command that is read.</summary>
    public const int MaxCommandLength = 128;

    /// <summary>The longest roundtrip token that is kept or compared. dht-rpc 2.3.0 gives 32 bytes.</summary>
    public const int MaxTokenLength = 64;

    /// <summary>The largest transaction id.</summary>
    public const ushort MaxTransaction = 0x7FFF;

    /// <summary>2: bit 15 tells a request from a response, the others are the transaction id.</summary>
    public const int HeaderLength = 2;

    /// <summary>Bit 15 of the header.</summary>
    public const ushort RequestBit = 0x8000;

    /// <summary>Reads one datagram.</summary>
    /// <returns>False when it is to be dropped and counted under <paramref name="why"/>.</returns>
    public static bool TryRead(ReadOnlySpan<byte> datagram, out Gen1Message message, out Gen1Malformed why)
    {
        message = default;
        if (datagram.Length is < HeaderLength or > MaxDatagramLength)
        {
            why = datagram.Length < HeaderLength ? Gen1Malformed.TooShort : Gen1Malformed.TooLong;
            return false;
        }

        ushort header = BinaryPrimitives.ReadUInt16BigEndian(datagram);
        Gen1Message read = new()
        {
            Kind = (header & RequestBit) != 0 ? Gen1Kind.Request : Gen1Kind.Response,
            Transaction = (ushort)(header & MaxTransaction),
        };
        Gen1FieldReader fields = new(datagram[HeaderLength..]);
        why = read.Kind == Gen1Kind.Request ? ReadRequest(ref fields, ref read) : ReadResponse(ref fields, ref read);
        if (why != Gen1Malformed.None)
        {
            return false;
        }

        message = read;
        return true;
    }

    /// <summary>Reads the 6 bytes of an endpoint, such as the value of a response to <c>_ping</c>.</summary>
    /// <returns>False when there are not 6, or the port is 0: the generation refuses such.</returns>
    public static bool TryReadEndpoint(ReadOnlySpan<byte> value, out UdpEndpoint endpoint)
    {
        if (value.Length == 6 && UdpEndpoint.TryReadCompact(value, out endpoint) && endpoint.Port != 0)
        {
            return true;
        }

        endpoint = default;
        return false;
    }

    private static Gen1Malformed ReadRequest(scoped ref Gen1FieldReader fields, ref Gen1Message message)
    {
        bool hasCommand = false;
        Gen1Malformed forwards = Gen1Malformed.None;
        while (fields.TryNext())
        {
            if (fields.Number is 0 or > Gen1Field.RequestValue)
            {
                fields.TrySkip();
                continue;
            }

            if (!fields.TryReadBytes(out ReadOnlySpan<byte> bytes))
            {
                break;
            }

            switch (fields.Number)
            {
                case Gen1Field.RequestCommand:
                    hasCommand = true;
                    message.CommandName = bytes;
                    break;
                case Gen1Field.RequestId:
                    message.HasId = TryReadKey(bytes, out Key256 id);
                    message.Id = id;
                    break;
                case Gen1Field.RequestTarget:
                    message.HasTarget = TryReadKey(bytes, out Key256 target);
                    message.Target = target;
                    break;
                case Gen1Field.RequestForwardRequest:
                    forwards = TryReadForward(bytes, forwards, out UdpEndpoint? to);
                    message.ForwardRequest = to;
                    break;
                case Gen1Field.RequestForwardResponse:
                    forwards = TryReadForward(bytes, forwards, out UdpEndpoint? from);
                    message.ForwardResponse = from;
                    break;
                case Gen1Field.RequestToken:
                    message.Token = bytes.Length <= MaxTokenLength ? bytes : default;
                    break;
                default:
                    message.HasValue = true;
                    message.Value = bytes;
                    break;
            }
        }

        if (fields.Why != Gen1Malformed.None)
        {
            return fields.Why;
        }

        message.Command = CommandOf(message.CommandName);
        return !hasCommand ? Gen1Malformed.NoCommand
            : message.CommandName.Length > MaxCommandLength ? Gen1Malformed.CommandTooLong
            : JudgeRequest(message, forwards);
    }

    private static Gen1Malformed JudgeRequest(scoped in Gen1Message message, Gen1Malformed forwards)
    {
        if (message.Command == Gen1Command.Ping)
        {
            return forwards;
        }

        bool isForwarded = forwards != Gen1Malformed.None || message.ForwardRequest is not null || message.ForwardResponse is not null;
        return isForwarded ? Gen1Malformed.BadForward
            : message.HasTarget ? Gen1Malformed.None
            : Gen1Malformed.NoTarget;
    }

    private static Gen1Malformed ReadResponse(scoped ref Gen1FieldReader fields, ref Gen1Message message)
    {
        while (fields.TryNext())
        {
            if (fields.Number is 0 or > Gen1Field.ResponseToken)
            {
                fields.TrySkip();
                continue;
            }

            if (!fields.TryReadBytes(out ReadOnlySpan<byte> bytes))
            {
                break;
            }

            switch (fields.Number)
            {
                case Gen1Field.ResponseId:
                    message.HasId = TryReadKey(bytes, out Key256 id);
                    message.Id = id;
                    break;
                case Gen1Field.ResponseNodes:
                    message.Nodes = new Gen1Nodes(bytes[..(bytes.Length - (bytes.Length % Gen1Contact.CompactLength))]);
                    break;
                case Gen1Field.ResponseValue:
                    message.HasValue = true;
                    message.Value = bytes;
                    break;
                default:
                    message.Token = bytes.Length <= MaxTokenLength ? bytes : default;
                    break;
            }
        }

        return fields.Why;
    }

    private static bool TryReadKey(ReadOnlySpan<byte> bytes, out Key256 key)
    {
        bool valid = bytes.Length == Key256.ByteLength;
        key = valid ? Key256.Read(bytes) : default;
        return valid;
    }

    // One bad address is enough to drop the request: it asks for what nobody can do.
    private static Gen1Malformed TryReadForward(ReadOnlySpan<byte> bytes, Gen1Malformed before, out UdpEndpoint? endpoint)
    {
        bool valid = TryReadEndpoint(bytes, out UdpEndpoint read);
        endpoint = valid ? read : null;
        return valid ? before : Gen1Malformed.BadForward;
    }

    private static Gen1Command CommandOf(ReadOnlySpan<byte> name) =>
        name.SequenceEqual("_ping"u8) ? Gen1Command.Ping
        : name.SequenceEqual("_find_node"u8) ? Gen1Command.FindNode
        : Gen1Command.Custom;
}
