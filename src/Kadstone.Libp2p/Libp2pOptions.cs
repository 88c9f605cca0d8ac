namespace Kadstone.Libp2p;

/// <summary>How a host is set up. Every default is a working one.</summary>
public sealed record Libp2pOptions
{
    /// <summary>4001: the usual TCP port.</summary>
    public const int DefaultPort = 4001;

    /// <summary>Who we are. Default null: a new identity by chance.</summary>
    public PrivateKey? Identity { get; init; }

    /// <summary>Where to listen: an IP address and a TCP port each, 0 for the kernel's choice. Default port 4001 of all IPv4 addresses; empty: nowhere.</summary>
    public IReadOnlyList<Multiaddr> Listen { get; init; } = [Multiaddr.FromTcp(System.Net.IPAddress.Any, DefaultPort)];

    /// <summary>What others are told of where we are. Default empty: the addresses that we listen at and the policy allows.</summary>
    public IReadOnlyList<Multiaddr> Announce { get; init; } = [];

    /// <summary>Which addresses are dialed and told to others. Default <see cref="AddressPolicy.Public"/>.</summary>
    public AddressPolicy Policy { get; init; } = AddressPolicy.Public;

    /// <summary>How many connections are kept, and from whom. Default <see cref="HostLimits"/>' own defaults.</summary>
    public HostLimits Limits { get; init; } = new();

    /// <summary>What we say that we are. Default <c>kadstone/0.1.0</c>; at most 128 characters.</summary>
    public string AgentVersion { get; init; } = "kadstone/0.1.0";

    /// <summary>How long reaching a peer may take, handshake included. Default 10 s.</summary>
    public TimeSpan DialTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How long a connection that another begins may take for its handshake. Default 10 s.</summary>
    public TimeSpan HandshakeTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Whether the muxer is chosen within the handshake, which saves a round trip. Default true; false for peers that cannot.</summary>
    public bool EarlyMuxer { get; init; } = true;

    internal void Validate()
    {
        foreach (Multiaddr address in Listen)
        {
            Require(address.TryGetTcpEndpoint(out _), nameof(Listen), $"{address} is no IP address with a TCP port");
        }

        Require(Limits is { Connections: > 0, HalfOpen: > 0, PerHost: > 0, PerPrefix: > 0, PerPeer: > 0, StreamsPerProtocol: > 0 }, nameof(Limits), "each is above zero");
        Require(AgentVersion.Length is > 0 and <= 128, nameof(AgentVersion), "it has 1 to 128 characters");
        Require(DialTimeout > TimeSpan.Zero, nameof(DialTimeout), "it must be above zero");
        Require(HandshakeTimeout > TimeSpan.Zero, nameof(HandshakeTimeout), "it must be above zero");
    }

    private static void Require(bool holds, string option, string allowed)
    {
        if (!holds)
        {
            throw new ArgumentException($"Libp2pOptions.{option} is out of range: {allowed}.", option);
        }
    }
}
