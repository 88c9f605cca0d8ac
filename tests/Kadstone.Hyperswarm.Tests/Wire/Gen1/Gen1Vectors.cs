using System.Text.Json;

namespace Kadstone.Hyperswarm.Tests.Wire;

/// <summary>Vectors/hyper-gen1.json: packets of npm dht-rpc 2.3.0 and hyperdht 1.3.0 as they went over loopback, with the fields that these read in them.</summary>
internal static class Gen1Vectors
{
    private static readonly Lazy<JsonElement> Root = new(Load);

    /// <summary>Every packet by the path to it in the file, such as "announceQueryPhase/request".</summary>
    public static IReadOnlyDictionary<string, JsonElement> Packets { get; } = Find(Root.Value, "").ToDictionary(packet => packet.Path, packet => packet.Packet);

    /// <summary>The packets' names, as theory data.</summary>
    public static TheoryData<string> Names() => [.. Packets.Keys];

    /// <summary>The packets' bytes, as seeds for mutation.</summary>
    public static byte[][] Corpus() => [.. Packets.Values.Select(Bytes)];

    public static byte[] Bytes(this JsonElement packet) => Convert.FromHexString(packet.GetProperty("hex").GetString()!);

    public static byte[] Bytes(string name) => Packets[name].Bytes();

    /// <summary>A field in hex as the real packages read it; null if absent.</summary>
    public static string? Field(this JsonElement packet, string name) => packet.GetProperty("fields").TryGetProperty(name, out JsonElement value) ? value.GetString() : null;

    public static int Port(string name) => Root.Value.GetProperty("holepunchPorts").GetProperty(name).GetInt32();

    private static IEnumerable<(string Path, JsonElement Packet)> Find(JsonElement element, string path)
    {
        if (element.ValueKind == JsonValueKind.Array)
        {
            return element.EnumerateArray().SelectMany((item, place) => Find(item, $"{path}/{place}"));
        }

        if (element.ValueKind != JsonValueKind.Object)
        {
            return [];
        }

        return element.TryGetProperty("hex", out _)
            ? [(path.TrimStart('/'), element)]
            : element.EnumerateObject().SelectMany(property => Find(property.Value, $"{path}/{property.Name}"));
    }

    private static JsonElement Load()
    {
        const string File = "tests/Kadstone.Hyperswarm.Tests/Vectors/hyper-gen1.json";
        DirectoryInfo? directory = new(AppContext.BaseDirectory);
        while (directory is not null && !System.IO.File.Exists(Path.Combine(directory.FullName, File)))
        {
            directory = directory.Parent;
        }

        directory.ShouldNotBeNull($"{File} is not above {AppContext.BaseDirectory}");
        return JsonDocument.Parse(System.IO.File.ReadAllBytes(Path.Combine(directory.FullName, File))).RootElement;
    }
}
