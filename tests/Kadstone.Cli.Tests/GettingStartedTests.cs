using System.Text.Json;
using System.Text.RegularExpressions;

namespace Kadstone.Cli.Tests;

/// <summary>docs/getting-started.md tells the truth: its questions are asked in a devnet, and answered as it says.</summary>
public sealed partial class GettingStartedTests
{
    [Fact]
    public async Task Every_question_of_the_page_is_answered_as_it_says()
    {
        string page = Page();
        Assert.SkipWhen(page.Length == 0, "the tests do not run from within the repository");
        using TemporaryFolder folder = new();
        await using DhtRun up = DhtRun.Start("up", "--devnet", "--data", folder["devnet"], "-o", "json");
        JsonElement ready = JsonDocument.Parse(await up.Output.WaitForAsync(line => line.Contains("\"ready\"", StringComparison.Ordinal))).RootElement;
        Dictionary<string, string> variables = new()
        {
            ["me.key"] = folder["me.key"],
            ["$N"] = $"--private --bootstrap {ready.GetProperty("bootstrap").GetString()}",
            ["$H"] = $"--private --bootstrap {ready.GetProperty("hyper_bootstrap").GetString()}",
            ["$I"] = $"--protocol lan --bootstrap {ready.GetProperty("ipfs_bootstrap").GetString()}",
        };
        foreach (Match constant in Constant().Matches(page))
        {
            variables[$"${constant.Groups[1].Value}"] = constant.Groups[2].Value;
        }

        int asked = 0;
        foreach (Match step in Step().Matches(page))
        {
            string command = variables.Aggregate(step.Groups["command"].Value, (text, variable) => text.Replace(variable.Key, variable.Value, StringComparison.Ordinal));
            string[] told = [.. step.Groups["told"].Value.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)];
            bool tellsExit = step.Groups["exit"].Success;
            DhtResult result = await DhtRun.RunAsync(command.Split(' ', StringSplitOptions.RemoveEmptyEntries));
            result.ShouldEndWith(tellsExit ? int.Parse(told[^1], System.Globalization.CultureInfo.InvariantCulture) : 0);

            // A picture that is cut short, or that time draws, is told by its first line.
            string[] expected = tellsExit ? told[..^1] : told;
            string[] actual = [.. (result.Output + result.Error).Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)];
            int compared = expected.Any(line => line.Contains('…', StringComparison.Ordinal)) ? 1 : int.Max(expected.Length, actual.Length);
            actual.Take(compared).Select(Lasting).ShouldBe(expected.Take(compared).Select(Lasting), command);
            asked++;
        }

        asked.ShouldBeGreaterThan(10, "the steps of the page were not found");
        (await up.InterruptAsync()).ShouldBe(0);
    }

    // Without what is another in each network: keys, peers, and how many of the nearest were in time on a busy machine.
    private static string Lasting(string line) => Count().Replace(Peer().Replace(Key().Replace(line, "KEY"), "PEER"), "N nodes");

    private static string Page()
    {
        DirectoryInfo? root = new(AppContext.BaseDirectory);
        while (root is not null && !File.Exists(Path.Combine(root.FullName, "Kadstone.slnx")))
        {
            root = root.Parent;
        }

        return root is null ? "" : File.ReadAllText(Path.Combine(root.FullName, "docs", "getting-started.md"));
    }

    // What stands there as it is: a topic, a content. Where to join is each devnet's own.
    [GeneratedRegex(@"^    \$ ([TC])=(\S+)$", RegexOptions.Multiline)]
    private static partial Regex Constant();

    // A question that names its network by a variable or by options, and the lines below it up to the next prompt.
    [GeneratedRegex(@"^    \$ \./dht (?<command>(?!up)[^\n;]+)(?<exit>; echo \$\?)?\n(?<told>(?:^    (?!\$)[^\n]*\n)*)", RegexOptions.Multiline)]
    private static partial Regex Step();

    [GeneratedRegex("[0-9a-f]{64}")]
    private static partial Regex Key();

    [GeneratedRegex("12D3KooW[1-9A-HJ-NP-Za-km-z]{44}")]
    private static partial Regex Peer();

    [GeneratedRegex("[0-9]+ nodes")]
    private static partial Regex Count();
}
