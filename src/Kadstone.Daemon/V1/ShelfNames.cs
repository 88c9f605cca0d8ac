using Kadstone.Storage;

namespace Kadstone.Daemon.V1;

/// <summary>The shelves that the API shows, and what they are called there.</summary>
internal static class ShelfNames
{
    private static readonly (Shelf Shelf, string Name)[] s_all =
    [
        .. Enum.GetValues<Shelf>().Where(shelf => shelf is not Shelf.None and not Shelf.DaemonPublications).Select(shelf => (shelf, Kebab(shelf.ToString()))),
    ];

    public static IReadOnlyList<Shelf> All { get; } = [.. s_all.Select(pair => pair.Shelf)];

    public static string Of(Shelf shelf) => Array.Find(s_all, pair => pair.Shelf == shelf).Name;

    public static bool TryRead(string? name, out Shelf shelf)
    {
        shelf = Array.Find(s_all, pair => pair.Name == name).Shelf;
        return shelf != Shelf.None;
    }

    /// <summary>Whether we put it there for ourselves.</summary>
    public static bool IsOwn(Shelf shelf) => shelf is Shelf.IpfsProvided or Shelf.IpfsOwnValues;

    /// <summary>Whether its keys are names that are hashed to the keyspace, and not points of it.</summary>
    public static bool IsHashed(Shelf shelf) => shelf is >= Shelf.IpfsValues and < Shelf.DaemonPublications;

    private static string Kebab(string name) => string.Concat(name.Select((letter, at) => at > 0 && char.IsUpper(letter) ? $"-{char.ToLowerInvariant(letter)}" : $"{char.ToLowerInvariant(letter)}"));
}
