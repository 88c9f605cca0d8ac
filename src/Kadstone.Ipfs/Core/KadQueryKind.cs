namespace Kadstone.Ipfs.Core;

/// <summary>What a query wants.</summary>
internal enum KadQueryKind
{
    ClosestPeers,
    FindPeer,
    FindProviders,
    GetValue,
    Provide,
    PutValue,
}
