namespace Kadstone.Ipfs.Core;

/// <summary>What a node counts.</summary>
internal sealed class KadCounters
{
    public long Answered { get; set; }

    public long Refused { get; set; }

    /// <summary>Requests of peers that had sent too many.</summary>
    public long RateLimited { get; set; }

    public long Requests { get; set; }

    public long Failures { get; set; }

    /// <summary>Queries whose closest peers were nearer to the key than chance has it.</summary>
    public long Suspected { get; set; }

    /// <summary>Values that came and were not valid.</summary>
    public long InvalidValues { get; set; }
}
