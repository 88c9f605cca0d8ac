namespace Kadstone.Storage.Sqlite;

/// <summary>How many due records a part of a sweep looked at, and how many of them had expired and are gone.</summary>
internal readonly record struct SweptPart(int Seen, int Removed)
{
    public static SweptPart operator +(SweptPart left, SweptPart right) => new(left.Seen + right.Seen, left.Removed + right.Removed);
}
