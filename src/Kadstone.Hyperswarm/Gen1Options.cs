using System.Net;
using System.Net.Sockets;
using Kadstone.Datagrams;
using Kadstone.Kademlia;

namespace Kadstone.Hyperswarm;

/// <summary>How a node of the first generation is set up.</summary>
public record Gen1Options
{
    /// <summary>The UDP port; 0, the default, is the kernel's choice.</summary>
    public int Port { get; init; }

    /// <summary>The IPv4 address to bind. Default 0.0.0.0.</summary>
    public IPAddress Host { get; init; } = IPAddress.Any;

    /// <summary>A bound IPv4 UDP socket to use; null, the default: the node opens its own.</summary>
    public Socket? Socket { get; init; }

    /// <summary>Whether <see cref="Socket"/> is closed with the node. Default false.</summary>
    public bool OwnsSocket { get; init; }

    /// <summary>Where to join, spelled as <see cref="HostPort"/> tells. Default none.</summary>
    public IReadOnlyList<string> Bootstrap { get; init; } = [];

    /// <summary>Whether others are not to keep us in their tables. Null, the default, is false.</summary>
    public bool? Ephemeral { get; init; }

    /// <summary>The node id. Null, the default, is a random one.</summary>
    public Key256? Id { get; init; }

    /// <summary>Which addresses may be asked, kept and handed out. Default <see cref="AddressScope.Public"/>.</summary>
    public AddressScope Scope { get; init; } = AddressScope.Public;

    /// <summary>Whether hosts and prefixes are counted in table and lookups. Default true.</summary>
    public bool Diversity { get; init; } = true;

    /// <summary>What is done for whom.</summary>
    public RateLimits Limits { get; init; } = new();

    /// <summary>How long a query with its commits may take. Default 30 s.</summary>
    public TimeSpan QueryTimeout { get; init; } = TimeSpan.FromSeconds(30);

    internal void Validate()
    {
    }
}
