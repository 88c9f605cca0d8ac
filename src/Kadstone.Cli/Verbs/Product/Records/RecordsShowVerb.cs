using System.CommandLine;
using System.Text;
using Kadstone.Cli.Parsing;
using Kadstone.Daemon.V1;
using Kadstone.Storage;

namespace Kadstone.Cli.Verbs.Product.Records;

/// <summary><c>dht records show</c>: the records under a key.</summary>
internal sealed class RecordsShowVerb : RecordsVerb
{
    private readonly Argument<string> _key = CommonOptions.Argument("KEY", "The key in hexadecimal digits, as 'dht records ls' lists it.", Key);
    private readonly Option<string?> _shelf = Shelf();

    internal RecordsShowVerb(Terminal terminal)
        : base(
            terminal,
            "show",
            "Shows what is stored under a key, on whichever shelf, with its value.",
            "dht records show e5f96f6f38320f0f33959cb4d3d656452117aadb",
            "dht records show e5f96f6f38320f0f33959cb4d3d656452117aadb --store sqlite:/var/lib/kadstone/node.sqlite")
    {
        Add(_key);
        Add(_shelf);
    }

    protected override async Task<int> ReadAsync(RecordSource records, ParseResult arguments, Output output, CancellationToken cancellationToken)
    {
        string key = arguments.GetRequiredValue(_key);
        bool isFound = false;
        foreach (string shelf in arguments.GetValue(_shelf) is string only ? [only] : ShelfNames.All.Select(ShelfNames.Of))
        {
            if (await records.FindAsync(shelf, key, cancellationToken) is ListedRecord record)
            {
                isFound = true;
                output.Write(record.Value is ReadOnlyMemory<byte> value ? $"{record}: {Text(value)}" : record.ToString(), record.Write);
            }
        }

        return isFound ? ExitCode.Found : throw new CommandFailedException(Cli.ExitCode.NothingFound, $"nothing is stored under {key}.");
    }

    // Values of strangers are bytes: text only where no terminal would obey it.
    private static string Text(ReadOnlyMemory<byte> value) => System.Text.Unicode.Utf8.IsValid(value.Span) && Encoding.UTF8.GetString(value.Span) is string text && !text.Any(char.IsControl)
        ? text
        : $"hex:{Convert.ToHexStringLower(value.Span)}";

    private static string Key(string text) =>
        text.Length is >= 2 and <= RecordLimits.MaxKeyLength * 2 && text.Length % 2 == 0 && text.All(char.IsAsciiHexDigit)
            ? text.ToLowerInvariant()
            : throw new FormatException("is no key; an even number of hexadecimal digits is expected, as 'dht records ls' lists them");
}
