namespace Kadstone.Ipfs.Wire;

/// <summary>What a kad message asks or answers. The numbers are the wire's.</summary>
internal enum KadMessageType
{
    PutValue = 0,
    GetValue = 1,
    AddProvider = 2,
    GetProviders = 3,
    FindNode = 4,
    Ping = 5,
}
