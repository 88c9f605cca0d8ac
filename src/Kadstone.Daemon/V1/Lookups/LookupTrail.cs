using System.Globalization;
using Kadstone.Daemon.V1.Answers;

namespace Kadstone.Daemon.V1.Lookups;

/// <summary>One lookup in the log: how it goes, or went.</summary>
internal abstract class LookupTrail(long number, string network, string kind, string target, ReadOnlyMemory<byte> point, bool isUpkeep, DateTimeOffset startedAt)
{
    public const string Running = "running";

    /// <summary>1,024: the turns that are kept of one lookup; no honest one has so many.</summary>
    protected const int MaxTurns = 1024;

    public long Number { get; } = number;

    public string Id { get; } = number.ToString(CultureInfo.InvariantCulture);

    public string Network { get; } = network;

    public bool IsUpkeep { get; } = isUpkeep;

    protected string Kind { get; } = kind;

    protected string Target { get; } = target;

    protected ReadOnlyMemory<byte> Point { get; } = point;

    protected DateTimeOffset StartedAt { get; } = startedAt;

    public abstract bool IsRunning { get; }

    /// <summary>Grows with everything that happens.</summary>
    public abstract int Version { get; }

    /// <summary>How many answers brought a value, and how many came at all.</summary>
    public abstract (int WithValues, int All) AnswersSoFar { get; }

    public abstract LookupSummary Summary();

    public abstract LookupAnswer Whole();
}
