using System.Text.Json;
using Kadstone.Hyperswarm;

namespace Kadstone.Cli.Verbs.Hyper;

/// <summary>What became of a write: keys of JSON, an exit code, and a sentence when it was not enough.</summary>
internal static class HyperOutcomes
{
    internal static void WriteCommit(this Utf8JsonWriter json, RpcCommit commit)
    {
        json.WriteNumber("stored", commit.Stored);
        json.WriteNumber("store_refused", commit.Refused);
        json.WriteNumber("store_silent", commit.Silent);
    }

    internal static int Of(RpcCommit commit, int? least, string refusal, Terminal terminal)
    {
        int asked = least ?? 1;
        if (commit.Stored >= asked)
        {
            return ExitCode.Found;
        }

        if (commit.Stored == 0 && commit.Refused > 0)
        {
            terminal.Complain($"dht: all {commit.Refused} nodes that answered refused it{refusal}.");
            return ExitCode.Rejected;
        }

        terminal.Complain($"dht: stored at {commit.Stored} nodes, {asked} were asked for; {commit.Refused} refused, {commit.Silent} were silent.");
        return ExitCode.FewerThanAsked;
    }
}
