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

    [LoggerMessage(EventId = 610, Level = LogLevel.Error, Message = "a request to the pkarr relay failed")]
    public static partial void RelayFailed(ILogger logger, Exception exception);

    [LoggerMessage(EventId = 611, Level = LogLevel.Warning, Message = "what the pkarr relay keeps could not be stored or read: {Reason}")]
    public static partial void KeepingFailed(ILogger logger, string reason);

    [LoggerMessage(EventId = 612, Level = LogLevel.Information, Message = "the pkarr relay keeps {Count} packets, {Damaged} more in the store were damaged")]
    public static partial void PacketsLoaded(ILogger logger, int count, int damaged);

    [LoggerMessage(EventId = 613, Level = LogLevel.Debug, Message = "the packet of {Key} is held by {Holders} nodes")]
    public static partial void Republished(ILogger logger, string key, int holders);

    [LoggerMessage(EventId = 614, Level = LogLevel.Debug, Message = "the packet of {Key} could not be republished: {Reason}")]
    public static partial void NotRepublished(ILogger logger, string key, string reason);

    [LoggerMessage(EventId = 615, Level = LogLevel.Error, Message = "republishing the packet of {Key} failed")]
    public static partial void RepublishingFailed(ILogger logger, string key, Exception exception);
}
