using System.Text.Json;

namespace Kadstone.Libp2p.Tests;

/// <summary>Vectors/libp2p.json, read from the source tree: what the npm packages named in it encoded, signed and sent.</summary>
internal static class LibP2pVectors
{
    private static readonly Lazy<JsonElement> s_root = new(Load);

    public static JsonElement At(string path) => path.Split('/').Aggregate(s_root.Value, (element, name) => element.GetProperty(name));

    public static JsonElement[] List(string path) => [.. At(path).EnumerateArray()];

    public static JsonElement Named(string path, string name) => List(path).Single(item => item.Text("name") == name);

    public static string Text(this JsonElement element, string name) => element.GetProperty(name).GetString()!;

    public static byte[] Hex(this JsonElement element, string name) => Convert.FromHexString(element.Text(name));

    public static bool Has(this JsonElement element, string name) => element.TryGetProperty(name, out _);

    private static JsonElement Load()
    {
        const string File = "tests/Kadstone.Libp2p.Tests/Vectors/libp2p.json";
        DirectoryInfo? directory = new(AppContext.BaseDirectory);
        while (directory is not null && !System.IO.File.Exists(Path.Combine(directory.FullName, File)))
        {
            directory = directory.Parent;
        }

        directory.ShouldNotBeNull($"{File} is not above {AppContext.BaseDirectory}");
        return JsonDocument.Parse(System.IO.File.ReadAllBytes(Path.Combine(directory.FullName, File))).RootElement;
    }
}
