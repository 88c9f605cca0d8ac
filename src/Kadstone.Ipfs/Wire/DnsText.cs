using System.Buffers.Binary;
using System.Text;

namespace Kadstone.Ipfs.Wire;

/// <summary>The one question of DNS that addresses need: which texts stand under a name.</summary>
/// <remarks>RFC 1035 for the messages, RFC 6891 for answers of more than 512 bytes.</remarks>
internal static class DnsText
{
    /// <summary>1,232: the longest answer that is asked for, which passes everywhere in one piece.</summary>
    public const int MaxLength = 1232;

    /// <summary>64: the most texts that are read.</summary>
    public const int MaxTexts = 64;

    private const int HeaderLength = 12;
    private const int MaxNameLength = 253;
    private const ushort Text = 16;
    private const ushort Internet = 1;
    private const ushort Options = 41;

    /// <summary>Asks for the texts under a name; null when it is no name.</summary>
    public static byte[]? Question(ushort id, string name)
    {
        if (Labels(name) is not byte[] labels)
        {
            return null;
        }

        byte[] message = new byte[HeaderLength + labels.Length + 4 + 11];
        Span<byte> rest = message;
        BinaryPrimitives.WriteUInt16BigEndian(rest, id);

        // The server is to ask on for us; one question, and the options behind it.
        rest[2] = 1;
        rest[5] = 1;
        rest[11] = 1;
        labels.CopyTo(rest[HeaderLength..]);
        rest = rest[(HeaderLength + labels.Length)..];
        BinaryPrimitives.WriteUInt16BigEndian(rest, Text);
        BinaryPrimitives.WriteUInt16BigEndian(rest[2..], Internet);
        BinaryPrimitives.WriteUInt16BigEndian(rest[5..], Options);
        BinaryPrimitives.WriteUInt16BigEndian(rest[7..], MaxLength);
        return message;
    }

    /// <summary>Reads the answer to a question; false when it is another's, or none.</summary>
    /// <param name="message">The bytes.</param>
    /// <param name="question">What was asked.</param>
    /// <param name="texts">The texts; none when there is no such name.</param>
    public static bool TryRead(ReadOnlySpan<byte> message, ReadOnlySpan<byte> question, out IReadOnlyList<string> texts)
    {
        const int Answered = 0x80;
        const int NoSuchName = 3;
        List<string> found = [];
        texts = found;
        int asked = question.Length - 11;
        if (message.Length < asked || !message[..2].SequenceEqual(question[..2]) || (message[2] & Answered) == 0 || BinaryPrimitives.ReadUInt16BigEndian(message[4..]) != 1
            || !Ascii.EqualsIgnoreCase(message[HeaderLength..asked], question[HeaderLength..asked]))
        {
            return false;
        }

        int code = message[3] & 0xF;
        if (code != 0)
        {
            return code == NoSuchName;
        }

        int answers = BinaryPrimitives.ReadUInt16BigEndian(message[6..]);
        ReadOnlySpan<byte> rest = message[asked..];
        for (int i = 0; i < answers && found.Count < MaxTexts && TryTakeRecord(ref rest, out ushort type, out ReadOnlySpan<byte> data); i++)
        {
            if (type == Text)
            {
                found.Add(Joined(data));
            }
        }

        return true;
    }

    private static byte[]? Labels(string name)
    {
        string[] labels = name.TrimEnd('.').Split('.');
        return name.Length > MaxNameLength || !Ascii.IsValid(name) || Array.Exists(labels, label => label.Length is 0 or > 63) ? null
            : [.. labels.SelectMany(label => (byte[])[(byte)label.Length, .. Encoding.ASCII.GetBytes(label)]), 0];
    }

    private static bool TryTakeRecord(ref ReadOnlySpan<byte> rest, out ushort type, out ReadOnlySpan<byte> data)
    {
        const int FixedLength = 10;
        type = 0;
        data = default;
        if (!TrySkipName(ref rest) || rest.Length < FixedLength)
        {
            return false;
        }

        ushort length = BinaryPrimitives.ReadUInt16BigEndian(rest[8..]);
        if (length > rest.Length - FixedLength)
        {
            return false;
        }

        // Those of another class are passed over.
        type = BinaryPrimitives.ReadUInt16BigEndian(rest[2..]) == Internet ? BinaryPrimitives.ReadUInt16BigEndian(rest) : (ushort)0;
        data = rest.Slice(FixedLength, length);
        rest = rest[(FixedLength + length)..];
        return true;
    }

    private static bool TrySkipName(ref ReadOnlySpan<byte> rest)
    {
        while (!rest.IsEmpty && rest[0] is > 0 and <= 63 && rest.Length > rest[0])
        {
            rest = rest[(rest[0] + 1)..];
        }

        // The end, or a pointer to where the rest stands.
        int end = rest.IsEmpty ? 0 : rest[0] == 0 ? 1 : rest[0] >= 0xC0 && rest.Length > 1 ? 2 : 0;
        rest = rest[end..];
        return end > 0;
    }

    // A text of more than 255 bytes comes in pieces.
    private static string Joined(ReadOnlySpan<byte> data)
    {
        StringBuilder text = new();
        while (!data.IsEmpty && data.Length > data[0])
        {
            text.Append(Encoding.UTF8.GetString(data.Slice(1, data[0])));
            data = data[(data[0] + 1)..];
        }

        return text.ToString();
    }
}
