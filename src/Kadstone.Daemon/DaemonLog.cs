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
}
