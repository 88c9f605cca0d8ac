using System.CommandLine;
using Kadstone.Cli.Parsing;
using Kadstone.Hyperswarm;

namespace Kadstone.Cli.Verbs.Hyper;

/// <summary><c>dht hyper node</c>: a long-lived node, as the hyperdht command of the first generation runs one.</summary>
internal sealed class HyperNodeVerb : HyperServerVerb
{
    private readonly Option<bool> _persistent = new("--persistent") { Description = "Others keep this node in their tables, without a proof that they reach it." };
    private readonly Option<bool> _ephemeral = new("--ephemeral") { Description = "Nobody keeps this node in a table." };
    private readonly Option<string?> _key = HyperOptions.KeyFile("The key file of the node's own key pair. Default: a random one for each run.");

    internal HyperNodeVerb(Terminal terminal)
        : base(
            terminal,
            "node",
            "Runs a node until Ctrl-C or SIGTERM, and tells what others ask of it.",
            "the public nodes with --wire v6, unless --private",
            "dht hyper node --bootstrap=localhost:10000 --bootstrap=localhost:10001 --private",
            "dht hyper node -b 192.168.1.10:10000,192.168.1.11:10000 -p 0 --quiet --private",
            "dht hyper node --state hyper.json --store sqlite:hyper.sqlite",
            "dht hyper node --wire gen1 --bootstrap=localhost:10000 --private")
    {
        Add(_persistent);
        Add(_ephemeral);
        Add(_key);
        Validators.Add(result =>
        {
            if (result.GetValue(_persistent) && result.GetValue(_ephemeral))
            {
                result.AddError("--persistent and --ephemeral exclude each other; one of them is allowed.");
            }
        });
    }

    protected override IEnumerable<Option> OnTodaysWireOnly => base.OnTodaysWireOnly.Append(_key);

    protected override HyperDhtOptions Complete(HyperDhtOptions options, ParseResult arguments) => options with
    {
        Ephemeral = arguments.GetValue(_persistent) ? false : arguments.GetValue(_ephemeral) ? true : null,
        Seed = arguments.GetValue(_key) is string path ? KeyFile.Read(path, "--key", Terminal) : default(ReadOnlyMemory<byte>?),
    };
}
