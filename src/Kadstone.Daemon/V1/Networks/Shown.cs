namespace Kadstone.Daemon.V1.Networks;

/// <summary>What a caller gave, in an error: short, and without what would break a line.</summary>
internal static class Shown
{
    private const int MaxLength = 80;

    public static string Of(string text) =>
        new([.. text.Take(MaxLength).Select(letter => char.IsControl(letter) || char.IsSurrogate(letter) ? '?' : letter), .. text.Length > MaxLength ? "…" : ""]);
}
