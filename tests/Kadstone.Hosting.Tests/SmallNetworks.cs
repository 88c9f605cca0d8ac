using System.Net;
using Kadstone.Datagrams;
using Kadstone.Hyperswarm;
using Kadstone.Ipfs;
using Kadstone.Libp2p;
using Kadstone.Mainline;

namespace Kadstone.Hosting.Tests;

/// <summary>One node in each network on loopback, for ours to meet.</summary>
public sealed class SmallNetworks : IAsyncLifetime
{
    private readonly IPAddress _host = IPAddress.Parse("127.77.200.1");
    private MainlineDht? _mainline;
    private HyperDht? _hyperswarm;
    private IpfsDht? _ipfs;

    public async ValueTask InitializeAsync()
    {
        _mainline = await MainlineDht.CreateAsync(new MainlineOptions { Addresses = [_host], Scope = AddressScope.Private });
        _hyperswarm = await HyperDht.CreateAsync(new HyperDhtOptions { Host = _host, Scope = AddressScope.Private, IsReachableAssumed = true });
        _ipfs = await IpfsDht.CreateAsync(OfIpfs(_host, []));
    }

    public async ValueTask DisposeAsync()
    {
        await _mainline!.DisposeAsync();
        await _hyperswarm!.DisposeAsync();
        await _ipfs!.DisposeAsync();
    }

    internal MainlineDht Mainline => _mainline!;

    /// <summary>A process' nodes in these networks, at an address of their own.</summary>
    internal KadstoneOptions Options(string? folder, int number) => new()
    {
        DataFolder = folder,
        Mainline = new MainlineOptions { Addresses = [Own(number)], Scope = AddressScope.Private, Bootstrap = [_mainline!.LocalEndpoints[0].ToString()] },
        Hyperswarm = new HyperDhtOptions { Host = Own(number), Scope = AddressScope.Private, IsReachableAssumed = true, Bootstrap = [_hyperswarm!.Node.LocalEndpoint.ToString()] },
        Ipfs = OfIpfs(Own(number), [_ipfs!.Addresses[0].WithPeer(_ipfs.LocalPeer)]),
    };

    internal static IPAddress Own(int number) => IPAddress.Parse($"127.77.200.{number}");

    private static IpfsOptions OfIpfs(IPAddress host, IReadOnlyList<Multiaddr> bootstrap) => new()
    {
        Host = new Libp2pOptions { Listen = [Multiaddr.FromTcp(host, 0)], Limits = HostLimits.OneMachine },
        Scope = KadScope.Lan,
        Mode = KadMode.Server,
        Bootstrap = bootstrap,
    };
}
