using Kadstone.Mainline;

namespace Kadstone.Cli.Verbs;

/// <summary>From what was found or stored to an exit code, with a sentence when it was not enough.</summary>
internal static class Outcomes
{
    internal static int Of(int found, int? asked, string what, Terminal terminal)
    {
        if (found == 0)
        {
            terminal.Complain($"dht: no {what} was found.");
            return ExitCode.NothingFound;
        }

        if (found < asked)
        {
            terminal.Complain($"dht: {found} of {asked} {what}s were found.");
            return ExitCode.FewerThanAsked;
        }

        return ExitCode.Found;
    }

    internal static int Of(CommitOutcome commit, int? least, Terminal terminal)
    {
        int asked = least ?? 1;
        if (commit.Stored >= asked)
        {
            return ExitCode.Found;
        }

        if (commit.Stored == 0 && commit.Refused > 0)
        {
            terminal.Complain($"dht: all {commit.Refused} nodes that answered refused it: {Reason(commit.ErrorCode)}.");
            return ExitCode.Rejected;
        }

        terminal.Complain($"dht: stored at {commit.Stored} nodes, {asked} were asked for; {commit.Refused} refused, {commit.Silent} were silent.");
        return ExitCode.FewerThanAsked;
    }

    private static string Reason(int code) => (KrpcErrorCode)code switch
    {
        KrpcErrorCode.CasMismatch => "another version is stored than --cas says (301)",
        KrpcErrorCode.SequenceNotNewer => "the stored version is newer (302)",
        KrpcErrorCode.ValueTooBig => "the value is too big (205)",
        KrpcErrorCode.InvalidSignature => "the signature does not fit (206)",
        KrpcErrorCode.SaltTooBig => "the salt is too big (207)",
        KrpcErrorCode.Server => "they cannot store now (202)",
        KrpcErrorCode.UnknownMethod => "they do not know the query (204)",
        KrpcErrorCode.Protocol => "they say the query is malformed (203)",
        _ => $"error {code}",
    };
}
