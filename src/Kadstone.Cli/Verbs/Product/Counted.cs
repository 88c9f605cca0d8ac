using System.Globalization;

namespace Kadstone.Cli.Verbs.Product;

/// <summary>Numbers with their nouns.</summary>
internal static class Counted
{
    internal static string Of(long count, string noun) => string.Create(CultureInfo.InvariantCulture, $"{count} {noun}{(count == 1 ? "" : noun.EndsWith("ss", StringComparison.Ordinal) ? "es" : "s")}");
}
