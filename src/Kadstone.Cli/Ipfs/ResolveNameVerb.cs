using System.CommandLine;
using Kadstone.Cli.Parsing;
using Kadstone.Ipfs;
using Kadstone.Libp2p;

namespace Kadstone.Cli.Ipfs;

/// <summary><c>dht ipfs name resolve</c>: where a name leads.</summary>
internal sealed class ResolveNameVerb : IpfsClientVerb
{
    private readonly Argument<PeerId> _name = CommonOptions.Argument("NAME", "An IPNS name, with or without /ipns/ before it.", IpfsArguments.Name);

    internal ResolveNameVerb(Terminal terminal)
        : base(terminal, "resolve", "Says where a name leads.", "dht ipfs name resolve k51qzi5uqu5dl0dbfddy2wb42nvbc6anyxnkrguy5l0h0bv9kaih6j6vqdskqk") => Add(_name);

    protected override async Task<int> AskAsync(IpfsDht dht, ParseResult arguments, Output output, CancellationToken cancellationToken)
    {
        IpnsName name = await dht.ResolveNameAsync(arguments.GetRequiredValue(_name), cancellationToken: cancellationToken);
        Write(output, name, name.Path);
        return ExitCode.Found;
    }

    internal static string NameOf(IpnsName name) => name.Name.ToCid().ToString(MultibaseEncoding.Base36);

    internal static void Write(Output output, IpnsName name, string text) => output.Write(text, json =>
    {
        json.WriteString("name", NameOf(name));
        json.WriteString("path", name.Path);
        json.WriteNumber("seq", name.Sequence);
        json.WriteString("validity", name.Validity);
        json.WriteNumber("ttl_seconds", name.TimeToLive.TotalSeconds);
    });
}
