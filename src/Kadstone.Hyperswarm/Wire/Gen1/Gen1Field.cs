namespace Kadstone.Hyperswarm;

/// <summary>The field numbers of generation 1.</summary>
/// <remarks>schema.proto of dht-rpc 2.3.0 (Request, Response) and of hyperdht 1.3.0 (the values of the command <c>peers</c>).</remarks>
internal static class Gen1Field
{
    /// <summary>required string command.</summary>
    public const int RequestCommand = 1;

    /// <summary>optional bytes id.</summary>
    public const int RequestId = 2;

    /// <summary>optional bytes target.</summary>
    public const int RequestTarget = 3;

    /// <summary>optional bytes forwardRequest.</summary>
    public const int RequestForwardRequest = 4;

    /// <summary>optional bytes forwardResponse.</summary>
    public const int RequestForwardResponse = 5;

    /// <summary>optional bytes roundtripToken.</summary>
    public const int RequestToken = 6;

    /// <summary>optional bytes value.</summary>
    public const int RequestValue = 7;

    /// <summary>optional bytes id.</summary>
    public const int ResponseId = 1;

    /// <summary>optional bytes nodes.</summary>
    public const int ResponseNodes = 2;

    /// <summary>optional bytes value.</summary>
    public const int ResponseValue = 3;

    /// <summary>optional bytes roundtripToken.</summary>
    public const int ResponseToken = 4;

    /// <summary>required uint32 type.</summary>
    public const int PeersType = 1;

    /// <summary>optional uint32 port.</summary>
    public const int PeersPort = 2;

    /// <summary>optional bytes localAddress.</summary>
    public const int PeersLocalAddress = 3;

    /// <summary>optional bytes peers.</summary>
    public const int PeersPeers = 1;

    /// <summary>optional bytes localPeers.</summary>
    public const int PeersLocalPeers = 2;
}
