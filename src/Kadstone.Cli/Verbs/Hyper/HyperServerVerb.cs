using System.CommandLine;
using System.Net;
using Kadstone.Cli.Parsing;
using Kadstone.Datagrams;
using Kadstone.Hyperswarm;

namespace Kadstone.Cli.Verbs.Hyper;

/// <summary>A node that serves until it is told to stop: the options of all such verbs, and how they run.</summary>
internal abstract class HyperServerVerb : Verb
{
    private readonly Option<RpcWire?> _wire = HyperOptions.Wire();
    private readonly Option<IPAddress?> _host = HyperOptions.Host();
    private readonly Option<int?> _port = HyperOptions.ServerPort("as saved, else 49737", "-p");
    private readonly Option<string[][]> _bootstrap;
    private readonly Option<IPAddress?> _publicAddress =
        CommonOptions.Create("--public-address", "ADDR", "The address under which others reach the port, where that is not --host.", text => (IPAddress?)Endpoints.Address(text));

    private readonly Option<string?> _state = CommonOptions.StateFile("Where port and contacts are kept from run to run. Default: nowhere.");
    private readonly Option<StoreChoice> _store = CommonOptions.Create("--store", "memory|sqlite:FILE", "Where values of others are kept. Default memory.", Choices.Store);
    private readonly Option<bool> _private = CommonOptions.Private();
    private readonly Option<OnOff?> _diversity = CommonOptions.Diversity();
    private readonly Option<bool> _noLimits = new("--no-limits") { Description = "No rate limits: for load tests." };
    private readonly Option<bool> _quiet = new("--quiet") { Description = "Not a line for what others ask." };

    protected HyperServerVerb(Terminal terminal, string name, string description, string bootstrapFallback, params string[] examples)
        : base(terminal, name, description, examples)
    {
        _bootstrap = HyperOptions.Bootstrap(bootstrapFallback);
        Add(_bootstrap);
        Add(_port);
        Add(_quiet);
        Add(_wire);
        Add(_host);
        Add(_publicAddress);
        Add(_state);
        Add(_store);
        Add(_private);
        Add(_diversity);
        Add(_noLimits);
    }

    protected virtual IEnumerable<Option> OnTodaysWireOnly => [_state, _store, _publicAddress];

    /// <summary>The nodes to join through when none are named, in the public network.</summary>
    protected virtual IReadOnlyList<string> PublicBootstrap(RpcWire wire) => wire == RpcWire.V6 ? RpcOptions.PublicBootstrap : [];

    protected abstract HyperDhtOptions Complete(HyperDhtOptions options, ParseResult arguments);

    /// <summary>The node, and what tells of others' requests; null where nothing does.</summary>
    protected virtual (IRpcNode Node, IHyperDht? Dht) Create(RpcWire wire, HyperDhtOptions options, WarningLogger logger)
    {
        IHyperDht dht = HyperNodes.Create(wire, options, logger);
        return (dht.Node, dht);
    }

    protected override bool OutlivesItsReader => true;

    protected sealed override async Task<int> RunAsync(ParseResult arguments, CancellationToken cancellationToken)
    {
        RpcWire wire = arguments.GetValue(_wire) ?? RpcWire.V6;
        if (wire == RpcWire.Gen1 && OnTodaysWireOnly.FirstOrDefault(option => arguments.GetResult(option) is { Implicit: false }) is Option misplaced)
        {
            throw CommandFailedException.Usage($"{misplaced.Name} goes with --wire v6: a node of the first generation keeps nothing but peers, for six minutes, in memory.");
        }

        bool isPrivate = arguments.GetValue(_private);
        string[] bootstrap = [.. (arguments.GetValue(_bootstrap) ?? []).SelectMany(each => each)];
        NetworkNotices.WarnOfPrivateAddresses(bootstrap, isPrivate, Terminal);
        StateFile<RpcState>? stateFile = arguments.GetValue(_state) is string path ? new StateFile<RpcState>(path, StateFormats.Hyperswarm, Terminal) : null;
        RpcState? saved = stateFile?.ReadOwn();
        if (arguments.GetValue(_noLimits))
        {
            Terminal.Complain("dht: WARNING: --no-limits: this node answers anybody any number of times. Never do this on the Internet.");
        }

        HyperDhtOptions options = Complete(
            new HyperDhtOptions
            {
                Host = arguments.GetValue(_host) ?? IPAddress.Any,
                Port = arguments.GetValue(_port) ?? (saved?.Port is > 0 and int before ? before : HostPort.DefaultPort),
                PublicAddress = arguments.GetValue(_publicAddress),
                Bootstrap = bootstrap.Length > 0 || isPrivate ? bootstrap : PublicBootstrap(wire),
                Scope = isPrivate ? AddressScope.Private : AddressScope.Public,
                Diversity = arguments.GetValue(_diversity) != OnOff.Off,
                Limits = arguments.GetValue(_noLimits) ? RateLimits.None : new RateLimits(),
                SavedState = saved?.ToJson(),
                Store = await Stores.OpenAsync(arguments.GetValue(_store) ?? new StoreChoice(null), cancellationToken),
            },
            arguments);
        using WarningLogger logger = new(Terminal);
        (IRpcNode node, IHyperDht? dht) = Create(wire, options, logger);
        IAsyncDisposable owner = dht is null ? node : dht;
        try
        {
            await node.ListenOrExplainAsync(options, _port.Name, cancellationToken);
        }
        catch
        {
            await owner.DisposeAsync();
            throw;
        }

        Terminal.WriteLine($"listening on {node.LocalEndpoint}");
        Task traffic = dht is null || arguments.GetValue(_quiet) ? Task.CompletedTask : TellTrafficAsync(dht, cancellationToken);
        Func<bool>? trySave = stateFile is not null && node is RpcNode today ? () => stateFile.TrySave(today.Save()) : null;
        try
        {
            int contacts = await node.WaitForNetworkAsync(cancellationToken);
            trySave?.Invoke();
            Terminal.WriteLine("ready");
            if (contacts == 0 && (options.Bootstrap.Count > 0 || saved?.Nodes.Count > 0))
            {
                Terminal.Complain("dht: no node is known so far; this one goes on asking.");
            }
        }
        catch (OperationCanceledException)
        {
            // Told to stop before it was ready: the end below is the same.
        }

        await RunningNode.ServeAsync(owner, trySave, cancellationToken, beforeClosing: traffic);
        return ExitCode.Found;
    }

    // The lines of hyperdht 1's own command, to the letter: who reads those can read these.
    private async Task TellTrafficAsync(IHyperDht dht, CancellationToken cancellationToken)
    {
        try
        {
            await foreach (HyperTraffic asked in dht.WatchAsync(cancellationToken))
            {
                Terminal.WriteLine(Describe(asked));
            }
        }
        catch (OperationCanceledException)
        {
            // The regular end.
        }
    }

    private static string Describe(HyperTraffic asked)
    {
        UdpEndpoint peer = asked.Port == 0 ? asked.From : asked.From.WithPort((ushort)asked.Port);
        string who = $"{{ host: '{peer.ToIPEndPoint().Address}', port: {peer.Port} }}";
        return asked.Kind switch
        {
            HyperTrafficKind.Announce => $"announce: {asked.Topic} {who}",
            HyperTrafficKind.Unannounce => $"unannounce: {asked.Topic} {who}",
            _ => $"lookup: {asked.Topic}",
        };
    }
}
