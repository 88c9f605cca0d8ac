namespace Kadstone.Mainline;

/// <summary>What a datagram is: its <c>y</c>.</summary>
internal enum KrpcKind : byte
{
    /// <summary><c>y</c> = q.</summary>
    Query,

    /// <summary><c>y</c> = r.</summary>
    Response,

    /// <summary><c>y</c> = e.</summary>
    Error,
}
