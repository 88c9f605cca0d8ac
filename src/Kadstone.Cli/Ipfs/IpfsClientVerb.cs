using System.CommandLine;
using Kadstone.Cli.Parsing;
using Kadstone.Cli.Verbs;
using Kadstone.Ipfs;
using Kadstone.Libp2p;

namespace Kadstone.Cli.Ipfs;

/// <summary>A verb that asks the network: it embeds a client for as long as the question takes.</summary>
internal abstract class IpfsClientVerb : Verb
{
    private readonly IpfsNodeSettings _settings;
    private readonly Option<TimeSpan?> _timeout = CommonOptions.Timeout();
    private readonly Option<bool> _embed = CommonOptions.Embed();
    private readonly Option<OutputFormat?> _format = CommonOptions.Format();

    protected IpfsClientVerb(Terminal terminal, string name, string description, params string[] examples)
        : base(terminal, name, description, examples)
    {
        _settings = new IpfsNodeSettings(this, "nowhere");
        Add(_timeout);
        Add(_embed);
        Add(_format);
    }

    /// <summary>Where the node listens unless told: nowhere, but for those that others must find.</summary>
    protected virtual IReadOnlyList<Multiaddr> Listens => [];

    /// <summary>Whether the verb asks one peer that the user names, and needs no network.</summary>
    protected virtual bool AsksNamedPeerOnly => false;

    /// <summary>Who the node is.</summary>
    protected virtual PrivateKey Identity(ParseResult arguments) => IpfsNodeSettings.Identity(keyFile: null, Terminal);

    /// <summary>Checks and reads what needs no network, before one is looked for.</summary>
    protected virtual Task PrepareAsync(ParseResult arguments, CancellationToken cancellationToken) => Task.CompletedTask;

    protected abstract Task<int> AskAsync(IpfsDht dht, ParseResult arguments, Output output, CancellationToken cancellationToken);

    protected static void WritePeer(Output output, PeerInfo peer) => output.Write(
        string.Join('\n', peer.Addresses.Select(address => address.WithPeer(peer.Id).ToString()).DefaultIfEmpty(peer.Id.ToString())),
        json =>
        {
            json.WriteString("id", peer.Id.ToString());
            json.WriteStartArray("addrs");
            foreach (Multiaddr address in peer.Addresses)
            {
                json.WriteStringValue(address.ToString());
            }

            json.WriteEndArray();
        });

    protected sealed override async Task<int> RunAsync(ParseResult arguments, CancellationToken cancellationToken)
    {
        await PrepareAsync(arguments, cancellationToken);
        Output output = new(Terminal, arguments.GetValue(_format) == OutputFormat.Json);
        TimeSpan timeout = arguments.GetValue(_timeout) ?? TimeSpan.FromSeconds(30);
        IpfsOptions options = _settings.Read(arguments, Identity(arguments), KadMode.Client, Listens) with { OperationTimeout = timeout };
        using WarningLogger logger = new(Terminal);
        try
        {
            await using IpfsDht dht = await IpfsNodeSettings.StartAsync(options, store: null, logger, cancellationToken);
            Terminal.ShowProgress("asking the network …");
            await JoinAsync(dht, timeout, cancellationToken);
            if (!AsksNamedPeerOnly && dht.Contacts().Count == 0)
            {
                throw new NoPeersException(options.Bootstrap.Count == 0 ? "Nobody is known to ask; --bootstrap names somebody." : "Nobody answers: no bootstrap peer can be reached and serves this DHT.");
            }

            return await AskAsync(dht, arguments, output, cancellationToken);
        }
        finally
        {
            Terminal.EndProgress();
        }
    }

    private static async Task JoinAsync(IpfsDht dht, TimeSpan timeout, CancellationToken cancellationToken)
    {
        try
        {
            await dht.Ready.WaitAsync(timeout, cancellationToken);
        }
        catch (TimeoutException)
        {
            throw new DhtTimeoutException($"Joining did not end within {timeout.TotalSeconds:0.###} s.");
        }
    }
}
