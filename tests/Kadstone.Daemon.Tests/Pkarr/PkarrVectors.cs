using System.Text.Json;

namespace Kadstone.Daemon.Tests.Pkarr;

/// <summary>Vectors/pkarr.json, read from the source tree.</summary>
internal static class PkarrVectors
{
    private static readonly Lazy<JsonElement> s_root = new(Load);

    public static JsonElement[] List(string path) => [.. path.Split('/').Aggregate(s_root.Value, (element, name) => element.GetProperty(name)).EnumerateArray()];

    public static JsonElement Named(string path, string name) => List(path).Single(item => item.Text("name") == name);

    public static string Text(this JsonElement element, string name) => element.GetProperty(name).GetString()!;

    public static byte[] Hex(this JsonElement element, string name) => Convert.FromHexString(element.Text(name));

    public static bool Has(this JsonElement element, string name) => element.TryGetProperty(name, out _);

    /// <summary>The text of a key by its letter.</summary>
    public static string Key(string letter) => Named("keys", letter).Text("z32");

    /// <summary>A whole payload by its name.</summary>
    public static byte[] Payload(string packet) => Named("packets", packet).Hex("payload");

    private static JsonElement Load()
    {
        const string File = "tests/Kadstone.Daemon.Tests/Vectors/pkarr.json";
        DirectoryInfo? directory = new(AppContext.BaseDirectory);
        while (directory is not null && !System.IO.File.Exists(Path.Combine(directory.FullName, File)))
        {
            directory = directory.Parent;
        }

        directory.ShouldNotBeNull($"{File} is not above {AppContext.BaseDirectory}");
        return JsonDocument.Parse(System.IO.File.ReadAllBytes(Path.Combine(directory.FullName, File))).RootElement;
    }
}
