using System.CommandLine;
using Kadstone.Cli.Parsing;
using Kadstone.Crypto;
using Kadstone.Hyperswarm;

namespace Kadstone.Cli.Verbs.Hyper;

/// <summary><c>dht hyper put</c> and <c>put-signed</c>: stores a value under its hash, or signed under a key.</summary>
internal sealed class HyperPutVerb : HyperClientVerb
{
    private readonly Argument<string> _value = new("VALUE") { HelpName = "TEXT|@FILE|-", Description = "The value: a text, a file, or standard input." };
    private readonly Option<string?> _key = CommonOptions.KeyFile();
    private readonly Option<long?> _sequence = CommonOptions.Create("--seq", "N", "The version. Default: one more than the network has.", Keys.Sequence);
    private readonly Option<int?> _min = CommonOptions.Min("fewer than N nodes stored it");
    private readonly bool _isSigned;
    private byte[] _bytes = [];
    private byte[]? _seed;

    internal HyperPutVerb(Terminal terminal, bool isSigned)
        : base(
            terminal,
            isSigned ? "put-signed" : "put",
            isSigned ? "Signs a value with a key and stores it; a later one replaces it." : "Stores a value under its hash.",
            isSigned
                ? ["dht key new me.key", "dht hyper put-signed 'hello again' --key me.key", "dht hyper put-signed @record.txt --key me.key --seq 7"]
                : ["dht hyper put 'hello world'", "dht hyper put @letter.txt --min 4", "date | dht hyper put - -o json"])
    {
        _isSigned = isSigned;
        Add(_value);
        Add(_min);
        if (isSigned)
        {
            Add(_key);
            Add(_sequence);
            _key.Required = true;
        }
    }

    protected override async Task PrepareAsync(RpcWire wire, ParseResult arguments, CancellationToken cancellationToken)
    {
        if (wire == RpcWire.Gen1)
        {
            throw CommandFailedException.Usage($"--wire gen1 has no {Name}: the first generation stores peers and no values; --wire v6 is needed.");
        }

        _seed = _isSigned && arguments.GetValue(_key) is string path ? KeyFile.Read(path, "--key", Terminal) : null;
        _bytes = await ValueBytes.ReadAsync(arguments.GetRequiredValue(_value), _isSigned ? "at most 1100 are allowed" : "at most 1200 are allowed", Terminal, cancellationToken);
    }

    protected override async Task<int> AskAsync(IHyperDht dht, ParseResult arguments, Output output, CancellationToken cancellationToken)
    {
        HyperDht today = (HyperDht)dht;
        long sequence = 0;
        HyperPut put;
        if (_seed is null)
        {
            put = await today.ImmutablePutAsync(_bytes, cancellationToken);
        }
        else
        {
            sequence = arguments.GetValue(_sequence)
                ?? (await today.MutableGetAsync(Ed25519.CreateKeyPair(_seed), cancellationToken: cancellationToken) is MutableValue newest ? newest.Sequence + 1 : 1);
            put = await today.MutablePutAsync(_seed, _bytes, sequence, cancellationToken);
        }

        output.Write($"{put.Target}\nstored at {put.Commit.Stored} nodes{(_isSigned ? $"\nseq {sequence}" : string.Empty)}", json =>
        {
            json.WriteString("target", put.Target.ToString());
            if (_seed is not null)
            {
                json.WriteNumber("seq", sequence);
                json.WriteHex("public_key", Ed25519.CreateKeyPair(_seed));
            }

            json.WriteCommit(put.Commit);
        });
        return HyperOutcomes.Of(put.Commit, arguments.GetValue(_min), _isSigned ? ": a later version is stored, or another value under the same" : string.Empty, Terminal);
    }
}
