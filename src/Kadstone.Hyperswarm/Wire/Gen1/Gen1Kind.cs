namespace Kadstone.Hyperswarm;

/// <summary>What a datagram is: bit 15 of its header.</summary>
internal enum Gen1Kind : byte
{
    /// <summary>Bit 15 is 0.</summary>
    Response,

    /// <summary>Bit 15 is 1.</summary>
    Request,
}
