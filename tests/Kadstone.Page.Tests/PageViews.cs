namespace Kadstone.Page.Tests;

/// <summary>Every view by its address, with something that stands on it once its data is there.</summary>
internal static class PageViews
{
    public static IReadOnlyDictionary<string, string> All { get; } = new Dictionary<string, string>
    {
        [""] = "Works, with 184 contacts, and others reach it.",
        ["map/mainline"] = "Median round trip",
        ["lookups"] = "Lookups, newest first",
        ["lookups/3"] = "none of them knows a nearer one",
        ["table/mainline"] = "in 13 buckets",
        ["records"] = "Mainline items",
        ["publications"] = "Found at 7 of 8 nodes",
        ["try"] = "Who is there for a key",
        ["devnet"] = "127.0.0.1:42000",
    };

    public static TheoryData<string> Names => [.. All.Keys];
}
