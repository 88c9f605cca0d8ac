using Kadstone.Hosting.Health;
using Kadstone.Hosting.Networks;
using Kadstone.Hyperswarm;
using Kadstone.Ipfs;
using Kadstone.Mainline;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace Kadstone.Hosting;

/// <summary>DHT nodes in a .NET host.</summary>
public static class KadstoneServiceCollectionExtensions
{
    /// <summary>The tag of the check that says whether the process runs.</summary>
    public const string LiveTag = "live";

    /// <summary>The tag of the check that says whether the nodes have joined.</summary>
    public const string ReadyTag = "ready";

    /// <summary>The tag of the check that says whether the networks answer.</summary>
    public const string ReachableTag = "reachable";

    /// <summary>Nodes that start and end with the host, with health checks and metrics.</summary>
    /// <param name="services">The services of the host.</param>
    /// <param name="build">Which networks, which store, and the rest.</param>
    /// <remarks>
    /// <see cref="KadstoneNode"/>, <see cref="MainlineDht"/>, <see cref="HyperDht"/> and <see cref="IpfsDht"/> can be had from the services once the
    /// host has started; before, they throw. Options that cannot be end the start with <see cref="OptionsValidationException"/>.
    /// The health checks <c>kadstone-live</c>, <c>kadstone-ready</c> and <c>kadstone-reachable</c> carry the tags of this class.
    /// </remarks>
    /// <example><code>
    /// builder.Services.AddKadstone(k => k.AddMainline().AddIpfs().UseSqlite());
    /// </code></example>
    public static IServiceCollection AddKadstone(this IServiceCollection services, Action<KadstoneBuilder> build)
    {
        ArgumentNullException.ThrowIfNull(services);
        ArgumentNullException.ThrowIfNull(build);
        OptionsBuilder<KadstoneOptions> options = services.AddOptions<KadstoneOptions>();
        build(new KadstoneBuilder(services, options));
        options.ValidateOnStart();
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<KadstoneOptions>, OptionsCheck>());
        if (services.Any(service => service.ServiceType == typeof(KadstoneService)))
        {
            // Called twice: the second call says more about the same nodes.
            return services;
        }

        services.AddSingleton<KadstoneService>();
        services.AddSingleton<IHostedService>(provider => provider.GetRequiredService<KadstoneService>());
        services.AddSingleton(provider => provider.GetRequiredService<KadstoneService>().Node);
        services.AddSingleton(provider => provider.GetRequiredService<KadstoneNode>().Mainline ?? throw NotAdded("AddMainline"));
        services.AddSingleton(provider => provider.GetRequiredService<KadstoneNode>().Hyperswarm ?? throw NotAdded("AddHyperswarm"));
        services.AddSingleton(provider => provider.GetRequiredService<KadstoneNode>().Ipfs ?? throw NotAdded("AddIpfs"));
        services.AddSingleton<ReachableCheck>();
        services.AddHealthChecks()
            .AddCheck<LiveCheck>("kadstone-live", tags: [LiveTag])
            .AddCheck<ReadyCheck>("kadstone-ready", tags: [ReadyTag])
            .AddCheck<ReachableCheck>("kadstone-reachable", tags: [ReachableTag]);
        return services;
    }

    private static InvalidOperationException NotAdded(string verb) => new($"This host has no such node: {verb}() was not said within AddKadstone.");
}
