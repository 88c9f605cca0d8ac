namespace Kadstone.Hyperswarm.Core.Records;

/// <summary>What the storing half did not do, and why. What was refused for want of room is counted by its table.</summary>
internal sealed class HyperCounters
{
    /// <summary>Requests that lack a token, a target or a value, or whose value cannot be read.</summary>
    internal long Unreadable;

    /// <summary>Signatures that are not the key's.</summary>
    internal long Forged;

    /// <summary>Targets that are not the hash of what came.</summary>
    internal long WrongTarget;

    /// <summary>Values longer than are kept.</summary>
    internal long Oversize;

    /// <summary>Signatures not checked, because too many had been.</summary>
    internal long OverChecks;

    /// <summary>Puts of a source that had put enough.</summary>
    internal long OverPuts;

    /// <summary>Messages not relayed, because too many had been, or the destination is not allowed, or the outbox was full.</summary>
    internal long NotForwarded;

    /// <summary>Messages relayed.</summary>
    internal long Forwarded;

    /// <summary>Values that found the way to the store full.</summary>
    internal long InboxFull;

    /// <summary>Refresh tokens that found no room, or belong to no record.</summary>
    internal long RefreshRefused;
}
