using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Text;

namespace Kadstone.Daemon.Pkarr.Dns;

/// <summary>DNS messages as pkarr has them: answers and nothing else. RFC 1035, section 4.</summary>
internal static class DnsMessage
{
    private const int HeaderLength = 12;

    // The root's name, type and class.
    private const int LeastQuestionLength = 5;

    // The root's name, type, class, time to live, length of the data.
    private const int LeastRecordLength = 11;

    // QR: an answer.
    private const ushort Answer = 0x8000;

    private const int FarthestPointer = 0x3FFF;
    private const ushort PointerBits = 0xC000;

    /// <summary>Reads the answers; the other sections only have to be whole. Neither id nor flags are looked at, as no reader does.</summary>
    public static bool TryRead(ReadOnlySpan<byte> message, [NotNullWhen(true)] out IReadOnlyList<DnsRecord>? answers)
    {
        answers = null;
        if (message.Length < HeaderLength)
        {
            return false;
        }

        int questions = BinaryPrimitives.ReadUInt16BigEndian(message[4..]);
        int wanted = BinaryPrimitives.ReadUInt16BigEndian(message[6..]);
        int others = BinaryPrimitives.ReadUInt16BigEndian(message[8..]) + BinaryPrimitives.ReadUInt16BigEndian(message[10..]);

        // Counts are a stranger's word: they must have room before anything is read for them.
        if ((questions * LeastQuestionLength) + ((wanted + others) * LeastRecordLength) > message.Length - HeaderLength)
        {
            return false;
        }

        int position = HeaderLength;
        Span<byte> name = stackalloc byte[DnsName.MaxLength];
        for (int question = 0; question < questions; question++)
        {
            if (!DnsName.TryRead(message, ref position, name, out _) || message.Length - position < 4)
            {
                return false;
            }

            position += 4;
        }

        List<DnsRecord> records = new(wanted);
        for (int record = 0; record < wanted + others; record++)
        {
            if (!TryReadRecord(message, ref position, out DnsRecord? read))
            {
                return false;
            }

            if (record < wanted)
            {
                records.Add(read);
            }
        }

        answers = records;
        return true;
    }

    /// <summary>Writes answers, owners and the targets of CNAME and NS compressed. How long it becomes is for the caller to weigh.</summary>
    public static byte[] Write(IReadOnlyList<DnsRecord> answers)
    {
        List<byte> message = [];
        Dictionary<string, int> suffixes = [];
        foreach (ushort head in (ReadOnlySpan<ushort>)[0, Answer, 0, (ushort)answers.Count, 0, 0])
        {
            WriteInteger(message, head);
        }

        foreach (DnsRecord record in answers)
        {
            WriteName(message, DnsName.ToWire(record.Name), suffixes);
            WriteInteger(message, (ushort)record.Type);
            WriteInteger(message, record.Class);
            WriteInteger(message, (ushort)(record.Ttl >> 16));
            WriteInteger(message, (ushort)record.Ttl);
            int lengthAt = message.Count;
            WriteInteger(message, 0);
            if (record.Type is DnsType.CNAME or DnsType.NS)
            {
                WriteName(message, record.Content.Span, suffixes);
            }
            else
            {
                message.AddRange(record.Content.Span);
            }

            int length = message.Count - lengthAt - sizeof(ushort);
            message[lengthAt] = (byte)(length >> 8);
            message[lengthAt + 1] = (byte)length;
        }

        return [.. message];
    }

    private static bool TryReadRecord(ReadOnlySpan<byte> message, ref int position, [NotNullWhen(true)] out DnsRecord? record)
    {
        record = null;
        Span<byte> name = stackalloc byte[DnsName.MaxLength];
        if (!DnsName.TryRead(message, ref position, name, out int nameLength) || message.Length - position < LeastRecordLength - 1)
        {
            return false;
        }

        ReadOnlySpan<byte> head = message[position..];
        DnsType type = (DnsType)BinaryPrimitives.ReadUInt16BigEndian(head);
        ushort kind = BinaryPrimitives.ReadUInt16BigEndian(head[2..]);
        uint ttl = BinaryPrimitives.ReadUInt32BigEndian(head[4..]);
        int length = BinaryPrimitives.ReadUInt16BigEndian(head[8..]);
        int begin = position + LeastRecordLength - 1;
        if (message.Length - begin < length || !TryReadContent(message[..(begin + length)], begin, type, out byte[]? content))
        {
            return false;
        }

        position = begin + length;
        record = new DnsRecord(DnsName.ToText(name[..nameLength]), type, kind, ttl, content);
        return true;
    }

    /// <summary>The data from <paramref name="begin"/> to the end of <paramref name="message"/>, with the names in it written out.</summary>
    private static bool TryReadContent(ReadOnlySpan<byte> message, int begin, DnsType type, [NotNullWhen(true)] out byte[]? content)
    {
        ReadOnlySpan<byte> data = message[begin..];
        content = type switch
        {
            DnsType.A => data.Length == 4 ? data.ToArray() : null,
            DnsType.AAAA => data.Length == 16 ? data.ToArray() : null,
            DnsType.TXT => AreStrings(data) ? data.ToArray() : null,
            DnsType.CNAME or DnsType.NS => ReadName(message, begin, out int end) is byte[] name && end == message.Length ? name : null,
            DnsType.SVCB or DnsType.HTTPS => ReadService(message, begin),
            _ => data.ToArray(),
        };
        return content is not null;
    }

    private static byte[]? ReadName(ReadOnlySpan<byte> message, int begin, out int end)
    {
        Span<byte> name = stackalloc byte[DnsName.MaxLength];
        end = begin;
        return DnsName.TryRead(message, ref end, name, out int length) ? name[..length].ToArray() : null;
    }

    // A priority, a target, and parameters: a number, a length and so many bytes each (RFC 9460, 2.2).
    private static byte[]? ReadService(ReadOnlySpan<byte> message, int begin)
    {
        if (message.Length - begin < sizeof(ushort) || ReadName(message, begin + sizeof(ushort), out int end) is not byte[] target)
        {
            return null;
        }

        for (int at = end; at < message.Length;)
        {
            int length = message.Length - at < 4 ? message.Length : BinaryPrimitives.ReadUInt16BigEndian(message[(at + 2)..]);
            at += 4 + length;
            if (at > message.Length)
            {
                return null;
            }
        }

        return [.. message.Slice(begin, sizeof(ushort)), .. target, .. message[end..]];
    }

    private static bool AreStrings(ReadOnlySpan<byte> data)
    {
        while (data.Length > 0)
        {
            if (data[0] >= data.Length)
            {
                return false;
            }

            data = data[(1 + data[0])..];
        }

        return true;
    }

    private static void WriteName(List<byte> message, ReadOnlySpan<byte> wire, Dictionary<string, int> suffixes)
    {
        for (int at = 0; wire[at] != 0; at += 1 + wire[at])
        {
            string suffix = Encoding.Latin1.GetString(wire[at..]);
            if (suffixes.TryGetValue(suffix, out int known))
            {
                WriteInteger(message, (ushort)(PointerBits | known));
                return;
            }

            if (message.Count <= FarthestPointer)
            {
                suffixes.Add(suffix, message.Count);
            }

            message.AddRange(wire.Slice(at, 1 + wire[at]));
        }

        message.Add(0);
    }

    private static void WriteInteger(List<byte> message, ushort value)
    {
        message.Add((byte)(value >> 8));
        message.Add((byte)value);
    }
}
