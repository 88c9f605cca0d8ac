namespace Kadstone.Ipfs.Core;

/// <summary>How a peer that a query heard of stands.</summary>
internal enum HeardState
{
    Heard,
    Asked,
    Answered,
    Failed,
}
