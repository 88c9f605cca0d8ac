using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using Kadstone.Datagrams;

namespace Kadstone.Hyperswarm;

/// <summary>What a node remembers from one run to the next: its port, and who it knew.</summary>
/// <param name="Port">The UDP port of the server socket.</param>
/// <param name="Nodes">Contacts that answered. In the next run they are candidates, verified before use; their ids follow from their addresses.</param>
public sealed record RpcState(int Port, IReadOnlyList<UdpEndpoint> Nodes)
{
    private const int CurrentVersion = 1;
    private const int MaxNodes = 1_000;
    private const int MaxLength = 1_000_000;

    /// <summary>The state as JSON with a <c>version</c>.</summary>
    public string ToJson() => JsonSerializer.Serialize(
        new RpcStateFile
        {
            Version = CurrentVersion,
            Network = "hyperswarm",
            Port = Port,
            Nodes = [.. Nodes.Select(node => node.ToString())],
        },
        RpcStateJson.Default.RpcStateFile);

    /// <summary>Reads <see cref="ToJson"/>'s format.</summary>
    /// <param name="json">The text.</param>
    /// <param name="state">The state; null when the text is not one.</param>
    /// <param name="error">What is wrong, as one sentence; null when nothing is.</param>
    public static bool TryParse(string json, [NotNullWhen(true)] out RpcState? state, [NotNullWhen(false)] out string? error)
    {
        ArgumentNullException.ThrowIfNull(json);
        state = null;
        if (json.Length > MaxLength)
        {
            error = $"The saved state has {json.Length} characters; {MaxLength} are the most that one can have.";
            return false;
        }

        RpcStateFile? file;
        try
        {
            file = JsonSerializer.Deserialize(json, RpcStateJson.Default.RpcStateFile);
        }
        catch (JsonException exception)
        {
            error = $"The saved state is not valid JSON (line {(exception.LineNumber + 1)?.ToString(CultureInfo.InvariantCulture) ?? "?"}).";
            return false;
        }
        catch (ArgumentException)
        {
            error = "The saved state is not valid text: it has half a surrogate pair.";
            return false;
        }

        error = file switch
        {
            null => "The saved state is empty.",
            { Version: not CurrentVersion } => $"The saved state has version {file.Version}; this program reads version {CurrentVersion}.",
            { Network: not "hyperswarm" } => "The saved state belongs to another network.",
            { Port: < 0 or > 65_535 } => $"The saved state has the port {file.Port}; 0 to 65535 are allowed.",
            _ => null,
        };
        if (error is not null || file is null)
        {
            error ??= "The saved state is empty.";
            return false;
        }

        List<UdpEndpoint> nodes = [];
        foreach (string? text in file.Nodes ?? [])
        {
            if (nodes.Count < MaxNodes && UdpEndpoint.TryParse(text, out UdpEndpoint endpoint) && endpoint.IsIPv4)
            {
                nodes.Add(endpoint);
            }
        }

        state = new RpcState(file.Port, nodes);
        return true;
    }
}

internal sealed class RpcStateFile
{
    [JsonPropertyName("version")]
    public int Version { get; set; }

    [JsonPropertyName("network")]
    public string? Network { get; set; }

    [JsonPropertyName("port")]
    public int Port { get; set; }

    [JsonPropertyName("nodes")]
    public string?[]? Nodes { get; set; }
}

[JsonSerializable(typeof(RpcStateFile))]
[JsonSourceGenerationOptions(WriteIndented = true)]
internal sealed partial class RpcStateJson : JsonSerializerContext;
