using System.CommandLine;
using Kadstone.Cli.Parsing;
using Kadstone.Ipfs;
using Kadstone.Libp2p;

namespace Kadstone.Cli.Ipfs;

/// <summary><c>dht ipfs findpeer</c>: where a peer is.</summary>
internal sealed class FindPeerVerb : IpfsClientVerb
{
    private readonly Argument<PeerId> _peer = CommonOptions.Argument("PEER", "A peer id, in any of its texts.", IpfsArguments.Peer);

    internal FindPeerVerb(Terminal terminal)
        : base(terminal, "findpeer", "Finds the addresses of a peer.", "dht ipfs findpeer QmaCpDMGvV2BGHeYERUEnRQAwe3N8SzbUtfsmvsqQLuvuJ") => Add(_peer);

    protected override async Task<int> AskAsync(IpfsDht dht, ParseResult arguments, Output output, CancellationToken cancellationToken)
    {
        WritePeer(output, await dht.FindPeerAsync(arguments.GetRequiredValue(_peer), cancellationToken: cancellationToken));
        return ExitCode.Found;
    }
}
