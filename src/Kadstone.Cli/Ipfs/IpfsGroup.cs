using System.CommandLine;

namespace Kadstone.Cli.Ipfs;

/// <summary><c>dht ipfs</c>: a daemon, and what can be asked of the network.</summary>
internal sealed class IpfsGroup : Command
{
    internal IpfsGroup(Terminal terminal)
        : base("ipfs", "The DHT of IPFS.")
    {
        Add(new IpfsDaemonVerb(terminal));
        Add(new IpfsIdVerb(terminal));
        Add(new FindPeerVerb(terminal));
        Add(new FindProvidersVerb(terminal));
        Add(new ProvideVerb(terminal));
        Add(new GetRecordVerb(terminal));
        Add(new PutRecordVerb(terminal));
        Add(new QueryVerb(terminal));
        Add(new Command("name", "IPNS names: paths that their owner may change.") { new PublishNameVerb(terminal), new ResolveNameVerb(terminal) });
    }
}
