using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Kadstone.Cli;

/// <summary>Results on standard output: a line of text each, or a JSON object a line.</summary>
internal sealed class Output(Terminal terminal, bool isJson)
{
    private static readonly JsonWriterOptions s_options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    internal bool IsJson => isJson;

    internal void Write(string text, Action<Utf8JsonWriter> json)
    {
        if (isJson)
        {
            WriteJson(json);
        }
        else
        {
            WriteText(text);
        }
    }

    internal void WriteText(string text) => terminal.WriteLine(terminal.OutputIsTerminal ? Terminal.Clean(text) : text);

    internal void WriteJson(Action<Utf8JsonWriter> json)
    {
        using MemoryStream buffer = new();
        using (Utf8JsonWriter writer = new(buffer, s_options))
        {
            writer.WriteStartObject();
            json(writer);
            writer.WriteEndObject();
        }

        terminal.WriteLine(Encoding.UTF8.GetString(buffer.GetBuffer(), 0, (int)buffer.Length));
    }
}
