namespace Kadstone.Cli;

/// <summary>How the command ends, for scripts: a part of the interface, as docs/cli.md lists it.</summary>
internal static class ExitCode
{
    internal const int Found = 0;
    internal const int Error = 1;
    internal const int Usage = 2;
    internal const int NothingFound = 3;
    internal const int FewerThanAsked = 4;
    internal const int TimedOut = 5;
    internal const int NoNetwork = 6;
    internal const int Rejected = 7;
}
