using System.CommandLine;
using Kadstone.Cli.Parsing;

namespace Kadstone.Cli.Verbs.Product;

/// <summary>The networks as the API calls them.</summary>
internal static class NetworkArguments
{
    internal static IReadOnlyList<string> All { get; } = ["mainline", "hyperswarm", "ipfs"];

    internal static Option<string?> Option() => CommonOptions.Create("--network", "mainline|hyperswarm|ipfs", "Only this network. Default all that run.", Parse);

    internal static Argument<string?> Argument()
    {
        Argument<string?> argument = CommonOptions.Argument("NETWORK", "mainline, hyperswarm or ipfs. Default all that run.", Parse);
        argument.Arity = ArgumentArity.ZeroOrOne;
        return argument;
    }

    private static string? Parse(string text) => text switch
    {
        "bt" => "mainline",
        "hyper" => "hyperswarm",
        _ when All.Contains(text) => text,
        _ => throw new FormatException($"is no network; {string.Join(", ", All)} are"),
    };
}
