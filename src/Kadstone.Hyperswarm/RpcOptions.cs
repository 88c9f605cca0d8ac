using System.Net;
using System.Net.Sockets;
using Kadstone.Datagrams;

namespace Kadstone.Hyperswarm;

/// <summary>How a dht-rpc node is set up. Every default is a working one.</summary>
public record RpcOptions
{
    /// <summary>The nodes of the public network, as <c>host:port</c>.</summary>
    public static IReadOnlyList<string> PublicBootstrap { get; } =
        ["node1.hyperdht.org:49737", "node2.hyperdht.org:49737", "node3.hyperdht.org:49737"];

    /// <summary>The UDP port of the server socket; 0, the default, is the kernel's choice. The client socket's always is.</summary>
    public int Port { get; init; }

    /// <summary>The IPv4 address to bind. Default 0.0.0.0.</summary>
    public IPAddress Host { get; init; } = IPAddress.Any;

    /// <summary>Where to join, as <c>host:port</c>; names are resolved once. Default none: a network begins here.</summary>
    public IReadOnlyList<string> Bootstrap { get; init; } = [];

    /// <summary>Whether others are not to keep us in their tables. Default true.</summary>
    /// <remarks>False takes us as reachable at <see cref="Host"/>, which then is no wildcard: the id is the hash of that address and the port.</remarks>
    public bool Ephemeral { get; init; } = true;

    /// <summary>Which addresses may be asked, kept and handed out. Default <see cref="AddressScope.Public"/>.</summary>
    public AddressScope Scope { get; init; } = AddressScope.Public;

    /// <summary>Whether hosts and prefixes are counted in table and lookups, against one who owns many ids. Default true.</summary>
    public bool Diversity { get; init; } = true;

    /// <summary>What is done for whom. Default <see cref="RateLimits"/>' own defaults.</summary>
    public RateLimits Limits { get; init; } = new();

    /// <summary>How long a query with its commits may take. Default 30 s.</summary>
    public TimeSpan QueryTimeout { get; init; } = TimeSpan.FromSeconds(30);

    internal void Validate()
    {
        Require(Port is >= 0 and <= 65_535, nameof(Port), "a UDP port is 0 to 65535");
        Require(Host.AddressFamily == AddressFamily.InterNetwork, nameof(Host), "this network is IPv4 alone");
        Require(Ephemeral || !Host.Equals(IPAddress.Any), nameof(Host), "who is persistent from the start binds the address that others see");
        Require(QueryTimeout > TimeSpan.Zero, nameof(QueryTimeout), "it must be above zero");
    }

    private static void Require(bool holds, string option, string allowed)
    {
        if (!holds)
        {
            throw new ArgumentException($"RpcOptions.{option} is out of range: {allowed}.", option);
        }
    }
}
