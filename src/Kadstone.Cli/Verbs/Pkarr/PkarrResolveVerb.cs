using System.CommandLine;
using System.Text.Json;
using Kadstone.Cli.Parsing;
using Kadstone.Daemon.Pkarr;
using Kadstone.Daemon.Pkarr.Dns;
using Kadstone.Mainline;

namespace Kadstone.Cli.Verbs.Pkarr;

/// <summary><c>dht pkarr resolve</c>: the records under a key.</summary>
internal sealed class PkarrResolveVerb : PkarrVerb
{
    private readonly Argument<PkarrKey?> _key = CommonOptions.Argument("KEY", "52 letters of z-base-32, with pk: before them or as the last label of a name or URI.", Key);
    private readonly Option<string?> _name = CommonOptions.Create("--name", "NAME", "Only the records of this name; @ is the key itself, * one label.", text => (string?)text);
    private readonly Option<bool> _fresh = new("--fresh") { Description = "With --relay: what the DHT has now, not what the relay remembers." };
    private readonly Option<bool> _raw = new("--raw") { Description = "The bytes of the DNS message and nothing else." };

    internal PkarrResolveVerb(Terminal terminal)
        : base(
            terminal,
            "resolve",
            "Finds the DNS records under a key.",
            "dht pkarr resolve yqooxx9u3aemh8mo5wcqq16yufu6jitouq1o4za751dger1igghy",
            "dht pkarr resolve pk:yqooxx9u3aemh8mo5wcqq16yufu6jitouq1o4za751dger1igghy --name _hello -o json",
            "dht pkarr resolve yqooxx9u3aemh8mo5wcqq16yufu6jitouq1o4za751dger1igghy --relay http://127.0.0.1:6881")
    {
        Add(_key);
        Add(_name);
        Add(_fresh);
        Add(_raw);
    }

    protected override async Task<int> AskAsync(MainlineDht dht, ParseResult arguments, Output output, CancellationToken cancellationToken)
    {
        PkarrFinding finding = await new MainlinePkarr(dht).FindAsync(KeyOf(arguments), null, cancellationToken);
        if (finding.InvalidSequence is long sequence)
        {
            Terminal.Complain($"dht: what stands there is no DNS message (version {sequence}).");
            return ExitCode.NothingFound;
        }

        return Tell(finding.Packet, arguments, output);
    }

    protected override async Task<int> AskRelayAsync(PkarrRelayClient relay, ParseResult arguments, Output output, CancellationToken cancellationToken) =>
        Tell(await relay.GetAsync(KeyOf(arguments), arguments.GetValue(_fresh), cancellationToken), arguments, output);

    private int Tell(PkarrPacket? packet, ParseResult arguments, Output output)
    {
        if (packet is null)
        {
            Terminal.Complain("dht: nobody stores a packet under this key.");
            return ExitCode.NothingFound;
        }

        if (arguments.GetValue(_raw))
        {
            Terminal.WriteBytes(packet.Message);
            return ExitCode.Found;
        }

        string? asked = arguments.GetValue(_name) is string name ? DnsName.Absolute(name, packet.Key.Text) : null;
        int told = 0;
        foreach (DnsRecord record in packet.ReadRecords().Where(record => asked is null || DnsName.Fits(record.Name, asked)))
        {
            string content = DnsContent.ToText(record);
            output.Write($"{record.Name} {record.Ttl} {record.TypeText} {content}", json => Write(json, packet, record, content));
            told++;
        }

        // A packet without records is legal, and is found.
        return asked is null ? ExitCode.Found : Outcomes.Of(told, null, "record of that name", Terminal);
    }

    private static void Write(Utf8JsonWriter json, PkarrPacket packet, DnsRecord record, string content)
    {
        json.WriteString("name", record.Name);
        json.WriteNumber("ttl", record.Ttl);
        json.WriteString("type", record.TypeText);
        json.WriteString("content", content);
        if (record.Type == DnsType.TXT)
        {
            // Readers join the strings.
            byte[] text = [.. DnsContent.Strings(record.Content).SelectMany(part => part.ToArray())];
            json.WriteString("text", ValueBytes.TryReadText(text));
        }

        json.WriteHex("content_hex", record.Content);
        json.WriteNumber("timestamp", packet.Timestamp);
    }

    private PkarrKey KeyOf(ParseResult arguments) => arguments.GetValue(_key) ?? throw new InvalidOperationException("The parser asks for a key.");

    private static PkarrKey? Key(string text) =>
        PkarrKey.TryParseUri(text, out PkarrKey? key) ? key : throw new FormatException("is no key; 52 letters of z-base-32 are expected, as 'dht pkarr publish' prints them");
}
