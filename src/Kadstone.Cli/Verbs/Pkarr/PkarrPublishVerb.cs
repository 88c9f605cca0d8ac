using System.CommandLine;
using Kadstone.Cli.Parsing;
using Kadstone.Crypto;
using Kadstone.Daemon.Pkarr;
using Kadstone.Daemon.Pkarr.Dns;
using Kadstone.Mainline;

namespace Kadstone.Cli.Verbs.Pkarr;

/// <summary><c>dht pkarr publish</c>: signs records and stores them under the key.</summary>
internal sealed class PkarrPublishVerb : PkarrVerb
{
    private const uint DefaultTtl = 3600;

    private readonly Argument<string[]> _records = new("RECORD") { HelpName = "TYPE NAME VALUE", Description = "Records, three words each: A, AAAA, CNAME, TXT, NS, SVCB, HTTPS; @ is the key itself.", Arity = ArgumentArity.ZeroOrMore };
    private readonly Option<string?> _key = CommonOptions.KeyFile();
    private readonly Option<uint?> _ttl = CommonOptions.Create("--ttl", "SECONDS", "How long the records hold. Default 3600.", Ttl);
    private readonly Option<string?> _packet = CommonOptions.Create("--packet", "FILE", "A ready DNS message instead of records; - is standard input.", text => (string?)Choices.FilePath(text));
    private readonly Option<int?> _min = CommonOptions.Min("fewer than N nodes stored it");
    private byte[] _seed = [];
    private byte[] _message = [];
    private PkarrKey? _publicKey;

    internal PkarrPublishVerb(Terminal terminal)
        : base(
            terminal,
            "publish",
            "Signs DNS records with a key and stores them; later ones replace them all.",
            "dht pkarr publish --key me.key TXT _hello world A @ 192.0.2.1",
            "dht pkarr publish --key me.key HTTPS @ '1 . alpn=h2,h3 port=8443' --ttl 300",
            "dht pkarr publish --key me.key --packet answers.bin --relay http://127.0.0.1:6881")
    {
        Add(_records);
        Add(_key);
        Add(_ttl);
        Add(_packet);
        Add(_min);
        _key.Required = true;
        Validators.Add(result =>
        {
            bool hasRecords = result.GetResult(_records) is { Tokens.Count: > 0 };
            if (hasRecords == result.GetResult(_packet) is not null)
            {
                result.AddError(hasRecords
                    ? "records and --packet exclude each other; one of them is allowed."
                    : "there is nothing to publish; TYPE NAME VALUE or --packet FILE is needed.");
            }
            else if (!hasRecords && result.GetResult(_ttl) is not null)
            {
                result.AddError("--ttl goes with records; a ready message has its own.");
            }
        });
    }

    protected override async Task PrepareAsync(ParseResult arguments, CancellationToken cancellationToken)
    {
        _seed = KeyFile.Read(arguments.GetRequiredValue(_key) ?? "", "--key", Terminal);
        _publicKey = PkarrKey.TryCreate(Ed25519.CreateKeyPair(_seed), out PkarrKey? key) ? key : throw CommandFailedException.Usage("--key: nobody can use this key.");
        if (arguments.GetValue(_packet) is not string file)
        {
            _message = PkarrRecords.ToMessage(arguments.GetValue(_records) ?? [], arguments.GetValue(_ttl) ?? DefaultTtl, key);
            return;
        }

        _message = await GivenBytes.ReadAsync(file == "-" ? file : "@" + file, "--packet", PkarrPacket.MaxStoredLength, Terminal, cancellationToken);
        if (!DnsMessage.TryRead(_message, out _))
        {
            throw CommandFailedException.Usage($"--packet: '{file}' is no DNS message.");
        }
    }

    protected override async Task<int> AskAsync(MainlineDht dht, ParseResult arguments, Output output, CancellationToken cancellationToken)
    {
        PkarrKey key = KeyOf();
        FoundItem? newest = await dht.GetMutableAsync(key.Bytes, default, cancellationToken);
        PkarrPacket packet = Sign(newest?.Sequence);
        PutItemResult result = await dht.PutSignedAsync(packet.ToItem(), null, cancellationToken);
        Tell(output, packet, result.Commit.Stored, json =>
        {
            json.WriteCommit(result.Commit);
            json.WriteLookup(result.Lookup);
        });
        return Outcomes.Of(result.Commit, arguments.GetValue(_min), Terminal);
    }

    protected override async Task<int> AskRelayAsync(PkarrRelayClient relay, ParseResult arguments, Output output, CancellationToken cancellationToken)
    {
        PkarrPacket? newest = await relay.GetAsync(KeyOf(), isFresh: false, cancellationToken);
        PkarrPacket packet = Sign(newest?.Timestamp);
        int stored = await relay.PutAsync(packet, cancellationToken);
        Tell(output, packet, stored, json => json.WriteNumber("stored", stored));
        return Outcomes.Of(new CommitOutcome(stored, 0, 0, 0), arguments.GetValue(_min), Terminal);
    }

    private PkarrKey KeyOf() => _publicKey ?? throw new InvalidOperationException("The key is read before anybody is asked.");

    // Later than what stands there, whatever that author's clock said.
    private PkarrPacket Sign(long? newest)
    {
        long now = Microseconds.Of(TimeProvider.System.GetUtcNow());
        return newest == long.MaxValue
            ? throw new RejectedException("The packet that stands there has the last timestamp that there is: nothing can follow it.", KrpcErrorCode.SequenceNotNewer)
            : PkarrPacket.Sign(_seed, _message, newest >= now ? newest.Value + 1 : now);
    }

    private static void Tell(Output output, PkarrPacket packet, int stored, Action<System.Text.Json.Utf8JsonWriter> more) =>
        output.Write($"{packet.Key}\nstored at {stored} nodes\ntimestamp {packet.Timestamp}", json =>
        {
            json.WriteString("key", packet.Key.Text);
            json.WriteHex("public_key", packet.Key.Bytes);
            json.WriteNumber("timestamp", packet.Timestamp);
            json.WriteNumber("length", packet.Message.Length);
            more(json);
        });

    private static uint? Ttl(string text) =>
        uint.TryParse(text, System.Globalization.NumberStyles.None, System.Globalization.CultureInfo.InvariantCulture, out uint ttl) && ttl <= int.MaxValue
            ? ttl
            : throw new FormatException("is no time to live; 0 to 2147483647 seconds are allowed");
}
