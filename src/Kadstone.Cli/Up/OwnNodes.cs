using Kadstone.Cli.Parsing;
using Kadstone.Cli.Verbs;
using Kadstone.Cli.Verbs.Hyper;
using Kadstone.Hyperswarm;
using Kadstone.Mainline;

namespace Kadstone.Cli.Up;

/// <summary>This machine's own nodes, one in each network, with the files that they keep.</summary>
internal sealed class OwnNodes(DataFolder data, Terminal terminal) : IAsyncDisposable
{
    private readonly List<UpNode> _nodes = [];

    internal IReadOnlyList<UpNode> Nodes => _nodes;

    /// <summary>Starts the Mainline node.</summary>
    /// <param name="options">All but the store.</param>
    /// <param name="keepsContacts">Whether the contacts of an earlier run are of use, and not its id alone.</param>
    /// <param name="tellsOfRouters">Whether bootstrap hosts that cannot be resolved are worth a line each.</param>
    /// <param name="cancellationToken">Gives up.</param>
    internal async Task<UpNode> StartMainlineAsync(MainlineOptions options, bool keepsContacts, bool tellsOfRouters, CancellationToken cancellationToken)
    {
        StateFile<MainlineState> stateFile = new(data.StateFile, StateFormats.Mainline, terminal);
        MainlineState? saved = stateFile.ReadOwn();
        MainlineOptions complete = options with { Store = await Stores.OpenAsync(new StoreChoice(data.Store), cancellationToken) };
        MainlineDht dht = await NodeVerb.StartAsync(
            complete,
            keepsContacts || saved is null ? saved : saved with { Nodes = [] },
            terminal,
            cancellationToken,
            tellsOfRouters);
        return Add(new MainlineUpNode(dht, stateFile));
    }

    /// <summary>Starts the Hyperswarm node; its key pair is that of the data folder.</summary>
    /// <inheritdoc cref="StartMainlineAsync"/>
    internal async Task<UpNode> StartHyperAsync(HyperDhtOptions options, bool keepsContacts, bool tellsOfRouters, CancellationToken cancellationToken)
    {
        StateFile<RpcState> stateFile = new(data.HyperStateFile, StateFormats.Hyperswarm, terminal);
        RpcState? saved = stateFile.ReadOwn();
        HyperDhtOptions complete = options with
        {
            SavedState = keepsContacts ? saved?.ToJson() : null,
            Seed = KeyFile.Read(data.Key, "--data", terminal),
            Store = await Stores.OpenAsync(new StoreChoice(data.HyperStore), cancellationToken),
        };
        HyperDht dht = HyperDht.Create(complete, new WarningLogger(terminal, tellsOfRouters));
        try
        {
            await dht.Node.ListenOrExplainAsync(complete, "--hyper-port", cancellationToken);
            return Add(new HyperUpNode(dht, stateFile));
        }
        catch
        {
            await dht.DisposeAsync();
            throw;
        }
    }

    /// <summary>Saves what each node knows, and says whether that worked.</summary>
    internal bool TrySave() => _nodes.Aggregate(true, (isSaved, node) => node.TrySave() && isSaved);

    public async ValueTask DisposeAsync() => await Task.WhenAll(_nodes.Select(node => node.DisposeAsync().AsTask()));

    private UpNode Add(UpNode node)
    {
        _nodes.Add(node);
        return node;
    }
}
