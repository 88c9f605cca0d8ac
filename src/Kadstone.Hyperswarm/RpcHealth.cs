namespace Kadstone.Hyperswarm;

/// <summary>How the network answered in the last 20 s.</summary>
public enum RpcHealth
{
    /// <summary>Fewer than four requests ended: nothing can be said.</summary>
    Idle,

    /// <summary>Most requests were answered.</summary>
    Online,

    /// <summary>More requests were left unanswered than were answered.</summary>
    Degraded,

    /// <summary>Nobody answered for 10 s.</summary>
    Offline,
}
