namespace Kadstone.Hyperswarm;

/// <summary>Which part of a query an answer belongs to.</summary>
public enum RpcPhase
{
    /// <summary>The way to the closest nodes.</summary>
    Walk,

    /// <summary>The commit to the closest nodes, each with its token.</summary>
    Commit,
}
