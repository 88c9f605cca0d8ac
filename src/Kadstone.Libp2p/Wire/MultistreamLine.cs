using System.Text;
using System.Text.Unicode;

namespace Kadstone.Libp2p;

/// <summary>A message of multistream-select: its length, a text and a newline.</summary>
/// <remarks>multistream-select 1.0.</remarks>
internal static class MultistreamLine
{
    /// <summary>1,024: the most bytes of a text with its newline.</summary>
    public const int MaxLength = 1024;

    public const string Header = "/multistream/1.0.0";

    public const string NotAvailable = "na";

    /// <summary>The most bytes of a message, with the length before it.</summary>
    public const int MaxMessageLength = MaxLength + 2;

    /// <param name="source">Bytes, of which more may follow.</param>
    /// <param name="text">The text, without newline, valid UTF-8.</param>
    /// <param name="length">How many bytes the message took.</param>
    public static WireProgress Read(ReadOnlySpan<byte> source, out ReadOnlySpan<byte> text, out int length)
    {
        text = default;
        length = 0;
        WireProgress progress = Uvarint.Read(source, out ulong announced, out int prefix);
        if (progress != WireProgress.Complete)
        {
            // A length that goes on after two bytes is above the limit already.
            return progress == WireProgress.Incomplete && source.Length >= 2 ? WireProgress.Malformed : progress;
        }

        if (announced is 0 or > MaxLength)
        {
            return WireProgress.Malformed;
        }

        if (source.Length - prefix < (int)announced)
        {
            return WireProgress.Incomplete;
        }

        ReadOnlySpan<byte> line = source.Slice(prefix, (int)announced);
        if (line[^1] != '\n' || !Utf8.IsValid(line))
        {
            return WireProgress.Malformed;
        }

        text = line[..^1];
        length = prefix + (int)announced;
        return WireProgress.Complete;
    }

    public static byte[] Write(string text)
    {
        int byteCount = Encoding.UTF8.GetByteCount(text) + 1;
        byte[] message = new byte[Uvarint.Length((ulong)byteCount) + byteCount];
        int prefix = Uvarint.Write(message, (ulong)byteCount);
        Encoding.UTF8.GetBytes(text, message.AsSpan(prefix));
        message[^1] = (byte)'\n';
        return message;
    }

    /// <summary>Whether a protocol id fits into a message.</summary>
    public static bool Fits(string text) => text.Length > 0 && Encoding.UTF8.GetByteCount(text) < MaxLength && !text.Contains('\n', StringComparison.Ordinal);
}
