using System.CommandLine;
using Kadstone.Cli.Parsing;
using Kadstone.Ipfs;

namespace Kadstone.Cli.Ipfs;

/// <summary><c>dht ipfs get</c>: the best record under a key.</summary>
internal sealed class GetRecordVerb : IpfsClientVerb
{
    private readonly Argument<string> _key = CommonOptions.Argument("KEY", "/ipns/NAME or /pk/PEER.", IpfsArguments.RecordKey);
    private readonly Option<bool> _raw = new("--raw") { Description = "The bytes of the record and nothing else." };

    internal GetRecordVerb(Terminal terminal)
        : base(terminal, "get", "Gets the best record under a key, in base64.", "dht ipfs get /ipns/k51qzi5uqu5dl0dbfddy2wb42nvbc6anyxnkrguy5l0h0bv9kaih6j6vqdskqk --raw > record")
    {
        Add(_key);
        Add(_raw);
    }

    protected override async Task<int> AskAsync(IpfsDht dht, ParseResult arguments, Output output, CancellationToken cancellationToken)
    {
        string key = arguments.GetRequiredValue(_key);
        ReadOnlyMemory<byte> value = await dht.GetAsync(key, cancellationToken: cancellationToken);
        if (arguments.GetValue(_raw) && !output.IsJson)
        {
            Terminal.WriteBytes(value);
            return ExitCode.Found;
        }

        output.Write(Convert.ToBase64String(value.Span), json =>
        {
            json.WriteString("key", key);
            json.WriteBase64String("value", value.Span);
        });
        return ExitCode.Found;
    }
}
