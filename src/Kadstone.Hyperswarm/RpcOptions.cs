using System.Net;
using System.Net.Sockets;
using Kadstone.Datagrams;
using Kadstone.Kademlia;

namespace Kadstone.Hyperswarm;

/// <summary>How a node that answers and asks commands is set up, on either wire. Every default is a working one.</summary>
public record RpcOptions
{
    /// <summary>The nodes of the public network: an address to try first, and the name.</summary>
    public static IReadOnlyList<string> PublicBootstrap { get; } =
        ["88.99.3.86@node1.hyperdht.org:49737", "142.93.90.113@node2.hyperdht.org:49737", "138.68.147.8@node3.hyperdht.org:49737"];

    /// <summary>The UDP port of the server socket: that one or none. 0, the default, is the kernel's choice. The client socket's always is.</summary>
    public int Port { get; init; }

    /// <summary>The IPv4 address to bind. Default 0.0.0.0.</summary>
    public IPAddress Host { get; init; } = IPAddress.Any;

    /// <summary>The address under which others reach <see cref="Port"/>, where that is not <see cref="Host"/>. Null, the default: <see cref="Host"/>, or what others see.</summary>
    public IPAddress? PublicAddress { get; init; }

    /// <summary>A bound IPv4 UDP socket to use as the server socket; <see cref="Host"/> and <see cref="Port"/> then do not count. Null, the default: the node opens its own.</summary>
    /// <remarks>Nobody else may read from it while the node lives. It stays open when the node is disposed, unless <see cref="OwnsSocket"/>.</remarks>
    public Socket? Socket { get; init; }

    /// <summary>Whether <see cref="Socket"/> is closed with the node. Default false.</summary>
    public bool OwnsSocket { get; init; }

    /// <summary>Where to join, spelled as <see cref="HostPort"/> tells. Default none: a network begins here.</summary>
    /// <remarks>Names are resolved in the background, and again when nobody else is left to ask.</remarks>
    public IReadOnlyList<string> Bootstrap { get; init; } = [];

    /// <summary>Whether others are not to keep us in their tables. Null, the default: only until nodes that were asked to have reached us, some 20 minutes after the start.</summary>
    /// <remarks>
    /// True never changes. False is persistent without a proof: at once where <see cref="Host"/> or <see cref="PublicAddress"/> says which
    /// address others see, else as soon as others have told. The id is the hash of that address and the port. First generation: null is false.
    /// </remarks>
    public bool? Ephemeral { get; init; }

    /// <summary>Whether the node takes itself as reachable instead of finding out: persistent at once, as with <see cref="Ephemeral"/> false. Default false.</summary>
    public bool IsReachableAssumed { get; init; }

    /// <summary>The node id in the first generation. Null, the default, is a random one. Today's wire has no choice: there the id follows from the address.</summary>
    public Key256? Id { get; init; }

    /// <summary>What <see cref="RpcNode.Save"/> gave in an earlier run, as JSON: its contacts are asked when the bootstrap nodes do not answer. Null, the default: nothing.</summary>
    /// <remarks>Text that is none costs a warning in the log, and the node starts afresh.</remarks>
    public string? SavedState { get; init; }

    /// <summary>Which addresses may be asked, kept and handed out. Default <see cref="AddressScope.Public"/>.</summary>
    public AddressScope Scope { get; init; } = AddressScope.Public;

    /// <summary>Whether hosts and prefixes are counted in table and lookups, against one who owns many ids. Default true.</summary>
    public bool Diversity { get; init; } = true;

    /// <summary>What is done for whom. Default <see cref="RateLimits"/>' own defaults.</summary>
    public RateLimits Limits { get; init; } = new();

    /// <summary>How many datagrams a second may leave; several nodes may share one. Default null: as many as there are.</summary>
    public SendBudget? Budget { get; init; }

    /// <summary>How long a query with its commits may take. Default 30 s.</summary>
    public TimeSpan QueryTimeout { get; init; } = TimeSpan.FromSeconds(30);

    internal bool IsForced => Ephemeral == false || (Ephemeral is null && IsReachableAssumed);

    /// <summary>The address of the id, if it is known before others tell it.</summary>
    internal IPAddress? KnownAddress
    {
        get
        {
            IPAddress bound = (Socket?.LocalEndPoint as IPEndPoint)?.Address ?? Host;
            return PublicAddress ?? (bound.Equals(IPAddress.Any) ? null : bound);
        }
    }

    internal void Validate()
    {
        Require(Port is >= 0 and <= 65_535, nameof(Port), "a UDP port is 0 to 65535");
        Require(Host.AddressFamily == AddressFamily.InterNetwork, nameof(Host), "this network is IPv4 alone");
        Require(PublicAddress is null or { AddressFamily: AddressFamily.InterNetwork }, nameof(PublicAddress), "this network is IPv4 alone");
        Require(
            Socket is null or { AddressFamily: AddressFamily.InterNetwork, SocketType: SocketType.Dgram, IsBound: true },
            nameof(Socket),
            "a bound UDP socket of IPv4 is expected");
        Require(QueryTimeout > TimeSpan.Zero, nameof(QueryTimeout), "it must be above zero");
        Require(!(Ephemeral == true && IsReachableAssumed), nameof(IsReachableAssumed), "who stays ephemeral is reachable for nobody");
        foreach (string host in Bootstrap)
        {
            Require(
                HostPort.TryParse(host, HostPort.DefaultPort, out _),
                nameof(Bootstrap),
                $"'{host}' is no bootstrap node; host:port, address@host:port, :port, a port or a host is expected");
        }
    }

    private static void Require(bool holds, string option, string allowed)
    {
        if (!holds)
        {
            throw new ArgumentException($"RpcOptions.{option} is out of range: {allowed}.", option);
        }
    }
}
