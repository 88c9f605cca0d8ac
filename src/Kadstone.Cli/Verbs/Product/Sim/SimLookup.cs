namespace Kadstone.Cli.Verbs.Product.Sim;

/// <summary>One lookup of a simulated network.</summary>
internal sealed class SimLookup
{
    /// <summary>Whether what is sought was found.</summary>
    internal bool IsFound { get; set; }

    /// <summary>How long it took, in virtual time; null while it goes on, or when its asker left.</summary>
    internal double? Seconds { get; set; }

    /// <summary>How many requests it took.</summary>
    internal int Requests { get; set; }

    /// <summary>Whether it says something: at its end both the asker and who is sought were there.</summary>
    internal bool Counts { get; set; }
}
