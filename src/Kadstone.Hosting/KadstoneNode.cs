using System.Diagnostics;
using System.Diagnostics.Metrics;
using Kadstone.Datagrams;
using Kadstone.Hosting.Files;
using Kadstone.Hosting.Networks;
using Kadstone.Hosting.Telemetry;
using Kadstone.Hyperswarm;
using Kadstone.Ipfs;
using Kadstone.Mainline;
using Kadstone.Storage;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Kadstone.Hosting;

/// <summary>The nodes of one process: one in each network that is asked for, with one identity, one store and one data folder.</summary>
/// <example>
/// <code>
/// await using KadstoneNode node = await KadstoneNode.CreateAsync(new KadstoneOptions
/// {
///     Mainline = new MainlineOptions { Port = 6881, Bootstrap = MainlineOptions.PublicRouters },
///     Hyperswarm = new HyperDhtOptions { Port = 49737, Bootstrap = RpcOptions.PublicBootstrap },
/// });
/// </code>
/// </example>
/// <remarks>Safe for concurrent use. The nodes belong to it: they are not to be disposed by others.</remarks>
public sealed class KadstoneNode : IAsyncDisposable
{
    private readonly DataFolder? _folder;
    private readonly ILogger _logger;
    private readonly Lock _lock = new();
    private readonly List<NetworkNode> _networks = [];
    private readonly TimeProvider _time;
    private OwnMeters? _ownMeters;
    private IDisposable? _export;
    private NodeMetrics? _metrics;
    private Task? _disposal;

    private KadstoneNode(KadstoneOptions options, KadstoneIdentity identity, DataFolder? folder, IRecordStore store, string storeName, TimeProvider time, ILogger logger)
    {
        Options = options;
        Identity = identity;
        _folder = folder;
        Store = store;
        StoreName = storeName;
        _time = time;
        StartedAt = time.GetUtcNow();
        Budget = new SendBudget(options.PacketsPerSecond);
        _logger = logger;
    }

    /// <summary>What it was made of.</summary>
    public KadstoneOptions Options { get; }

    /// <summary>The Mainline node; null when it was not asked for.</summary>
    public MainlineDht? Mainline { get; private set; }

    /// <summary>The Hyperswarm node; null when it was not asked for.</summary>
    public HyperDht? Hyperswarm { get; private set; }

    /// <summary>The IPFS node; null when it was not asked for.</summary>
    public IpfsDht? Ipfs { get; private set; }

    /// <summary>What <see cref="Ipfs"/> was made of, its identity included; null as that.</summary>
    public IpfsOptions? IpfsOptions { get; private set; }

    /// <summary>The nodes that run, in the order mainline, hyperswarm, ipfs.</summary>
    public IReadOnlyList<NetworkNode> Networks => _networks;

    /// <summary>Where the records of all networks are kept. It is closed with the nodes.</summary>
    public IRecordStore Store { get; }

    /// <summary>What kind of store that is: <c>memory</c>, <c>sqlite</c>, <c>postgres</c> or <c>custom</c>.</summary>
    public string StoreName { get; }

    /// <summary>The keys of the nodes.</summary>
    public KadstoneIdentity Identity { get; }

    /// <summary>How much of the machine the nodes may take.</summary>
    public KadstoneProfile Profile => Options.Profile;

    /// <summary>How many datagrams a second may leave, all networks together.</summary>
    public int PacketBudget => Options.PacketsPerSecond;

    /// <summary>How many datagrams left in the last whole second.</summary>
    public int PacketsLastSecond => Budget.SentLastSecond(new MonotonicClock(_time).Now);

    /// <summary>How often datagrams had to wait for the budget, so far.</summary>
    public long BudgetPauses => Budget.Pauses;

    /// <summary>The folder of identity, states and store; null: nothing is kept.</summary>
    public string? DataFolder => _folder?.Path;

    /// <summary>When it was started.</summary>
    public DateTimeOffset StartedAt { get; }

    internal SendBudget Budget { get; }

    /// <summary>Looks a random key up in each network, and says how many nodes answered: 0 where a network is out of reach.</summary>
    public async Task<IReadOnlyDictionary<string, int>> ProbeAsync(CancellationToken cancellationToken = default)
    {
        int[] answers = await Task.WhenAll(_networks.Select(network => ProbeAsync(network, cancellationToken))).ConfigureAwait(false);
        return _networks.Select((network, index) => (network.Network, Count: answers[index])).ToDictionary(one => one.Network, one => one.Count);
    }

    /// <summary>Opens folder and store, and starts the nodes, which join in the background.</summary>
    /// <param name="options">How it is set up; they are not to be changed any more.</param>
    /// <param name="loggerFactory">Where it logs; null: nowhere.</param>
    /// <param name="timeProvider">Its clock; null: the system's.</param>
    /// <param name="meterFactory">Where its meters are made; null: they are its own.</param>
    /// <param name="cancellationToken">Gives up starting.</param>
    /// <exception cref="KadstoneSetupException">A setting cannot be: the folder is another's, a port is taken, the store cannot be opened, a value is out of range.</exception>
    public static async Task<KadstoneNode> CreateAsync(
        KadstoneOptions options,
        ILoggerFactory? loggerFactory = null,
        TimeProvider? timeProvider = null,
        IMeterFactory? meterFactory = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        loggerFactory ??= NullLoggerFactory.Instance;
        TimeProvider time = timeProvider ?? TimeProvider.System;
        ILogger logger = loggerFactory.CreateLogger("Kadstone.Hosting");
        DataFolder? folder = options.OpenedFolder ?? (options.DataFolder is string path ? Files.DataFolder.Open(path) : null);
        KadstoneNode node;
        try
        {
            KadstoneIdentity identity = folder?.OpenIdentity() ?? KadstoneIdentity.Create();
            if (folder is { OthersCanReadKey: true })
            {
                HostingLog.KeyIsOpen(logger, folder.KeyPath);
            }

            KadstoneStore choice = options.Store ?? (folder is null ? KadstoneStore.Memory : KadstoneStore.Sqlite());
            IRecordStore store = await StoreOpening.OpenAsync(choice, identity, folder, options.Limits, time, cancellationToken).ConfigureAwait(false);
            node = new KadstoneNode(options, identity, folder, store, choice.Name, time, logger);
        }
        catch
        {
            folder?.Dispose();
            throw;
        }

        using Activity? activity = KadstoneTelemetry.Activities.StartActivity("kadstone.start");
        try
        {
            IMeterFactory meters = meterFactory ?? (node._ownMeters = new OwnMeters());
            node._export = OtlpExport.Start(options.OtlpEndpoint);
            node._metrics = new NodeMetrics(meters, node, time);
            await node.StartAsync(new NetworkStarter(options, node.Identity, folder, new LentStore(node.Store), node.Budget, loggerFactory, time, meters), cancellationToken).ConfigureAwait(false);
            return node;
        }
        catch
        {
            await node.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>Saves what each node knows, and says whether that worked; the reason is in the log. Nodes without a data folder have nothing to save.</summary>
    public bool TrySave() => _networks.Aggregate(true, (isSaved, network) => network.TrySave() && isSaved);

    /// <summary>Ends what runs, closes nodes, store and folder. Does not save: see <see cref="TrySave"/>. May be called twice.</summary>
    public ValueTask DisposeAsync()
    {
        lock (_lock)
        {
            _disposal ??= DisposeOnceAsync();
            return new ValueTask(_disposal);
        }
    }

    private async Task<int> ProbeAsync(NetworkNode network, CancellationToken cancellationToken)
    {
        using Activity? activity = KadstoneTelemetry.Activities.StartActivity("kadstone.probe");
        int answers = await network.ProbeAsync(cancellationToken).ConfigureAwait(false);
        activity?.SetTag(KadstoneTelemetry.NetworkTag, network.Network).SetTag("kadstone.answers", answers);
        _metrics?.Probed(network.Network, answers > 0);
        return answers;
    }

    private async Task StartAsync(NetworkStarter starter, CancellationToken cancellationToken)
    {
        if (Options.Mainline is MainlineOptions mainline)
        {
            (Mainline, NetworkNode network) = await starter.StartAsync(mainline, cancellationToken).ConfigureAwait(false);
            Add(network);
        }

        if (Options.Hyperswarm is HyperDhtOptions hyperswarm)
        {
            (Hyperswarm, NetworkNode network) = await starter.StartAsync(hyperswarm, cancellationToken).ConfigureAwait(false);
            Add(network);
        }

        if (Options.Ipfs is IpfsOptions ipfs)
        {
            (Ipfs, IpfsOptions, NetworkNode network) = await starter.StartAsync(ipfs, cancellationToken).ConfigureAwait(false);
            Add(network);
        }
    }

    private void Add(NetworkNode network)
    {
        _networks.Add(network);
        HostingLog.Up(_logger, network.Network, string.Join(", ", network.Endpoints));
    }

    private async Task DisposeOnceAsync()
    {
        // Off the caller's lock.
        await Task.Yield();
        _export?.Dispose();
        _metrics?.Dispose();
        try
        {
            await Task.WhenAll(_networks.Select(network => network.DisposeAsync().AsTask())).ConfigureAwait(false);
        }
        finally
        {
            await Store.DisposeAsync().ConfigureAwait(false);
            _folder?.Dispose();
            _ownMeters?.Dispose();
            HostingLog.Closed(_logger);
        }
    }
}
