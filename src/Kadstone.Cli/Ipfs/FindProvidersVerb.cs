using System.CommandLine;
using Kadstone.Cli.Parsing;
using Kadstone.Cli.Verbs;
using Kadstone.Ipfs;
using Kadstone.Libp2p;

namespace Kadstone.Cli.Ipfs;

/// <summary><c>dht ipfs findprovs</c>: who has content, one a line as they are found.</summary>
internal sealed class FindProvidersVerb : IpfsClientVerb
{
    private readonly Argument<Cid> _cid = CommonOptions.Argument("CID", "Which content.", IpfsArguments.Content);
    private readonly Option<int?> _count = CommonOptions.Create("--count", "N", "Stop after so many, 20 by default; end with 4 when there are fewer than asked for.", Keys.Count, "-n");

    internal FindProvidersVerb(Terminal terminal)
        : base(terminal, "findprovs", "Finds the providers of content.", "dht ipfs findprovs bafkreigh2akiscaildcqabsyg3dfr6chu3fgpregiymsck7e7aqa4s52zy -n 5")
    {
        Add(_cid);
        Add(_count);
    }

    protected override async Task<int> AskAsync(IpfsDht dht, ParseResult arguments, Output output, CancellationToken cancellationToken)
    {
        int? asked = arguments.GetValue(_count);
        FindProvidersOptions options = new() { NumProviders = asked ?? 20, ThrowIfFewer = false };
        int found = 0;
        await foreach (PeerInfo provider in dht.FindProvidersAsync(arguments.GetRequiredValue(_cid), options, cancellationToken))
        {
            found++;
            output.Write(provider.Id.ToString(), json =>
            {
                json.WriteString("id", provider.Id.ToString());
                json.WriteStartArray("addrs");
                foreach (Multiaddr address in provider.Addresses)
                {
                    json.WriteStringValue(address.ToString());
                }

                json.WriteEndArray();
            });
        }

        return Outcomes.Of(found, asked, "provider", Terminal);
    }
}
