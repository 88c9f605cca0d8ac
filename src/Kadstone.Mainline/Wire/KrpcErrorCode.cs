namespace Kadstone.Mainline;

/// <summary>The error codes of BEP 5 and BEP 44.</summary>
public enum KrpcErrorCode
{
    /// <summary>No code: never on the wire.</summary>
    None = 0,

    /// <summary>201: any error without a code of its own.</summary>
    Generic = 201,

    /// <summary>202: the node failed, not the query.</summary>
    Server = 202,

    /// <summary>203: a malformed query, an argument out of range, a bad token.</summary>
    Protocol = 203,

    /// <summary>204: no such method.</summary>
    UnknownMethod = 204,

    /// <summary>205: <c>v</c> longer than 1,000 bytes.</summary>
    ValueTooBig = 205,

    /// <summary>206: the signature does not fit.</summary>
    InvalidSignature = 206,

    /// <summary>207: the salt is longer than 64 bytes.</summary>
    SaltTooBig = 207,

    /// <summary>301: <c>cas</c> is not the stored sequence number; read the item again.</summary>
    CasMismatch = 301,

    /// <summary>302: the stored sequence number is greater.</summary>
    SequenceNotNewer = 302,
}
