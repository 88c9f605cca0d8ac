namespace Kadstone.Kademlia;

/// <summary>What the table knows of an entry besides the contact; kept apart so that contacts lie in a row and copy fast.</summary>
internal struct EntryHealth
{
    /// <summary>When it was admitted, as an entry or as the replacement that became one.</summary>
    public Instant Added;

    /// <summary>Its last sign of life.</summary>
    public Instant LastSeen;

    /// <summary>When it becomes due for a check.</summary>
    public Instant CheckAt;

    /// <summary>Requests in a row that it left unanswered.</summary>
    public int Failures;
}
