using System.CommandLine;
using Kadstone.Cli.Parsing;
using Kadstone.Hyperswarm;
using Kadstone.Kademlia;

namespace Kadstone.Cli.Verbs.Hyper;

/// <summary><c>dht hyper get</c>: a value by its hash, or the newest one under a public key.</summary>
internal sealed class HyperGetVerb : HyperClientVerb
{
    private readonly Argument<Key256?> _target = HyperOptions.Topic("TARGET");
    private readonly Option<ReadOnlyMemory<byte>?> _publicKey = HyperOptions.PublicKey();
    private readonly Option<bool> _raw = new("--raw") { Description = "The bytes of the value and nothing else, no newline." };

    internal HyperGetVerb(Terminal terminal)
        : base(
            terminal,
            "get",
            "Gets a value.",
            "dht hyper get 256c83b297114d201b30179f3f0ef0cace9783622da5974326b436178aeef610",
            "dht hyper get --public-key 77ff84905a91936367c01360803104f92432fcd904a43511876df5cdf3e7e548 -o json")
    {
        _target.Arity = ArgumentArity.ZeroOrOne;
        Add(_target);
        Add(_publicKey);
        Add(_raw);
        Validators.Add(result =>
        {
            bool hasTarget = result.GetResult(_target) is { Tokens.Count: > 0 };
            if (hasTarget == result.GetResult(_publicKey) is not null)
            {
                result.AddError(hasTarget
                    ? "TARGET and --public-key exclude each other; one of them is allowed."
                    : "there is nothing to get; TARGET or --public-key HEX64 is needed.");
            }
        });
    }

    protected override Task PrepareAsync(RpcWire wire, ParseResult arguments, CancellationToken cancellationToken) => wire == RpcWire.V6
        ? Task.CompletedTask
        : throw CommandFailedException.Usage("--wire gen1 has no get: the first generation stores peers and no values; --wire v6 is needed.");

    protected override async Task<int> AskAsync(IHyperDht dht, ParseResult arguments, Output output, CancellationToken cancellationToken)
    {
        HyperDht today = (HyperDht)dht;
        MutableValue? signed = arguments.GetValue(_publicKey) is ReadOnlyMemory<byte> key ? await today.MutableGetAsync(key, cancellationToken: cancellationToken) : null;
        ReadOnlyMemory<byte>? found = arguments.GetValue(_target) is Key256 target ? await today.ImmutableGetAsync(target, cancellationToken) : signed?.Value;
        if (found is not ReadOnlyMemory<byte> value)
        {
            Terminal.Complain("dht: nobody stores such a value.");
            return ExitCode.NothingFound;
        }

        if (output.IsJson)
        {
            output.WriteJson(json =>
            {
                json.WriteString("value", ValueBytes.TryReadText(value));
                json.WriteString("value_hex", Convert.ToHexStringLower(value.Span));
                json.WriteBoolean("mutable", signed is not null);
                if (signed is not null)
                {
                    json.WriteNumber("seq", signed.Sequence);
                    json.WriteHex("signature", signed.Signature);
                    json.WriteString("from", signed.From.ToString());
                }
            });
        }
        else if (arguments.GetValue(_raw))
        {
            Terminal.WriteBytes(value);
        }
        else if (Terminal.OutputIsTerminal)
        {
            output.WriteText(ValueBytes.TryReadText(value) ?? $"hex:{Convert.ToHexStringLower(value.Span)}");
        }
        else
        {
            Terminal.WriteBytes((byte[])[.. value.Span, (byte)'\n']);
        }

        return ExitCode.Found;
    }
}
