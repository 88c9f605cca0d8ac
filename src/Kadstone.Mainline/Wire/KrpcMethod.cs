namespace Kadstone.Mainline;

/// <summary>What a query asks for: its <c>q</c>.</summary>
internal enum KrpcMethod : byte
{
    /// <summary>None of the below: answered like find_node if there is a target, else by error 204.</summary>
    Unknown,

    /// <summary>BEP 5.</summary>
    Ping,

    /// <summary>BEP 5.</summary>
    FindNode,

    /// <summary>BEP 5, BEP 33.</summary>
    GetPeers,

    /// <summary>BEP 5.</summary>
    AnnouncePeer,

    /// <summary>BEP 44.</summary>
    Get,

    /// <summary>BEP 44.</summary>
    Put,

    /// <summary>BEP 51.</summary>
    SampleInfohashes,
}
