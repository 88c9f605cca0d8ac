namespace Kadstone.Simulation;

/// <summary>What a NAT lets in, in the words of RFC 3489, section 5 (RFC 4787 calls it mapping and filtering behaviour).</summary>
public enum NatKind
{
    /// <summary>No NAT: whoever knows the address reaches the host.</summary>
    None,

    /// <summary>One public port for each inside socket; anyone may send to it.</summary>
    FullCone,

    /// <summary>One public port for each inside socket; only addresses the socket has sent to may answer, from any port.</summary>
    AddressRestricted,

    /// <summary>One public port for each inside socket; only endpoints (address and port) the socket has sent to may answer.</summary>
    PortRestricted,

    /// <summary>Another public port for each destination; only that destination may answer.</summary>
    Symmetric,
}
