namespace Kadstone.Kademlia;

/// <summary>What happened in a lookup.</summary>
public enum LookupTurnKind
{
    /// <summary>A contact was asked.</summary>
    Asked,

    /// <summary>It answered, perhaps late.</summary>
    Answered,

    /// <summary>It did not answer in time, or could not be asked; an answer is still welcome.</summary>
    Silent,

    /// <summary>It answered with an error, or under another key than it was asked for.</summary>
    Refused,

    /// <summary>A contact was asked to store what the lookup was for.</summary>
    Storing,

    /// <summary>It has stored it.</summary>
    Stored,

    /// <summary>It answered that it does not.</summary>
    StoreRefused,

    /// <summary>It said nothing to that in time, or could not be asked.</summary>
    StoreSilent,
}
