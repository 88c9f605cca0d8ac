namespace Kadstone.Hyperswarm.Core.Records;

/// <summary>What became of an announced record.</summary>
internal enum RecordAdmission : byte
{
    /// <summary>It is new under this topic.</summary>
    Added,

    /// <summary>It was known; its life begins anew.</summary>
    Refreshed,

    /// <summary>The source has its share of this topic.</summary>
    RefusedTopicShare,

    /// <summary>The source has its share of the table.</summary>
    RefusedShare,

    /// <summary>The topic is full.</summary>
    RefusedTopicFull,

    /// <summary>The table is full.</summary>
    RefusedFull,
}
