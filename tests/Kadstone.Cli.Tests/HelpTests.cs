namespace Kadstone.Cli.Tests;

public sealed class HelpTests
{
    public static TheoryData<string> Verbs =>
    [
        "mainline node", "mainline peers", "mainline announce", "mainline ping", "mainline find-node", "mainline get", "mainline put",
        "mainline put-signed", "mainline scrape", "mainline sample", "mainline trace", "key new", "key show", "up",
        "ipfs daemon", "ipfs id", "ipfs findpeer", "ipfs findprovs", "ipfs provide", "ipfs get", "ipfs put", "ipfs query", "ipfs name publish", "ipfs name resolve",
        "pkarr publish", "pkarr resolve",
        "config show", "config init", "config explain",
        "status", "check", "trace last", "trace show", "trace ls", "table", "size", "records ls", "records show", "records count", "records export", "records gc",
        "devnet", "completion",
    ];

    [Theory]
    [MemberData(nameof(Verbs))]
    public async Task Every_verb_has_help_with_an_example(string verb)
    {
        DhtResult help = await DhtRun.RunAsync([.. verb.Split(' '), "--help"]);
        help.ShouldEndWith(0).Output.ShouldContain("Examples:\n  ");
        help.Output.ShouldContain($"dht {verb}");
    }
}
