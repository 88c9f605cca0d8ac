namespace Kadstone.Hyperswarm;

/// <summary>The second byte of a message: which fields follow. Two of the bits mean one thing in a request and another in a response.</summary>
/// <remarks>npm dht-rpc 6, lib/io.js.</remarks>
internal static class RpcFlags
{
    public const byte Id = 1;
    public const byte Token = 2;
    public const byte Internal = 4;
    public const byte Target = 8;
    public const byte Value = 16;

    public const byte CloserNodes = 4;
    public const byte Error = 8;
}
