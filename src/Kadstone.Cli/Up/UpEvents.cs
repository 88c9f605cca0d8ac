using System.Text.Json;

namespace Kadstone.Cli.Up;

/// <summary>What happens while <c>dht up</c> runs: a line each, as text or as JSON.</summary>
internal sealed class UpEvents(Output output)
{
    internal bool IsJson => output.IsJson;

    internal void Tell(string name, string text, Action<Utf8JsonWriter>? json = null) => output.Write(text, writer =>
    {
        writer.WriteString("event", name);
        json?.Invoke(writer);
    });

    /// <summary>For people only.</summary>
    internal void Advise(string text)
    {
        if (!output.IsJson)
        {
            output.WriteText(text);
        }
    }
}
