using Kadstone.Daemon.Pkarr;
using Kadstone.Daemon.Pkarr.Dns;

namespace Kadstone.Cli.Verbs.Pkarr;

/// <summary>Records as they stand on a command line: type, name and value, three words each.</summary>
internal static class PkarrRecords
{
    private const int Words = 3;

    /// <exception cref="CommandFailedException">A word is none of a record.</exception>
    internal static byte[] ToMessage(IReadOnlyList<string> words, uint ttl, PkarrKey key)
    {
        if (words.Count % Words != 0)
        {
            throw CommandFailedException.Usage($"RECORD: '{words[^1]}' ends in the middle of a record; TYPE NAME VALUE is expected for each.");
        }

        DnsRecord[] records = [.. words.Chunk(Words).Select(record => Read(record[0], record[1], record[2], ttl, key))];
        byte[] message = DnsMessage.Write(records);
        return message.Length <= PkarrPacket.MaxStoredLength
            ? message
            : throw CommandFailedException.Usage($"RECORD: together they have {message.Length} bytes; at most {PkarrPacket.MaxStoredLength} are allowed (BEP 44).");
    }

    private static DnsRecord Read(string typeText, string name, string value, uint ttl, PkarrKey key)
    {
        try
        {
            DnsType type = Enum.TryParse(typeText, ignoreCase: true, out DnsType known) && Enum.IsDefined(known) && known != DnsType.None && !char.IsDigit(typeText[0])
                ? known
                : throw CommandFailedException.Usage($"RECORD: '{typeText}' is no type; A, AAAA, CNAME, TXT, NS, SVCB and HTTPS are allowed.");
            string owner = DnsName.Absolute(name, key.Text);

            // Its own rules are kept here, where the user can still do something about them.
            _ = DnsName.ToWire(owner);
            return new DnsRecord(owner, type, DnsRecord.Internet, ttl, DnsContent.Parse(type, value));
        }
        catch (FormatException exception)
        {
            throw CommandFailedException.Usage($"RECORD: '{typeText} {name} {value}' {exception.Message}.");
        }
    }
}
