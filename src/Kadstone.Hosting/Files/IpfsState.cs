using System.Buffers;
using System.Text;
using System.Text.Json;
using Kadstone.Libp2p;

namespace Kadstone.Hosting.Files;

/// <summary>Whom the IPFS node knew, each with its peer at the end of the address: asked before the bootstrap peers in the next run.</summary>
internal sealed record IpfsState(IReadOnlyList<Multiaddr> Peers)
{
    private const int CurrentVersion = 1;

    /// <summary>As many as a first table needs; dialing more would hold up the join.</summary>
    internal const int MaxPeers = 32;

    internal static IpfsState Of(IReadOnlyList<PeerInfo> contacts) =>
        new([.. contacts.Where(contact => contact.Addresses.Count > 0).Take(MaxPeers).Select(contact => contact.Addresses[0].WithPeer(contact.Id))]);

    internal string ToJson()
    {
        ArrayBufferWriter<byte> buffer = new();
        using (Utf8JsonWriter json = new(buffer, new JsonWriterOptions { Indented = true }))
        {
            json.WriteStartObject();
            json.WriteNumber("version", CurrentVersion);
            json.WriteString("network", "ipfs");
            json.WriteStartArray("peers");
            foreach (Multiaddr peer in Peers)
            {
                json.WriteStringValue(peer.ToString());
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }

        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }

    internal static bool TryParse(string text, out IpfsState? state, out string? error)
    {
        state = null;
        try
        {
            using JsonDocument document = JsonDocument.Parse(text);
            JsonElement root = document.RootElement;
            error = root.ValueKind != JsonValueKind.Object ? "The saved state is no object."
                : !root.TryGetProperty("version", out JsonElement version) || version.ValueKind != JsonValueKind.Number || !version.TryGetInt32(out int number) || number != CurrentVersion
                    ? $"The saved state has another version; this program reads version {CurrentVersion}."
                : !root.TryGetProperty("network", out JsonElement network) || network.ValueKind != JsonValueKind.String || network.GetString() != "ipfs"
                    ? "The saved state belongs to another network."
                : null;
            if (error is not null)
            {
                return false;
            }

            List<Multiaddr> peers = [];
            if (root.TryGetProperty("peers", out JsonElement saved) && saved.ValueKind == JsonValueKind.Array)
            {
                foreach (JsonElement peer in saved.EnumerateArray())
                {
                    if (peers.Count < MaxPeers && peer.ValueKind == JsonValueKind.String && Multiaddr.TryParse(peer.GetString(), out Multiaddr? address))
                    {
                        peers.Add(address);
                    }
                }
            }

            state = new IpfsState(peers);
            return true;
        }
        catch (JsonException exception)
        {
            error = $"The saved state is not valid JSON (line {exception.LineNumber + 1}).";
            return false;
        }
    }
}
