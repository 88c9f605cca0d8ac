using System.Text.Json;
using Kadstone.Mainline;

namespace Kadstone.Cli;

/// <summary>The keys that several verbs write.</summary>
internal static class JsonParts
{
    internal static void WriteLookup(this Utf8JsonWriter json, LookupOutcome lookup)
    {
        json.WriteNumber("asked", lookup.Asked);
        json.WriteNumber("answered", lookup.Answered);
        json.WriteNumber("silent", lookup.Silent);
        json.WriteNumber("refused", lookup.Refused);
    }

    internal static void WriteCommit(this Utf8JsonWriter json, CommitOutcome commit)
    {
        json.WriteNumber("stored", commit.Stored);
        json.WriteNumber("store_refused", commit.Refused);
        json.WriteNumber("store_silent", commit.Silent);
        json.WriteNumber("error_code", commit.ErrorCode);
    }

    internal static void WriteHex(this Utf8JsonWriter json, string name, ReadOnlyMemory<byte> bytes)
    {
        if (bytes.IsEmpty)
        {
            json.WriteNull(name);
        }
        else
        {
            json.WriteString(name, Convert.ToHexStringLower(bytes.Span));
        }
    }
}
