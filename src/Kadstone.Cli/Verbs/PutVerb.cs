using System.CommandLine;
using Kadstone.Cli.Parsing;
using Kadstone.Crypto;
using Kadstone.Mainline;

namespace Kadstone.Cli.Verbs;

/// <summary><c>dht mainline put</c> and <c>put-signed</c>: stores an item, under its hash or signed under a key (BEP 44).</summary>
internal sealed class PutVerb : ClientVerb
{
    private readonly Argument<string> _value = new("VALUE") { HelpName = "TEXT|@FILE|-", Description = "The value: a text, a file, or standard input." };
    private readonly Option<bool> _bencoded = new("--bencoded") { Description = "The value is bencode already, not a text." };
    private readonly Option<string?> _key = CommonOptions.KeyFile();
    private readonly Option<ReadOnlyMemory<byte>?> _salt = CommonOptions.Salt();
    private readonly Option<long?> _sequence = CommonOptions.Create("--seq", "N", "The version. Default: one more than the network has.", Keys.Sequence);
    private readonly Option<long?> _cas = CommonOptions.Create("--cas", "N", "Only where this version is stored.", Keys.Sequence);
    private readonly Option<int?> _min = CommonOptions.Min("fewer than N nodes stored it");
    private ItemValue _item;
    private byte[]? _seed;

    internal PutVerb(Terminal terminal, bool isSigned)
        : base(
            terminal,
            isSigned ? "put-signed" : "put",
            isSigned ? "Signs an item with a key and stores it; a later one replaces it." : "Stores an item under its hash; with --key as put-signed.",
            isSigned
                ? ["dht key new me.key", "dht mainline put-signed 'hello again' --key me.key", "dht mainline put-signed @record.txt --key me.key --salt blog --seq 7 --cas 6"]
                : ["dht mainline put 'hello world'", "dht mainline put @letter.txt --min 4", "date | dht mainline put - -o json"])
    {
        Add(_value);
        Add(_bencoded);
        Add(_key);
        Add(_salt);
        Add(_sequence);
        Add(_cas);
        Add(_min);
        _key.Required = isSigned;
        Validators.Add(result =>
        {
            if (result.GetResult(_key) is null)
            {
                foreach (Option option in (Option[])[_salt, _sequence, _cas])
                {
                    if (result.GetResult(option) is not null)
                    {
                        result.AddError($"{option.Name} goes with --key FILE: an item under its hash has neither salt nor versions.");
                        return;
                    }
                }
            }
        });
    }

    protected override async Task PrepareAsync(ParseResult arguments, CancellationToken cancellationToken)
    {
        _seed = arguments.GetValue(_key) is string path ? KeyFile.Read(path, "--key", Terminal) : null;
        _item = await ItemValues.ReadAsync(arguments.GetRequiredValue(_value), arguments.GetValue(_bencoded), Terminal, cancellationToken);
    }

    protected override async Task<int> AskAsync(MainlineDht dht, ParseResult arguments, Output output, CancellationToken cancellationToken)
    {
        ReadOnlyMemory<byte> salt = arguments.GetValue(_salt) ?? default;
        PutItemResult result = _seed is null
            ? await dht.PutImmutableAsync(_item, cancellationToken)
            : await dht.PutMutableAsync(_seed, _item, salt, arguments.GetValue(_sequence), arguments.GetValue(_cas), cancellationToken);
        string version = _seed is null ? string.Empty : $"\nseq {result.Sequence}";
        output.Write($"{result.Target}\nstored at {result.Commit.Stored} nodes{version}", json =>
        {
            json.WriteString("target", result.Target.ToString());
            if (_seed is not null)
            {
                json.WriteNumber("seq", result.Sequence);
                json.WriteHex("public_key", Ed25519.CreateKeyPair(_seed));
                json.WriteHex("salt_hex", salt);
            }

            json.WriteCommit(result.Commit);
            json.WriteLookup(result.Lookup);
        });
        return Outcomes.Of(result.Commit, arguments.GetValue(_min), Terminal);
    }
}
