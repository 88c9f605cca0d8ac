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
    internal static partial void HandlerFailed(ILogger logger, string command, Exception exception);

    [LoggerMessage(EventId = 204, Level = LogLevel.Warning, Message = "the node starts afresh: {Error}")]
    internal static partial void BadState(ILogger logger, string error);

    [LoggerMessage(EventId = 205, Level = LogLevel.Information, Message = "others now keep this node, listening on {Endpoint}, in their tables as {Id}")]
    internal static partial void BecamePersistent(ILogger logger, string id, IPEndPoint endpoint);

    [LoggerMessage(EventId = 206, Level = LogLevel.Information, Message = "this node is ephemeral again: its address may have changed")]
    internal static partial void BecameEphemeral(ILogger logger);

    [LoggerMessage(EventId = 210, Level = LogLevel.Warning, Message = "the store is unavailable: {Reason}")]
    internal static partial void StoreUnavailable(ILogger logger, string reason);

    [LoggerMessage(EventId = 231, Level = LogLevel.Information, Message = "announcing {Topic} did not succeed and is tried again: {Reason}")]
    internal static partial void NotAnnounced(ILogger logger, Kadstone.Kademlia.Key256 topic, string reason);

    [LoggerMessage(EventId = 232, Level = LogLevel.Debug, Message = "the announce of {Topic} could not be taken back, and will be forgotten: {Reason}")]
    internal static partial void NotUnannounced(ILogger logger, Kadstone.Kademlia.Key256 topic, string reason);
}
