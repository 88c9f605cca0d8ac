using System.Globalization;
using System.Text;

namespace Kadstone.Daemon.Pkarr.Dns;

/// <summary>Names of DNS: labels on the wire, dots between them as text.</summary>
internal static class DnsName
{
    /// <summary>63: the most bytes of a label (RFC 1035, 2.3.4).</summary>
    public const int MaxLabelLength = 63;

    /// <summary>255: the most bytes of a name, the lengths of its labels among them (RFC 1035, 2.3.4).</summary>
    public const int MaxLength = 255;

    /// <summary>The root.</summary>
    public const string Root = ".";

    private const byte PointerBits = 0xC0;

    /// <summary>Reads a name and moves behind it.</summary>
    /// <param name="message">The whole message, which pointers lead into (RFC 1035, 4.1.4).</param>
    /// <param name="position">Where the name begins; afterwards where it ends.</param>
    /// <param name="wire">Receives the labels without pointers, the root's zero at the end; at least <see cref="MaxLength"/> bytes.</param>
    /// <param name="length">How many bytes those are.</param>
    /// <remarks>A pointer must lead before the labels that it ends: so every name comes to an end, and none costs more than it is long.</remarks>
    public static bool TryRead(ReadOnlySpan<byte> message, ref int position, Span<byte> wire, out int length)
    {
        length = 0;
        int at = position;
        int begin = position;
        bool hasJumped = false;
        while (at < message.Length)
        {
            byte head = message[at];
            if ((head & PointerBits) == PointerBits)
            {
                if (at + 1 >= message.Length)
                {
                    return false;
                }

                int target = ((head & ~PointerBits) << 8) | message[at + 1];
                position = hasJumped ? position : at + 2;
                hasJumped = true;
                if (target >= begin)
                {
                    return false;
                }

                begin = at = target;
                continue;
            }

            if (head > MaxLabelLength || at + 1 + head > message.Length || length + 1 + head > MaxLength)
            {
                return false;
            }

            message.Slice(at, 1 + head).CopyTo(wire[length..]);
            length += 1 + head;
            at += 1 + head;
            if (head == 0)
            {
                position = hasJumped ? position : at;
                return true;
            }
        }

        return false;
    }

    /// <summary>Labels as text. A dot inside a label, a backslash and what cannot be printed are escaped (RFC 1035, 5.1).</summary>
    public static string ToText(ReadOnlySpan<byte> wire)
    {
        StringBuilder text = new();
        for (int at = 0; at < wire.Length && wire[at] != 0; at += 1 + wire[at])
        {
            if (at > 0)
            {
                text.Append('.');
            }

            foreach (byte letter in wire.Slice(at + 1, wire[at]))
            {
                if (letter is (byte)'.' or (byte)'\\')
                {
                    text.Append('\\').Append((char)letter);
                }
                else if (letter is > 0x20 and < 0x7F)
                {
                    text.Append((char)letter);
                }
                else
                {
                    text.Append('\\').Append(letter.ToString("D3", CultureInfo.InvariantCulture));
                }
            }
        }

        return text.Length == 0 ? Root : text.ToString();
    }

    /// <summary>Text as labels. One dot at the end may stand or not; letters beyond ASCII are their UTF-8.</summary>
    /// <exception cref="FormatException">A label or the name is too long, or a label is empty.</exception>
    public static byte[] ToWire(string text)
    {
        List<byte> wire = [];
        string rest = text.EndsWith('.') ? text[..^1] : text;
        foreach (string label in rest.Length == 0 ? [] : rest.Split('.'))
        {
            byte[] bytes = Encoding.UTF8.GetBytes(label);
            if (bytes.Length is 0 or > MaxLabelLength)
            {
                throw new FormatException($"is no name; labels of 1 to {MaxLabelLength} bytes with dots between are expected");
            }

            wire.Add((byte)bytes.Length);
            wire.AddRange(bytes);
        }

        wire.Add(0);
        return wire.Count <= MaxLength ? [.. wire] : throw new FormatException($"is no name; at most {MaxLength} bytes are allowed");
    }

    /// <summary>A name as its owner gives it, made absolute: <c>@</c> and the empty name are the key itself, what does not end in the key stands below it.</summary>
    public static string Absolute(string name, string key)
    {
        string rest = name.EndsWith('.') ? name[..^1] : name;
        int dot = rest.LastIndexOf('.');
        string last = rest[(dot + 1)..];
        return last.Equals(key, StringComparison.OrdinalIgnoreCase) ? rest
            : last.Length == 0 || last == "@" ? key
            : $"{rest}.{key}";
    }

    /// <summary>Whether a record's name is the one that is asked for, without regard to case; <c>*</c> as the first label stands for exactly one.</summary>
    public static bool Fits(string name, string asked)
    {
        if (!asked.StartsWith("*.", StringComparison.Ordinal))
        {
            return name.Equals(asked, StringComparison.OrdinalIgnoreCase);
        }

        int dot = name.IndexOf('.', StringComparison.Ordinal);
        return dot > 0 && name.AsSpan(dot).Equals(asked.AsSpan(1), StringComparison.OrdinalIgnoreCase);
    }
}
