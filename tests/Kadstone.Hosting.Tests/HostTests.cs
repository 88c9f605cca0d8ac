using Kadstone.Hyperswarm;
using Kadstone.Ipfs;
using Kadstone.Mainline;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace Kadstone.Hosting.Tests;

public sealed class HostTests(SmallNetworks networks) : IClassFixture<SmallNetworks>
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Nodes_start_with_the_host_can_be_had_from_its_services_and_end_with_it()
    {
        using TemporaryFolder folder = new();
        KadstoneOptions like = networks.Options(null, 30);
        HostApplicationBuilder builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Services.AddKadstone(k => k.AddMainline(_ => like.Mainline!).AddHyperswarm(_ => like.Hyperswarm!).AddIpfs(_ => like.Ipfs!).UseSqlite().UseDataFolder(folder["data"]).UseProfile(KadstoneProfile.Server));
        using IHost host = builder.Build();
        Should.Throw<InvalidOperationException>(() => host.Services.GetRequiredService<KadstoneNode>());
        await host.StartAsync(Cancellation);
        KadstoneNode node = host.Services.GetRequiredService<KadstoneNode>();
        host.Services.GetRequiredService<MainlineDht>().ShouldBeSameAs(node.Mainline);
        host.Services.GetRequiredService<HyperDht>().ShouldBeSameAs(node.Hyperswarm);
        host.Services.GetRequiredService<IpfsDht>().ShouldBeSameAs(node.Ipfs);
        node.Profile.ShouldBe(KadstoneProfile.Server);
        foreach (NetworkNode network in node.Networks)
        {
            await network.WaitForNetworkAsync(Cancellation);
        }

        HealthCheckService health = host.Services.GetRequiredService<HealthCheckService>();
        foreach (string tag in (string[])[KadstoneServiceCollectionExtensions.LiveTag, KadstoneServiceCollectionExtensions.ReadyTag, KadstoneServiceCollectionExtensions.ReachableTag])
        {
            HealthReport report = await health.CheckHealthAsync(check => check.Tags.Contains(tag), Cancellation);
            report.Entries.Count.ShouldBe(1);
            report.Status.ShouldBe(HealthStatus.Healthy, tag);
        }

        await host.StopAsync(Cancellation);
        File.Exists(Path.Combine(folder["data"], "state.json")).ShouldBeTrue("the end saves");
        await Should.ThrowAsync<NodeOfflineException>(() => node.Ipfs!.FindClosestPeersAsync(new byte[34], cancellationToken: Cancellation));
    }

    [Fact]
    public async Task Reachable_means_that_the_network_answers()
    {
        KadstoneOptions like = networks.Options(null, 31);
        HostApplicationBuilder builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Services.AddKadstone(k => k.AddMainline(_ => like.Mainline! with { Bootstrap = [] }).AddHyperswarm(_ => like.Hyperswarm!).UseDataFolder(null));
        using IHost host = builder.Build();
        HealthCheckService health = host.Services.GetRequiredService<HealthCheckService>();
        (await health.CheckHealthAsync(Cancellation)).Status.ShouldBe(HealthStatus.Unhealthy, "nothing has started");
        await host.StartAsync(Cancellation);
        HealthReport report = await health.CheckHealthAsync(check => check.Tags.Contains(KadstoneServiceCollectionExtensions.ReachableTag), Cancellation);
        report.Status.ShouldBe(HealthStatus.Degraded);
        report.Entries.Single().Value.Description.ShouldBe("Nobody answers in mainline.");
        await host.StopAsync(Cancellation);
    }

    [Theory]
    [InlineData("Kadstone:Mainline:Prot", "1", "Kadstone:Mainline:Prot")]
    [InlineData("Kadstone:PacketBudget", "0", "Kadstone:PacketBudget")]
    [InlineData("Kadstone:OtlpEndpoint", "nowhere", "Kadstone:OtlpEndpoint")]
    public async Task A_wrong_configuration_ends_the_start(string key, string value, string names)
    {
        HostApplicationBuilder builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Configuration.AddInMemoryCollection([KeyValuePair.Create(key, (string?)value)]);
        builder.Services.AddKadstone(k => k.AddMainline(m => m with { Port = 0 }).UseDataFolder(null).Bind(builder.Configuration));
        using IHost host = builder.Build();
        (await Should.ThrowAsync<OptionsValidationException>(() => host.StartAsync(Cancellation))).Message.ShouldContain(names);
    }

    [Fact]
    public async Task No_network_ends_the_start()
    {
        HostApplicationBuilder builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Services.AddKadstone(k => k.UseMemory());
        using IHost host = builder.Build();
        (await Should.ThrowAsync<OptionsValidationException>(() => host.StartAsync(Cancellation))).Message.ShouldContain("mainline, hyperswarm, ipfs");
    }

    [Fact]
    public async Task Said_twice_it_is_the_same_nodes()
    {
        KadstoneOptions like = networks.Options(null, 32);
        HostApplicationBuilder builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Services.AddKadstone(k => k.AddMainline(_ => like.Mainline!).UseDataFolder(null));
        builder.Services.AddKadstone(k => k.Configure(options => options.PacketBudget = 123));
        using IHost host = builder.Build();
        await host.StartAsync(Cancellation);
        host.Services.GetServices<KadstoneNode>().Single().PacketBudget.ShouldBe(123);
        Should.Throw<InvalidOperationException>(() => host.Services.GetRequiredService<IpfsDht>()).Message.ShouldContain("AddIpfs");
        await host.StopAsync(Cancellation);
    }
}
