namespace Kadstone.Hyperswarm;

/// <summary>The value of IMMUTABLE_PUT and of the answer to IMMUTABLE_GET: as it is, under its own hash.</summary>
internal static class ImmutableValue
{
    /// <summary>1,200: the longest value whose answer passes every path; the nodes know no limit but send no fragments.</summary>
    public const int MaxLength = 1200;
}
