using System.Net;
using Microsoft.Extensions.Logging;

namespace Kadstone.Hyperswarm;

/// <summary>The log events of the Hyperswarm node, 200 to 299.</summary>
internal static partial class RpcLog
{
    [LoggerMessage(EventId = 200, Level = LogLevel.Information, Message = "listening on {Endpoint}")]
    internal static partial void Listening(ILogger logger, IPEndPoint endpoint);

    [LoggerMessage(EventId = 201, Level = LogLevel.Information, Message = "closed")]
    internal static partial void Closed(ILogger logger);

    [LoggerMessage(EventId = 202, Level = LogLevel.Warning, Message = "bootstrap host {Host} cannot be resolved: {Reason}")]
    internal static partial void CannotResolve(ILogger logger, string host, string reason);

    [LoggerMessage(EventId = 203, Level = LogLevel.Error, Message = "the handler of command {Command} failed")]
    internal static partial void HandlerFailed(ILogger logger, uint command, Exception exception);

    [LoggerMessage(EventId = 210, Level = LogLevel.Warning, Message = "the store is unavailable: {Reason}")]
    internal static partial void StoreUnavailable(ILogger logger, string reason);

    [LoggerMessage(EventId = 211, Level = LogLevel.Information, Message = "an announce was stored nowhere: {Reason}")]
    internal static partial void NotAnnounced(ILogger logger, string reason);
}
