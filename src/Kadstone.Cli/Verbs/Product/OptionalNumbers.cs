using System.Text.Json;

namespace Kadstone.Cli.Verbs.Product;

/// <summary>Numbers that may be absent.</summary>
internal static class OptionalNumbers
{
    internal static void WriteOptional(this Utf8JsonWriter json, string name, double? value)
    {
        if (value is double known)
        {
            json.WriteNumber(name, Math.Round(known, 3));
        }
        else
        {
            json.WriteNull(name);
        }
    }
}
