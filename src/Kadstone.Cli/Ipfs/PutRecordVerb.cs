using System.CommandLine;
using Kadstone.Cli.Parsing;
using Kadstone.Ipfs;

namespace Kadstone.Cli.Ipfs;

/// <summary><c>dht ipfs put</c>: stores a record that is made already.</summary>
internal sealed class PutRecordVerb : IpfsClientVerb
{
    private const int MaxRecord = 10 << 10;

    private readonly Argument<string> _key = CommonOptions.Argument("KEY", "/ipns/NAME or /pk/PEER.", IpfsArguments.RecordKey);
    private readonly Argument<string> _value = new("VALUE") { HelpName = "@FILE|-", Description = "The record: a file, or standard input." };
    private byte[] _record = [];

    internal PutRecordVerb(Terminal terminal)
        : base(terminal, "put", "Stores a signed record under its key.", "dht ipfs put /ipns/k51qzi5uqu5dl0dbfddy2wb42nvbc6anyxnkrguy5l0h0bv9kaih6j6vqdskqk @record")
    {
        Add(_key);
        Add(_value);
    }

    protected override async Task PrepareAsync(ParseResult arguments, CancellationToken cancellationToken) =>
        _record = await GivenBytes.ReadAsync(arguments.GetRequiredValue(_value), "VALUE", MaxRecord, Terminal, cancellationToken);

    protected override async Task<int> AskAsync(IpfsDht dht, ParseResult arguments, Output output, CancellationToken cancellationToken)
    {
        PutOutcome outcome = await dht.PutAsync(arguments.GetRequiredValue(_key), _record, cancellationToken: cancellationToken);
        output.Write($"stored at {outcome.StoredOn} nodes", json =>
        {
            json.WriteNumber("stored", outcome.StoredOn);
            json.WriteNumber("failed", outcome.Failed);
        });
        return outcome.StoredOn > 0 ? ExitCode.Found : ExitCode.FewerThanAsked;
    }
}
