using Kadstone.Hyperswarm;
using Kadstone.Ipfs;
using Kadstone.Mainline;
using Kadstone.Storage;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace Kadstone.Hosting;

/// <summary>What is said within <c>services.AddKadstone(k => …)</c>. What is said later goes before what was said earlier.</summary>
public sealed class KadstoneBuilder
{
    private readonly OptionsBuilder<KadstoneOptions> _options;

    internal KadstoneBuilder(IServiceCollection services, OptionsBuilder<KadstoneOptions> options)
    {
        Services = services;
        _options = options;
    }

    /// <summary>The services of the host.</summary>
    public IServiceCollection Services { get; }

    /// <summary>A node of Mainline.</summary>
    /// <param name="configure">Changes <see cref="KadstoneNetworks.Mainline"/>, or what was said before; null: it stays so.</param>
    public KadstoneBuilder AddMainline(Func<MainlineOptions, MainlineOptions>? configure = null) =>
        Configure(options => options.Mainline = Changed(options.Mainline ?? KadstoneNetworks.Mainline, configure));

    /// <summary>A node of Hyperswarm.</summary>
    /// <param name="configure">Changes <see cref="KadstoneNetworks.Hyperswarm"/>, or what was said before; null: it stays so.</param>
    public KadstoneBuilder AddHyperswarm(Func<HyperDhtOptions, HyperDhtOptions>? configure = null) =>
        Configure(options => options.Hyperswarm = Changed(options.Hyperswarm ?? KadstoneNetworks.Hyperswarm, configure));

    /// <summary>A node of IPFS.</summary>
    /// <param name="configure">Changes <see cref="KadstoneNetworks.Ipfs"/>, or what was said before; null: it stays so.</param>
    public KadstoneBuilder AddIpfs(Func<IpfsOptions, IpfsOptions>? configure = null) =>
        Configure(options => options.Ipfs = Changed(options.Ipfs ?? KadstoneNetworks.Ipfs, configure));

    /// <summary>Records in an SQLite file: the default.</summary>
    /// <param name="path">The file. Default null: <c>node.sqlite</c> in the data folder.</param>
    public KadstoneBuilder UseSqlite(string? path = null) => Configure(options => options.Store = KadstoneStore.Sqlite(path));

    /// <summary>Records on a PostgreSQL server.</summary>
    /// <param name="connection">An Npgsql connection string.</param>
    public KadstoneBuilder UsePostgres(string connection)
    {
        KadstoneStore store = KadstoneStore.Postgres(connection);
        return Configure(options => options.Store = store);
    }

    /// <summary>Records in memory.</summary>
    public KadstoneBuilder UseMemory() => Configure(options => options.Store = KadstoneStore.Memory);

    /// <summary>Records in a store of one's own.</summary>
    /// <param name="store">Makes or finds it; it is disposed with the nodes.</param>
    public KadstoneBuilder UseStore(Func<IServiceProvider, IRecordStore> store)
    {
        _options.Configure<IServiceProvider>((options, services) => options.Store = KadstoneStore.Custom(store(services)));
        return this;
    }

    /// <summary>How much of the machine the nodes may take.</summary>
    public KadstoneBuilder UseProfile(KadstoneProfile profile) => Configure(options => options.Profile = profile);

    /// <summary>Where identity, states and store are kept.</summary>
    /// <param name="path">The folder; null: nothing is kept.</param>
    public KadstoneBuilder UseDataFolder(string? path) => Configure(options => options.DataFolder = path);

    /// <summary>The section <c>Kadstone</c> of a configuration. A key or value that is wrong ends the start of the host.</summary>
    public KadstoneBuilder Bind(IConfiguration configuration)
    {
        ArgumentNullException.ThrowIfNull(configuration);
        return Configure(options =>
        {
            try
            {
                KadstoneSettings.Apply(configuration, options);
            }
            catch (KadstoneSetupException exception)
            {
                // Said by the validation, as every other fault of the options is.
                options.Fault ??= exception;
            }
        });
    }

    /// <summary>Any other option.</summary>
    public KadstoneBuilder Configure(Action<KadstoneOptions> configure)
    {
        _options.Configure(configure);
        return this;
    }

    private static T Changed<T>(T before, Func<T, T>? change) => change is null ? before : change(before);
}
