namespace Kadstone.Hyperswarm;

/// <summary>Which wire is spoken; they do not understand each other.</summary>
public enum RpcWire
{
    /// <summary>Today's: dht-rpc 6, hyperdht 6.</summary>
    V6,

    /// <summary>The first generation's: dht-rpc 1 to 3, hyperdht 1.</summary>
    Gen1,
}
