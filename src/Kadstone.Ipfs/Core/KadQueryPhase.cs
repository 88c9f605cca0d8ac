namespace Kadstone.Ipfs.Core;

/// <summary>How far a query is.</summary>
internal enum KadQueryPhase
{
    /// <summary>It approaches the key.</summary>
    Looking,

    /// <summary>The nearest have answered; the rest of the k nearest are asked.</summary>
    FollowingUp,

    /// <summary>There are too many near peers: the region around the key is looked at from elsewhere, and all in it are asked.</summary>
    Surveying,

    /// <summary>What is to be told is told to the closest.</summary>
    Committing,

    /// <summary>It is over.</summary>
    Finished,
}
