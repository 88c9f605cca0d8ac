using Microsoft.Extensions.Logging;

namespace Kadstone.Daemon;

/// <summary>The daemon's messages; event ids 600 to 619.</summary>
internal static partial class DaemonLog
{
    [LoggerMessage(EventId = 600, Level = LogLevel.Information, Message = "{Surface} listens on {Endpoint}")]
    public static partial void Listening(ILogger logger, string surface, System.Net.IPEndPoint endpoint);

    [LoggerMessage(EventId = 601, Level = LogLevel.Error, Message = "a command of the API failed")]
    public static partial void CommandFailed(ILogger logger, Exception exception);

    [LoggerMessage(EventId = 602, Level = LogLevel.Error, Message = "a request for routing failed")]
    public static partial void RoutingFailed(ILogger logger, Exception exception);

    [LoggerMessage(EventId = 603, Level = LogLevel.Error, Message = "a request of the API failed")]
    public static partial void RequestFailed(ILogger logger, Exception exception);

    [LoggerMessage(EventId = 604, Level = LogLevel.Information, Message = "a publication was not told to {Network}, and is tried again: {Reason}")]
    public static partial void NotTold(ILogger logger, string network, string reason);

    [LoggerMessage(EventId = 605, Level = LogLevel.Information, Message = "an announcement was not taken back from {Network}, where it expires: {Reason}")]
    public static partial void NotWithdrawn(ILogger logger, string network, string reason);

    [LoggerMessage(EventId = 606, Level = LogLevel.Warning, Message = "the publications could not be read, and are tried again: {Reason}")]
    public static partial void PublicationsNotRead(ILogger logger, string reason);
}
