using System.Globalization;
using System.Text;
using Kadstone.Kademlia;

namespace Kadstone.Cli.Parsing;

/// <summary>Keys, salts and versions from the command line.</summary>
internal static class Keys
{
    internal static Key160? NodeId(string text) => Read(text, "is no node id; 40 hexadecimal digits are expected");

    internal static Key160 InfoHash(string text) => Read(text, "is no infohash; 40 hexadecimal digits or a magnet link are expected");

    internal static Key160? Target(string text) => Read(text, "is no key; 40 hexadecimal digits are expected");

    internal static Key256 Key256(string text) =>
        TryReadHex(text, out byte[] bytes) && bytes.Length == 32 ? Kademlia.Key256.Read(bytes) : throw new FormatException("is no key; 64 hexadecimal digits are expected");

    internal static byte[] PublicKey(string text) =>
        TryReadHex(text, out byte[] bytes) && bytes.Length == 32 ? bytes : throw new FormatException("is no public key; 64 hexadecimal digits are expected");

    internal static byte[] Salt(string text)
    {
        byte[] salt = !text.StartsWith("hex:", StringComparison.Ordinal) ? Encoding.UTF8.GetBytes(text)
            : TryReadHex(text[4..], out byte[] bytes) ? bytes
            : throw new FormatException("is no salt; after hex: an even number of hexadecimal digits is expected");
        return salt.Length <= 64 ? salt : throw new FormatException($"is a salt of {salt.Length} bytes; at most 64 are allowed (BEP 44)");
    }

    internal static long? Sequence(string text) =>
        long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out long sequence)
            ? sequence
            : throw new FormatException("is no version; 0 to 9223372036854775807 are allowed");

    internal static int? Count(string text) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int count) && count >= 1
            ? count
            : throw new FormatException("is no count; 1 to 2147483647 are allowed");

    private static Key160 Read(string text, string expected) =>
        Key160.TryParse(text, out Key160 key) ? key : throw new FormatException(expected);

    private static bool TryReadHex(string text, out byte[] bytes)
    {
        bytes = new byte[text.Length / 2];
        return text.Length % 2 == 0 && Convert.FromHexString(text, bytes, out _, out _) == System.Buffers.OperationStatus.Done;
    }
}
