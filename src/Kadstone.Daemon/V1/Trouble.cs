using Kadstone.Ipfs;
using Kadstone.Mainline;
using Kadstone.Storage;

namespace Kadstone.Daemon.V1;

/// <summary>Which HTTP status an exception of a network or the store is.</summary>
internal static class Trouble
{
    /// <summary>Whether a network could not do what it was asked, and may be able to later.</summary>
    public static bool IsOfTheNetwork(Exception exception) => exception is TimeoutException or IOException or DhtException;

    /// <summary>The status and the sentence; null: an error of ours.</summary>
    public static (int Status, string Sentence)? Of(Exception exception) => exception switch
    {
        V1Exception refused => (refused.Status, refused.Message),
        StoreUnavailableException => (503, exception.Message),
        Ipfs.DhtTimeoutException or TimeoutException or OperationCanceledException => (504, exception is OperationCanceledException ? "The network did not answer in time." : exception.Message),
        RejectedException or RecordRejectedException => (409, exception.Message),
        InvalidRecordException => (400, exception.Message),
        IOException or DhtException => (503, exception.Message),
        ArgumentException argument => (400, FirstSentence(argument)),
        _ => null,
    };

    // The runtime adds the parameter's name on the same line.
    private static string FirstSentence(ArgumentException exception)
    {
        string message = exception.Message.Split('\n')[0].TrimEnd();
        int parameter = message.IndexOf(" (Parameter '", StringComparison.Ordinal);
        return parameter > 0 ? message[..parameter] : message;
    }
}
