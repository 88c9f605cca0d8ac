using Kadstone.Hyperswarm;
using Kadstone.Ipfs;
using Kadstone.Mainline;

namespace Kadstone.Hosting;

/// <summary>The public networks, as a node begins there.</summary>
public static class KadstoneNetworks
{
    /// <summary>6881: the UDP port of Mainline where none is named.</summary>
    public const int MainlinePort = 6881;

    /// <summary>BitTorrent Mainline: UDP port 6881, the public routers.</summary>
    public static MainlineOptions Mainline { get; } = new() { Port = MainlinePort, Bootstrap = MainlineOptions.PublicRouters };

    /// <summary>Hyperswarm: UDP port 49737, the public bootstrap nodes.</summary>
    public static HyperDhtOptions Hyperswarm { get; } = new() { Port = HostPort.DefaultPort, Bootstrap = RpcOptions.PublicBootstrap };

    /// <summary>IPFS, the worldwide DHT: TCP port 4001, a public peer.</summary>
    public static IpfsOptions Ipfs { get; } = new() { Scope = KadScope.Wan, Bootstrap = IpfsOptions.PublicBootstrap };
}
