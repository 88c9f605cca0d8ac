namespace Kadstone.Kademlia;

/// <summary>What became of a contact that was offered to a routing table.</summary>
public enum AdmissionKind
{
    /// <summary>It is a new entry.</summary>
    Added,

    /// <summary>It was an entry already; its time was renewed.</summary>
    Refreshed,

    /// <summary>It is our own key, over a diversity limit, or its key changed.</summary>
    Refused,

    /// <summary>Its bucket is full of living entries; it waits in the replacement cache.</summary>
    Full,
}
