using System.CommandLine;
using Kadstone.Cli.Parsing;
using Kadstone.Kademlia;
using Kadstone.Mainline;

namespace Kadstone.Cli.Verbs;

/// <summary><c>dht mainline get</c>: an item by its hash, or the newest one under a public key (BEP 44, BEP 46).</summary>
internal sealed class GetVerb : ClientVerb
{
    private readonly Argument<ItemTopic?> _topic =
        CommonOptions.Argument("TARGET|KEY|MAGNET", "40 hexadecimal digits, the 64 of a public key, or a magnet link with btpk.", text => (ItemTopic?)ItemTopic.Parse(text));

    private readonly Option<ReadOnlyMemory<byte>?> _publicKey =
        CommonOptions.Create("--public-key", "HEX64", "The public key of a mutable item.", text => (ReadOnlyMemory<byte>?)Keys.PublicKey(text));

    private readonly Option<ReadOnlyMemory<byte>?> _salt = CommonOptions.Salt();
    private readonly Option<bool> _raw = new("--raw") { Description = "The bytes of the value and nothing else, no newline." };

    internal GetVerb(Terminal terminal)
        : base(
            terminal,
            "get",
            "Gets an item.",
            "dht mainline get e5f96f6f38320f0f33959cb4d3d656452117aadb",
            "dht mainline get --public-key 77ff84905a91936367c01360803104f92432fcd904a43511876df5cdf3e7e548 --salt foobar",
            "dht mainline get 'magnet:?xs=urn:btpk:77ff84905a91936367c01360803104f92432fcd904a43511876df5cdf3e7e548' -o json")
    {
        _topic.Arity = ArgumentArity.ZeroOrOne;
        Add(_topic);
        Add(_publicKey);
        Add(_salt);
        Add(_raw);
        Validators.Add(result =>
        {
            bool hasTopic = result.GetResult(_topic) is { Tokens.Count: > 0 };
            bool hasKey = result.GetResult(_publicKey) is not null;
            if (hasTopic == hasKey)
            {
                result.AddError(hasTopic
                    ? "TARGET and --public-key exclude each other; one of them is allowed."
                    : "there is nothing to get; TARGET, MAGNET or --public-key HEX64 is needed.");
            }
            else if (hasTopic && result.GetResult(_salt) is not null && result.GetResult(_topic) is { } topic && !topic.Errors.Any() && topic.GetValueOrDefault<ItemTopic?>()?.PublicKey.IsEmpty == true)
            {
                result.AddError("--salt goes with a public key; a target of 40 digits has it in itself.");
            }
        });
    }

    protected override async Task<int> AskAsync(MainlineDht dht, ParseResult arguments, Output output, CancellationToken cancellationToken)
    {
        ItemTopic? topic = arguments.GetValue(_topic);
        ReadOnlyMemory<byte> publicKey = arguments.GetValue(_publicKey) ?? topic?.PublicKey ?? default;
        ReadOnlyMemory<byte> salt = arguments.GetValue(_salt) ?? topic?.Salt ?? default;
        FoundItem? item = publicKey.IsEmpty && topic is not null
            ? await dht.GetImmutableAsync(topic.Target, cancellationToken)
            : await dht.GetMutableAsync(publicKey, salt, cancellationToken);
        if (item is null)
        {
            Terminal.Complain("dht: nobody stores such an item.");
            return ExitCode.NothingFound;
        }

        bool isString = item.Value.TryGetBytes(out ReadOnlyMemory<byte> bytes);
        bytes = isString ? bytes : item.Value.Bencoded;
        if (output.IsJson)
        {
            output.WriteJson(json =>
            {
                json.WriteString("value", ValueBytes.TryReadText(bytes));
                json.WriteString("value_hex", Convert.ToHexStringLower(bytes.Span));
                json.WriteBoolean("is_string", isString);
                json.WriteBoolean("mutable", item.IsMutable);
                json.WriteNumber("seq", item.Sequence);
                json.WriteHex("public_key", item.PublicKey);
                json.WriteHex("salt_hex", salt);
                json.WriteHex("signature", item.Signature);
                json.WriteNumber("copies", item.Copies);
                json.WriteNumber("forged", item.Forged);
                json.WriteLookup(item.Lookup);
            });
        }
        else if (arguments.GetValue(_raw))
        {
            Terminal.WriteBytes(bytes);
        }
        else if (Terminal.OutputIsTerminal)
        {
            output.WriteText(item.Value.ToString());
        }
        else
        {
            Terminal.WriteBytes((byte[])[.. bytes.Span, (byte)'\n']);
        }

        return ExitCode.Found;
    }
}
