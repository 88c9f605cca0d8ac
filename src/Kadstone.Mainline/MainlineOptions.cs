using System.Net;
using System.Net.Sockets;
using Kadstone.Datagrams;
using Kadstone.Kademlia;
using Kadstone.Storage;

namespace Kadstone.Mainline;

/// <summary>How a Mainline node is set up. Every default is a working one.</summary>
public sealed record MainlineOptions
{
    /// <summary>The routers of the public network, as <c>host:port</c>.</summary>
    public static IReadOnlyList<string> PublicRouters { get; } =
        ["router.bittorrent.com:6881", "dht.transmissionbt.com:6881", "router.utorrent.com:6881", "dht.libtorrent.org:25401"];

    /// <summary>The UDP port; 0 is the kernel's choice. Default 0.</summary>
    public int Port { get; init; }

    /// <summary>The addresses to bind, one socket and one node id each (BEP 32, BEP 45). Default 0.0.0.0, IPv4 only.</summary>
    public IReadOnlyList<IPAddress> Addresses { get; init; } = [IPAddress.Any];

    /// <summary>A bound UDP socket to work on instead of opening one; it is left open at the end. Default none.</summary>
    public Socket? Socket { get; init; }

    /// <summary>Where to join, as <c>host:port</c>; names are resolved. Default none: a network begins here.</summary>
    public IReadOnlyList<string> Bootstrap { get; init; } = [];

    /// <summary>Our node id. Default: of the saved state, else one that fits our address (BEP 42) as soon as that is known.</summary>
    public Key160? Id { get; init; }

    /// <summary>Which addresses may be asked, kept and handed out. Default <see cref="AddressScope.Public"/>.</summary>
    public AddressScope Scope { get; init; } = AddressScope.Public;

    /// <summary>Whether hosts and prefixes are counted in table, lookups and store, against one who owns many ids. Default true.</summary>
    public bool Diversity { get; init; } = true;

    /// <summary>What is done for whom. Default <see cref="RateLimits"/>' own defaults.</summary>
    public RateLimits Limits { get; init; } = new();

    /// <summary>How many datagrams a second may leave; several nodes may share one. Default null: as many as there are.</summary>
    public SendBudget? Budget { get; init; }

    /// <summary>Whether queries are answered. Default: adaptive in public scope, always in private scope.</summary>
    public ServingMode? Serving { get; init; }

    /// <summary>Where BEP 44 items and the peers' journal are kept; disposed with the node, also when that cannot be created. Default: a memory store.</summary>
    public IRecordStore? Store { get; init; }

    /// <summary>How long a lookup or a write may take. Default 30 s.</summary>
    public TimeSpan LookupTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How often an advertised infohash is announced again. Default 15 min; 10 s to 1 h.</summary>
    public TimeSpan AnnounceInterval { get; init; } = TimeSpan.FromMinutes(15);

    /// <summary>How often a kept item is put again. Default 1 h (BEP 44); 10 s to 2 h.</summary>
    public TimeSpan RepublishInterval { get; init; } = TimeSpan.FromHours(1);

    /// <summary>How many infohashes we store at most. Default 200,000.</summary>
    public int MaxInfoHashes { get; init; } = 200_000;

    internal void Validate()
    {
        Require(Port is >= 0 and <= 65_535, nameof(Port), "a UDP port is 0 to 65535");
        Require(Addresses.Count is >= 1 and <= 16, nameof(Addresses), "1 to 16 addresses can be bound");
        Require(LookupTimeout > TimeSpan.Zero, nameof(LookupTimeout), "it must be above zero");
        Require(AnnounceInterval >= TimeSpan.FromSeconds(10) && AnnounceInterval <= TimeSpan.FromHours(1), nameof(AnnounceInterval), "10 s to 1 h are allowed");
        Require(RepublishInterval >= TimeSpan.FromSeconds(10) && RepublishInterval <= TimeSpan.FromHours(2), nameof(RepublishInterval), "10 s to 2 h are allowed");
        foreach (string host in Bootstrap)
        {
            Require(RouterResolver.IsHostAndPort(host), nameof(Bootstrap), $"'{host}' is no bootstrap host, HOST:PORT is expected");
        }

        Require(MaxInfoHashes > 0, nameof(MaxInfoHashes), "it must be above zero");
    }

    private static void Require(bool holds, string option, string allowed)
    {
        if (!holds)
        {
            throw new ArgumentException($"MainlineOptions.{option} is out of range: {allowed}.", option);
        }
    }
}
