using System.Text.Json;
using Kadstone.Ipfs;
using Kadstone.Libp2p;

namespace Kadstone.Cli.Ipfs;

/// <summary>What the test harnesses of IPFS tell a daemon that they start: a folder of its own, and the configuration that a test asks for.</summary>
/// <remarks><c>NODE_DIR</c> keeps identity and keys; of <c>NODE_CONFIG_JSON</c> only <c>Routing.Type</c> counts. What the command line says comes first.</remarks>
internal sealed class HarnessEnvironment
{
    private const int MaxConfiguration = 1 << 20;

    private readonly string? _folder;

    private HarnessEnvironment(string? folder, string routing)
    {
        _folder = folder;
        HasRouting = routing != "none";
        Mode = routing switch
        {
            "dhtserver" => KadMode.Server,
            "dhtclient" => KadMode.Client,
            _ => KadMode.Auto,
        };
    }

    internal bool HasRouting { get; }

    internal KadMode Mode { get; }

    internal string? KeyFolder => _folder is null ? null : Path.Combine(_folder, "keys");

    internal static HarnessEnvironment Read()
    {
        string? folder = Environment.GetEnvironmentVariable("NODE_DIR");
        return new HarnessEnvironment(string.IsNullOrEmpty(folder) ? null : folder, RoutingOf(Environment.GetEnvironmentVariable("NODE_CONFIG_JSON")));
    }

    /// <summary>The identity of the key file that was given; else that of the folder, made at first use; else a new one.</summary>
    internal PrivateKey Identity(string? keyFile, Terminal terminal)
    {
        if (keyFile is not null || _folder is null)
        {
            return IpfsNodeSettings.Identity(keyFile, terminal);
        }

        string path = Path.Combine(_folder, "key");
        return File.Exists(path) ? IpfsNodeSettings.Identity(path, terminal) : PrivateKey.FromSeed(KeyFile.Create(path));
    }

    private static string RoutingOf(string? configuration)
    {
        if (string.IsNullOrWhiteSpace(configuration) || configuration.Length > MaxConfiguration)
        {
            return "auto";
        }

        try
        {
            using JsonDocument document = JsonDocument.Parse(configuration);
            return document.RootElement.ValueKind == JsonValueKind.Object
                && document.RootElement.TryGetProperty("Routing", out JsonElement routing) && routing.ValueKind == JsonValueKind.Object
                && routing.TryGetProperty("Type", out JsonElement type) && type.ValueKind == JsonValueKind.String
                ? type.GetString() ?? "auto"
                : "auto";
        }
        catch (JsonException exception)
        {
            throw CommandFailedException.Usage($"NODE_CONFIG_JSON is no JSON: {Failure.OneLine(exception.Message)}; an object is expected.");
        }
    }
}
