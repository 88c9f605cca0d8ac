using System.Net;
using Microsoft.Extensions.Logging;

namespace Kadstone.Mainline;

/// <summary>The log events of the Mainline node, 100 to 199.</summary>
internal static partial class MainlineLog
{
    [LoggerMessage(EventId = 100, Level = LogLevel.Information, Message = "listening on {Endpoint}")]
    internal static partial void Listening(ILogger logger, IPEndPoint endpoint);

    [LoggerMessage(EventId = 101, Level = LogLevel.Information, Message = "closed")]
    internal static partial void Closed(ILogger logger);

    [LoggerMessage(EventId = 102, Level = LogLevel.Warning, Message = "bootstrap host {Host} cannot be resolved: {Reason}")]
    internal static partial void CannotResolve(ILogger logger, string host, string reason);

    [LoggerMessage(EventId = 103, Level = LogLevel.Warning, Message = "the store is not available: {Reason}")]
    internal static partial void StoreUnavailable(ILogger logger, string reason);

    [LoggerMessage(EventId = 104, Level = LogLevel.Error, Message = "an event handler failed")]
    internal static partial void HandlerFailed(ILogger logger, Exception exception);

    [LoggerMessage(EventId = 105, Level = LogLevel.Debug, Message = "restored {Peers} peers of {InfoHashes} infohashes from the journal")]
    internal static partial void Restored(ILogger logger, int peers, int infoHashes);
}
