using System.CommandLine;
using Kadstone.Cli.Parsing;
using Kadstone.Ipfs;
using Kadstone.Libp2p;

namespace Kadstone.Cli.Ipfs;

/// <summary><c>dht ipfs id</c>: who listens at an address, and what it says of itself.</summary>
internal sealed class IpfsIdVerb : IpfsClientVerb
{
    private readonly Argument<Multiaddr> _address = CommonOptions.Argument("MULTIADDR", "Where the peer listens, with or without /p2p/ at the end.", Address);

    internal IpfsIdVerb(Terminal terminal)
        : base(terminal, "id", "Asks who listens at an address.", "dht ipfs id /ip4/127.0.0.1/tcp/4001 --private") => Add(_address);

    protected override bool AsksNamedPeerOnly => true;

    protected override async Task<int> AskAsync(IpfsDht dht, ParseResult arguments, Output output, CancellationToken cancellationToken)
    {
        TaskCompletionSource<IdentifiedPeer> said = new(TaskCreationOptions.RunContinuationsAsynchronously);
        Multiaddr address = arguments.GetRequiredValue(_address);
        PeerId? peer = null;
        dht.Host.Identified += (_, who) =>
        {
            if (peer is null || who.Id == peer)
            {
                said.TrySetResult(who);
            }
        };
        peer = await dht.ConnectAsync(address, cancellationToken);
        IdentifiedPeer identity = dht.Host.Connections.FirstOrDefault(connection => connection.Id == peer)?.Identity
            ?? await said.Task.WaitAsync(TimeSpan.FromSeconds(10), cancellationToken);
        output.Write($"{identity.Id} {identity.AgentVersion}\n{string.Join('\n', identity.Protocols)}", json =>
        {
            json.WriteString("id", identity.Id.ToString());
            json.WriteString("agent_version", identity.AgentVersion);
            WriteAll("protocols", identity.Protocols);
            WriteAll("addrs", identity.Addresses.Select(own => own.ToString()));

            void WriteAll(string name, IEnumerable<string> values)
            {
                json.WriteStartArray(name);
                foreach (string value in values)
                {
                    json.WriteStringValue(value);
                }

                json.WriteEndArray();
            }
        });
        return ExitCode.Found;
    }

    private static Multiaddr Address(string text) =>
        Multiaddr.TryParse(text, out Multiaddr? address) ? address : throw new FormatException("is no multiaddr; one such as /ip4/127.0.0.1/tcp/4001 is expected");
}
