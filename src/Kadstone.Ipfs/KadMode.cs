namespace Kadstone.Ipfs;

/// <summary>Whether a node serves others.</summary>
public enum KadMode
{
    /// <summary>A client until others are seen to reach us, or a peer that we asked has dialed us; then a server: the default. In a network of one site always a server.</summary>
    Auto,

    /// <summary>Asks, and is in nobody's table.</summary>
    Client,

    /// <summary>Asks and answers.</summary>
    Server,
}
