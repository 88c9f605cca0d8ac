using System.Text.Json;
using Kadstone.Crypto;
using Kadstone.Datagrams;
using Kadstone.Kademlia;

namespace Kadstone.Hyperswarm.Tests.Wire.V6;

/// <summary>Vectors/hyper.json, read from the source tree: what the npm packages named in it encoded, signed and sent.</summary>
internal static class HyperVectors
{
    private static readonly Lazy<JsonElement> Root = new(Load);

    /// <summary>The part under a path of names, such as <c>compactEncoding/uint</c>.</summary>
    public static JsonElement At(string path) => path.Split('/').Aggregate(Root.Value, (element, name) => element.GetProperty(name));

    public static IEnumerable<JsonElement> List(string path) => At(path).EnumerateArray();

    public static string Text(this JsonElement item, string property) => item.GetProperty(property).GetString()!;

    public static long Number(this JsonElement item, string property) => item.GetProperty(property).GetInt64();

    public static byte[] Hex(this JsonElement item, string property) => item.HexOrNull(property)!;

    public static byte[]? HexOrNull(this JsonElement item, string property) =>
        item.GetProperty(property).GetString() is { } text ? Convert.FromHexString(text) : null;

    public static Key256 Key(this JsonElement item, string property) => Key256.Read(item.Hex(property));

    /// <summary>An object with <c>host</c> and <c>port</c>.</summary>
    public static UdpEndpoint Endpoint(this JsonElement item) =>
        Endpoint(item.Text("host").Contains(':') ? $"[{item.Text("host")}]:{item.Number("port")}" : $"{item.Text("host")}:{item.Number("port")}");

    public static UdpEndpoint? EndpointOrNull(this JsonElement item, string property) =>
        item.GetProperty(property) is { ValueKind: JsonValueKind.Object } endpoint ? endpoint.Endpoint() : null;

    public static UdpEndpoint[] Endpoints(this JsonElement item, string property) =>
        [.. item.GetProperty(property).EnumerateArray().Select(Endpoint)];

    public static UdpEndpoint Endpoint(string text)
    {
        UdpEndpoint.TryParse(text, out UdpEndpoint endpoint).ShouldBeTrue(text);
        return endpoint;
    }

    /// <summary>The packed form of endpoints, written down plainly.</summary>
    public static byte[] Pack(IEnumerable<UdpEndpoint> endpoints) =>
        [.. endpoints.SelectMany(e => new[] { (byte)(e.AddressLow >> 24), (byte)(e.AddressLow >> 16), (byte)(e.AddressLow >> 8), (byte)e.AddressLow, (byte)e.Port, (byte)(e.Port >> 8) })];

    /// <summary>The secret key of 64 bytes that belongs to the seed of an item.</summary>
    public static byte[] SecretKey(this JsonElement item, string property)
    {
        byte[] secretKey = new byte[Ed25519.SecretKeyLength];
        Ed25519.CreateKeyPair(item.Hex(property), new byte[32], secretKey);
        return secretKey;
    }

    /// <summary>All captured packets with the name of what they belong to.</summary>
    public static IEnumerable<(string Name, JsonElement Packet)> Packets() =>
        from part in At("packets").EnumerateObject()
        where part.Value.ValueKind == JsonValueKind.Array
        from item in part.Value.EnumerateArray()
        from packet in item.TryGetProperty("request", out JsonElement request) ? new[] { request, item.GetProperty("response") } : [item]
        select (part.Name, packet);

    /// <summary>All packets of the file, and some as long as may be, as seeds for mutation.</summary>
    public static byte[][] PacketCorpus() =>
    [
        .. Packets().Select(item => item.Packet.Hex("hex")),
        [0x03, 16, 1, 2, 1, 2, 3, 4, 5, 6, 9, 0xFD, 0xD0, 0x07, .. new byte[2000]],
        [0x13, 4, 1, 2, 1, 2, 3, 4, 5, 6, 0xFD, 0x4D, 0x01, .. new byte[1998]],
        [0x13, 31, 1, 2, 1, 2, 3, 4, 5, 6, .. new byte[64], 1, 1, 2, 3, 4, 5, 6, 0xFE, 1, 0, 1, 0, 3, 1, 2, 3],
    ];

    /// <summary>All encoded values of the file, as seeds for mutation.</summary>
    public static byte[][] ValueCorpus() =>
    [
        .. At("announce").EnumerateObject().Where(part => part.Value.ValueKind == JsonValueKind.Object).Select(part => part.Value.Hex("value")),
        .. List("mutable").SelectMany(item => new[] { item.Hex("putRequest"), item.Hex("getResponse") }),
        .. new[] { "handshake", "holepunch", "pluginRequest" }.SelectMany(name => List("routerMessages/" + name)).Select(item => item.Hex("hex")),
        .. List("routerMessages/hyperdhtAddress").Select(item => Convert.FromHexString(item.GetString()!)),
        At("lookupReply").Hex("hex"),
        .. Packets().Select(item => item.Packet.GetProperty("fields").HexOrNull("value")).OfType<byte[]>().Where(value => value.Length > 0),
        [0x03, 0x74, 0x78, 0x74, 0xFF, 1, 0, 0, 0, 0, 0, 0x1F, 0, 0xFE, 1, 0, 1, 0, 1, 0xFD, 2, 0, 1, 2],
    ];

    private static JsonElement Load()
    {
        const string File = "tests/Kadstone.Hyperswarm.Tests/Vectors/hyper.json";
        DirectoryInfo? directory = new(AppContext.BaseDirectory);
        while (directory is not null && !System.IO.File.Exists(Path.Combine(directory.FullName, File)))
        {
            directory = directory.Parent;
        }

        directory.ShouldNotBeNull($"{File} is not above {AppContext.BaseDirectory}");
        return JsonDocument.Parse(System.IO.File.ReadAllBytes(Path.Combine(directory.FullName, File))).RootElement;
    }
}
