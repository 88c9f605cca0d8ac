using System.CommandLine;
using System.Net;
using Kadstone.Cli.Parsing;
using Kadstone.Datagrams;
using Kadstone.Kademlia;
using Kadstone.Mainline;
using Kadstone.Storage;

namespace Kadstone.Cli.Verbs;

/// <summary><c>dht mainline node</c>: a node that serves until it is told to stop.</summary>
internal sealed class NodeVerb : Verb
{
    internal const int DefaultPort = 6881;

    private readonly Option<IPAddress[]> _host = CommonOptions.Host();
    private readonly Option<int?> _port = CommonOptions.Create("--port", "N", "The UDP port; 0 is the kernel's choice. Default: as saved, else 6881.", Endpoints.Port);
    private readonly Option<string[]> _bootstrap = CommonOptions.Bootstrap("the public routers, unless --private");
    private readonly Option<Key160?> _id = CommonOptions.NodeId();
    private readonly Option<string?> _state = CommonOptions.StateFile("Where id, port and contacts are kept from run to run. Default: nowhere.");
    private readonly Option<StoreChoice> _store = CommonOptions.Create("--store", "memory|sqlite:FILE|postgres:CONNECTION", "Where items and peers are kept. Default memory.", Choices.Store);
    private readonly Option<bool> _public = new("--public") { Description = "Only global addresses are asked, kept and handed out: the default." };
    private readonly Option<bool> _private = CommonOptions.Private();
    private readonly Option<OnOff?> _diversity = CommonOptions.Diversity();
    private readonly Option<bool> _noLimits = new("--no-limits") { Description = "No rate limits: for load tests." };

    internal NodeVerb(Terminal terminal)
        : base(
            terminal,
            "node",
            "Runs a node until Ctrl-C or SIGTERM.",
            "dht mainline node --state node.json --store sqlite:node.sqlite",
            "dht mainline node --port 0 --host 127.0.0.1 --private",
            "dht mainline node --private --bootstrap 192.168.1.10:6881")
    {
        Add(_host);
        Add(_port);
        Add(_bootstrap);
        Add(_id);
        Add(_state);
        Add(_store);
        Add(_public);
        Add(_private);
        Add(_diversity);
        Add(_noLimits);
        Validators.Add(result =>
        {
            if (result.GetValue(_public) && result.GetValue(_private))
            {
                result.AddError("--public and --private exclude each other; one of them is allowed.");
            }
        });
    }

    protected override bool OutlivesItsReader => true;

    protected override async Task<int> RunAsync(ParseResult arguments, CancellationToken cancellationToken)
    {
        bool isPrivate = arguments.GetValue(_private);
        string[] bootstrap = arguments.GetValue(_bootstrap) ?? [];
        IPAddress[] hosts = arguments.GetValue(_host) is { Length: > 0 } given ? given : [IPAddress.Any];
        NetworkNotices.WarnOfPrivateAddresses(bootstrap, isPrivate, Terminal);
        StateFile<MainlineState>? stateFile = arguments.GetValue(_state) is string path ? new StateFile<MainlineState>(path, StateFormats.Mainline, Terminal) : null;
        MainlineState? saved = stateFile?.ReadOwn();
        int port = arguments.GetValue(_port) ?? (saved?.Port is > 0 and int before ? before : DefaultPort);
        if (arguments.GetValue(_noLimits))
        {
            Terminal.Complain("dht: WARNING: --no-limits: this node answers anybody any number of times. Never do this on the Internet.");
        }

        MainlineOptions options = new()
        {
            Addresses = hosts,
            Port = port,
            Bootstrap = bootstrap.Length > 0 || isPrivate ? bootstrap : MainlineOptions.PublicRouters,
            Id = arguments.GetValue(_id),
            Scope = isPrivate ? AddressScope.Private : AddressScope.Public,
            Diversity = arguments.GetValue(_diversity) != OnOff.Off,
            Limits = arguments.GetValue(_noLimits) ? RateLimits.None : new RateLimits(),
            Store = await Stores.OpenAsync(arguments.GetValue(_store) ?? new StoreChoice(null), cancellationToken),
        };
        MainlineDht dht = await StartAsync(options, saved, Terminal, cancellationToken);
        foreach (IPEndPoint endpoint in dht.LocalEndpoints)
        {
            Terminal.WriteLine($"listening on {endpoint}");
        }

        try
        {
            int contacts = await dht.WaitForNetworkAsync(cancellationToken);

            // Before anybody counts on us: whoever is killed from now on starts again under this id, with these contacts.
            stateFile?.TrySave(dht.Save());
            Terminal.WriteLine("ready");
            if (contacts == 0 && (options.Bootstrap.Count > 0 || saved?.Nodes.Count > 0))
            {
                Terminal.Complain("dht: nobody has answered so far; the node goes on asking.");
            }
        }
        catch (OperationCanceledException)
        {
            // Told to stop before it was ready: the end below is the same.
        }

        await RunningNode.ServeAsync(dht, stateFile is null ? null : () => stateFile.TrySave(dht.Save()), cancellationToken);
        return ExitCode.Found;
    }

    internal static async Task<MainlineDht> StartAsync(MainlineOptions options, MainlineState? saved, Terminal terminal, CancellationToken cancellationToken, bool tellsOfRouters = true)
    {
        try
        {
            // The options' port, be it the kernel's choice, and not the saved one.
            WarningLogger logger = new(terminal, tellsOfRouters);
            return await Sockets.OrExplainAsync(
                () => MainlineDht.CreateAsync(options, saved is null ? null : saved with { Port = 0 }, logger, cancellationToken: cancellationToken),
                options.Addresses,
                options.Port);
        }
        catch (CommandFailedException) when (options.Store is not null)
        {
            await options.Store.DisposeAsync();
            throw;
        }
    }
}
