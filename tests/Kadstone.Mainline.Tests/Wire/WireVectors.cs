using System.Text;
using System.Text.Json;

namespace Kadstone.Mainline.Tests.Wire;

/// <summary>Vectors/mainline.json, read from the source tree.</summary>
internal static class WireVectors
{
    private static readonly Lazy<JsonElement> Root = new(Load);

    public static IEnumerable<JsonElement> Section(string name) => Root.Value.GetProperty(name).EnumerateArray();

    public static JsonElement Object(string name) => Root.Value.GetProperty(name);

    /// <summary>The item of a section whose name or place (for sections without names) is given.</summary>
    public static JsonElement Item(string section, string name) => Section(section).Single(item => item.Text("name") == name);

    /// <summary>The names of a section, as theory data.</summary>
    public static TheoryData<string> Names(string section) => [.. Section(section).Select(item => item.Text("name"))];

    /// <summary>0, 1, 2 ... of a section, as theory data.</summary>
    public static TheoryData<int> Places(string section) => [.. Enumerable.Range(0, Section(section).Count())];

    public static string Text(this JsonElement item, string property) => item.GetProperty(property).GetString()!;

    public static byte[] Hex(this JsonElement item, string property) => Convert.FromHexString(item.Text(property));

    /// <summary>The bytes of <c>hex</c>, or of <c>parts</c>: hex units and how often each is repeated.</summary>
    public static byte[] Packet(this JsonElement item)
    {
        if (item.TryGetProperty("hex", out JsonElement hex))
        {
            return Convert.FromHexString(hex.GetString()!);
        }

        List<byte> bytes = [];
        foreach (JsonElement part in item.GetProperty("parts").EnumerateArray())
        {
            byte[] unit = Convert.FromHexString(part[0].GetString()!);
            for (int count = part[1].GetInt32(); count > 0; count--)
            {
                bytes.AddRange(unit);
            }
        }

        return [.. bytes];
    }

    /// <summary>All packets of the file that a node would read, and some as long as may be, as seeds for mutation.</summary>
    public static byte[][] Corpus() =>
    [
        .. new[] { "krpc_text", "malformed", "captured" }
            .SelectMany(Section)
            .Select(Packet)
            .Where(packet => packet.Length <= KrpcReader.MaxDatagramLength),
        Encoding.ASCII.GetBytes($"d1:ad2:id20:abcdefghij01234567892:zz1950:{new string('z', 1950)}e1:q4:ping1:t2:aa1:y1:qe"),
        Encoding.ASCII.GetBytes($"d1:rd2:id20:mnopqrstuvwxyz1234565:nodes9126:{new string('n', 9126)}e1:t2:aa1:y1:re"),
        Encoding.ASCII.GetBytes($"d1:rd2:id20:mnopqrstuvwxyz1234566:valuesl{string.Concat(Enumerable.Repeat("6:axje.u", 1140))}ee1:t2:aa1:y1:re"),
    ];

    /// <summary>A byte string as the captures write it: 0x and hex, or plain text.</summary>
    public static byte[] Captured(this JsonElement value)
    {
        string text = value.GetString()!;
        return text.StartsWith("0x", StringComparison.Ordinal) ? Convert.FromHexString(text.AsSpan(2)) : Encoding.Latin1.GetBytes(text);
    }

    private static JsonElement Load()
    {
        const string File = "tests/Kadstone.Mainline.Tests/Vectors/mainline.json";
        DirectoryInfo? directory = new(AppContext.BaseDirectory);
        while (directory is not null && !System.IO.File.Exists(Path.Combine(directory.FullName, File)))
        {
            directory = directory.Parent;
        }

        directory.ShouldNotBeNull($"{File} is not above {AppContext.BaseDirectory}");
        return JsonDocument.Parse(System.IO.File.ReadAllBytes(Path.Combine(directory.FullName, File))).RootElement;
    }
}
