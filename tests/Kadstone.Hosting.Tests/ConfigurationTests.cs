using System.Net;
using Kadstone.Datagrams;
using Kadstone.Ipfs;
using Kadstone.Libp2p;
using Kadstone.Mainline;
using Microsoft.Extensions.Configuration;

namespace Kadstone.Hosting.Tests;

public sealed class ConfigurationTests
{
    [Fact]
    public void Nothing_said_is_all_public_networks()
    {
        KadstoneOptions options = KadstoneSettings.Read(new ConfigurationBuilder().Build());
        options.Mainline.ShouldBe(KadstoneNetworks.Mainline);
        options.Hyperswarm.ShouldBe(KadstoneNetworks.Hyperswarm);
        options.Ipfs.ShouldBe(KadstoneNetworks.Ipfs);
        options.Profile.ShouldBe(KadstoneProfile.Laptop);
        options.Api.ShouldBe(new IPEndPoint(IPAddress.Loopback, 5001));
        options.Gateway.ShouldBeNull();
        options.OtlpEndpoint.ShouldBeNull();
    }

    [Fact]
    public void Everything_can_be_said_in_JSON()
    {
        KadstoneOptions options = KadstoneSettings.Read(BadConfigurationTests.Json("""
            { 'Logging': { 'LogLevel': { 'Default': 'Warning' } },
              'Kadstone': {
                'Profile': 'server', 'DataFolder': '/var/lib/kadstone', 'Store': 'sqlite:/var/lib/kadstone/other.sqlite', 'Networks': ['mainline', 'ipfs'],
                'PacketBudget': 500, 'KeepsContacts': false, 'Private': true, 'Diversity': false, 'Api': '[::1]:5002', 'Gateway': '0.0.0.0:8080', 'OtlpEndpoint': 'http://collector:4318',
                'Mainline': { 'Port': 7000, 'Addresses': ['127.0.0.1', '::1'], 'Bootstrap': ['router.example.org:6881', '[::1]:6882'], 'Serving': 'always', 'MaxInfoHashes': 1000 },
                'Hyperswarm': { 'Port': 1 },
                'Ipfs': { 'Listen': ['/ip4/127.0.0.1/tcp/0'], 'Announce': '/ip4/203.0.113.7/tcp/4001', 'Bootstrap': [], 'Scope': 'both', 'Mode': 'server', 'ProtocolPrefix': '/mine' } } }
            """));
        options.Profile.ShouldBe(KadstoneProfile.Server);
        options.DataFolder.ShouldBe("/var/lib/kadstone");
        options.Store!.ToString().ShouldBe("sqlite:/var/lib/kadstone/other.sqlite");
        options.PacketBudget.ShouldBe(500);
        options.KeepsContacts.ShouldBeFalse();
        options.Api.ShouldBe(new IPEndPoint(IPAddress.IPv6Loopback, 5002));
        options.Gateway.ShouldBe(new IPEndPoint(IPAddress.Any, 8080));
        options.OtlpEndpoint.ShouldBe(new Uri("http://collector:4318"));
        MainlineOptions mainline = options.Mainline!;
        mainline.Port.ShouldBe(7000);
        mainline.Addresses.ShouldBe([IPAddress.Loopback, IPAddress.IPv6Loopback]);
        mainline.Bootstrap.ShouldBe(["router.example.org:6881", "[::1]:6882"]);
        mainline.Serving.ShouldBe(ServingMode.Always);
        mainline.MaxInfoHashes.ShouldBe(1000);
        mainline.Scope.ShouldBe(AddressScope.Private);
        mainline.Diversity.ShouldBeFalse();
        options.Hyperswarm.ShouldBeNull("it is not among the networks");
        IpfsOptions ipfs = options.Ipfs!;
        ipfs.Host.Listen.ShouldBe([Multiaddr.Parse("/ip4/127.0.0.1/tcp/0")]);
        ipfs.Host.Announce.ShouldBe([Multiaddr.Parse("/ip4/203.0.113.7/tcp/4001")]);
        ipfs.Host.Limits.ShouldBe(HostLimits.OneMachine);
        ipfs.Bootstrap.ShouldBeEmpty();
        ipfs.Scope.ShouldBe(KadScope.Both);
        ipfs.Mode.ShouldBe(KadMode.Server);
        ipfs.ProtocolPrefix.ShouldBe("/mine");
        ipfs.Policy.ShouldBe(AddressPolicy.Any);
    }

    [Fact]
    public void Variables_say_the_same_in_capitals()
    {
        KadstoneOptions options = KadstoneSettings.Read(new ConfigurationBuilder().AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["KADSTONE:NETWORKS"] = "hyperswarm, mainline",
            ["KADSTONE:MAINLINE:PORT"] = "0",
            ["KADSTONE:HYPERSWARM:BOOTSTRAP"] = "none",
            ["KADSTONE:STORE"] = "memory",
            ["KADSTONE:API"] = "off",
        }).Build());
        options.Ipfs.ShouldBeNull();
        options.Mainline!.Port.ShouldBe(0);
        options.Hyperswarm!.Bootstrap.ShouldBeEmpty();
        options.Store.ShouldBe(KadstoneStore.Memory);
        options.Api.ShouldBeNull();
        KadstoneSettings.Find("mainline:port")!.Variable.ShouldBe("KADSTONE__MAINLINE__PORT");
    }

    [Theory]
    [InlineData("{ 'Private': true }", null, true)]
    [InlineData("{ 'Private': false }", null, false)]
    [InlineData("{ 'Private': true, 'Hyperswarm': { 'Serving': 'adaptive' } }", null, false)]
    [InlineData("{ 'Hyperswarm': { 'Serving': 'always' } }", null, true)]
    [InlineData("{ 'Private': true, 'Hyperswarm': { 'Serving': 'readonly' } }", true, false)]
    public void Hyperswarm_stores_at_once_in_private_networks_and_where_it_is_told_to(string section, bool? isEphemeral, bool isReachable)
    {
        KadstoneOptions options = KadstoneSettings.Read(BadConfigurationTests.Json($"{{ 'Kadstone': {section} }}"));
        options.Hyperswarm!.Ephemeral.ShouldBe(isEphemeral);
        options.Hyperswarm.IsReachableAssumed.ShouldBe(isReachable);
    }

    [Fact]
    public void A_connection_string_is_not_said()
    {
        KadstoneStore.TryParse("postgres:Host=db;Password=secret", out KadstoneStore? store).ShouldBeTrue();
        store!.ToString().ShouldBe("postgres");
    }

    [Fact]
    public void Every_setting_explains_itself()
    {
        foreach (KadstoneSetting setting in KadstoneSettings.All)
        {
            setting.Description.ShouldEndWith(".");
            setting.Allowed.ShouldNotBeEmpty();
            Should.Throw<FormatException>(() => setting.Check("\0")).Message.ShouldContain(setting.Allowed);
        }

        KadstoneSettings.All.Select(setting => setting.Key).ShouldBeUnique();
    }
}
