using Kadstone.Hosting;
using Kadstone.Hyperswarm;
using Kadstone.Ipfs;
using Kadstone.Libp2p;
using Kadstone.Mainline;
using Kadstone.Storage;

namespace Kadstone.Cli;

/// <summary>What an exception means to the user: an exit code and a sentence.</summary>
internal static class Failure
{
    internal static (int Code, string Sentence) Of(Exception exception) => exception switch
    {
        CommandFailedException failed => (failed.ExitCode, failed.Message),
        KadstoneSetupException => (ExitCode.Usage, exception.Message),
        Mainline.DhtTimeoutException or Kadstone.Ipfs.DhtTimeoutException or TimeoutException => (ExitCode.TimedOut, exception.Message),
        NoNetworkException or NoAnswerException or NoPeersException or PeerUnreachableException => (ExitCode.NoNetwork, exception.Message),
        PeerNotFoundException or RecordNotFoundException => (ExitCode.NothingFound, exception.Message),
        InvalidRecordException => (ExitCode.Usage, exception.Message),
        RecordRejectedException => (ExitCode.Rejected, exception.Message),
        RejectedException => (ExitCode.Rejected, exception.Message),
        StoreUnavailableException => (ExitCode.Error, exception.Message),
        DllNotFoundException => (ExitCode.Error, "a system library is missing; on Debian and Ubuntu: apt-get install libsodium23 libsqlite3-0."),
        _ => (ExitCode.Error, OneLine(exception.Message)),
    };

    /// <summary>The first line only, whatever a message may hold.</summary>
    internal static string OneLine(string message) => message.Split('\n', '\r')[0];
}
