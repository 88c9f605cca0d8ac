namespace Kadstone.Hyperswarm;

/// <summary>What a message is.</summary>
internal enum RpcKind : byte
{
    /// <summary>First byte 0x03.</summary>
    Request,

    /// <summary>First byte 0x13.</summary>
    Response,
}
