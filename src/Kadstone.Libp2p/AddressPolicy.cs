namespace Kadstone.Libp2p;

/// <summary>Which addresses are dialed and told to others.</summary>
public enum AddressPolicy
{
    /// <summary>Global unicast addresses only: the default.</summary>
    Public,

    /// <summary>Loopback, private and link-local addresses only: one site.</summary>
    Lan,

    /// <summary>All that can be dialed: test networks, and sites that reach both.</summary>
    Any,
}
