namespace Kadstone.Mainline;

/// <summary>Whether the node answers queries or only asks (BEP 43).</summary>
public enum ServingMode
{
    /// <summary>Read-only until a query from an address that was never contacted proves that others can reach us: the default in public networks.</summary>
    Adaptive,

    /// <summary>Answers from the start: bootstrap nodes, servers with an open port, private networks.</summary>
    Always,

    /// <summary>Never answers and says so (<c>ro</c> = 1): for clients that stay only a moment.</summary>
    ReadOnly,
}
