using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using Kadstone.Datagrams;
using Kadstone.Kademlia;

namespace Kadstone.Mainline;

/// <summary>What a node remembers from one run to the next: its id, its port, who it knew.</summary>
/// <param name="Ids">The node id of each socket, 40 hexadecimal digits each.</param>
/// <param name="Port">The UDP port.</param>
/// <param name="Nodes">Contacts that answered, in this run or, when hardly anybody did, in the one before; as <c>id@address:port</c>. In the next run they are candidates, verified before use.</param>
public sealed record MainlineState(IReadOnlyList<Key160> Ids, int Port, IReadOnlyList<NodeContact> Nodes)
{
    private const int CurrentVersion = 1;
    private const int MaxNodes = 1_000;
    private const int MaxLength = 1_000_000;

    /// <summary>The state as JSON with a <c>version</c>.</summary>
    public string ToJson() => JsonSerializer.Serialize(
        new StateFile
        {
            Version = CurrentVersion,
            Network = "mainline",
            Ids = [.. Ids.Select(id => id.ToString())],
            Port = Port,
            Nodes = [.. Nodes.Select(node => $"{node.Id}@{node.Endpoint}")],
        },
        StateJson.Default.StateFile);

    /// <summary>Reads <see cref="ToJson"/>'s format.</summary>
    /// <param name="json">The text.</param>
    /// <param name="state">The state; null when the text is not one.</param>
    /// <param name="error">What is wrong, as one sentence; null when nothing is.</param>
    public static bool TryParse(string json, [NotNullWhen(true)] out MainlineState? state, [NotNullWhen(false)] out string? error)
    {
        state = null;
        if (json.Length > MaxLength)
        {
            error = $"The saved state has {json.Length} characters; {MaxLength} are the most that one can have.";
            return false;
        }

        StateFile? file;
        try
        {
            file = JsonSerializer.Deserialize(json, StateJson.Default.StateFile);
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
            { Network: not "mainline" } => "The saved state belongs to another network.",
            { Port: < 0 or > 65_535 } => $"The saved state has the port {file.Port}; 0 to 65535 are allowed.",
            { Ids: null or { Length: 0 } } => "The saved state has no node id.",
            { Ids.Length: > 16 } => "The saved state has more than 16 node ids.",
            _ => null,
        };
        if (error is not null || file?.Ids is null)
        {
            error ??= "The saved state has no node id.";
            return false;
        }

        List<Key160> ids = [];
        foreach (string text in file.Ids)
        {
            if (!Key160.TryParse(text, out Key160 id))
            {
                error = "The saved state has a node id that is not 40 hexadecimal digits.";
                return false;
            }

            ids.Add(id);
        }

        List<NodeContact> nodes = [];
        foreach (string text in file.Nodes ?? [])
        {
            int at = text?.IndexOf('@') ?? -1;
            if (at == 40
                && nodes.Count < MaxNodes
                && Key160.TryParse(text.AsSpan(0, at), out Key160 id)
                && UdpEndpoint.TryParse(text.AsSpan(at + 1), out UdpEndpoint endpoint))
            {
                nodes.Add(new NodeContact(id, endpoint));
            }
        }

        state = new MainlineState(ids, file.Port, nodes);
        return true;
    }
}

internal sealed class StateFile
{
    [JsonPropertyName("version")]
    public int Version { get; set; }

    [JsonPropertyName("network")]
    public string? Network { get; set; }

    [JsonPropertyName("ids")]
    public string[]? Ids { get; set; }

    [JsonPropertyName("port")]
    public int Port { get; set; }

    [JsonPropertyName("nodes")]
    public string[]? Nodes { get; set; }
}

[JsonSerializable(typeof(StateFile))]
[JsonSourceGenerationOptions(WriteIndented = true)]
internal sealed partial class StateJson : JsonSerializerContext;
