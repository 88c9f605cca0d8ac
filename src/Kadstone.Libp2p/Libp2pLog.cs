using Microsoft.Extensions.Logging;

namespace Kadstone.Libp2p;

/// <summary>The log events of the libp2p host, 300 to 399.</summary>
internal static partial class Libp2pLog
{
    [LoggerMessage(EventId = 300, Level = LogLevel.Information, Message = "listening on {Address}")]
    internal static partial void Listening(ILogger logger, Multiaddr address);

    [LoggerMessage(EventId = 301, Level = LogLevel.Information, Message = "closed")]
    internal static partial void Closed(ILogger logger);

    [LoggerMessage(EventId = 302, Level = LogLevel.Debug, Message = "connection with {Peer} at {Address} is open, inbound {IsInbound}")]
    internal static partial void Opened(ILogger logger, PeerId peer, Multiaddr address, bool isInbound);

    [LoggerMessage(EventId = 303, Level = LogLevel.Debug, Message = "connection with {Address} ended: {Reason}")]
    internal static partial void Ended(ILogger logger, Multiaddr address, string reason);

    [LoggerMessage(EventId = 304, Level = LogLevel.Debug, Message = "connection from {Address} refused: too many")]
    internal static partial void Refused(ILogger logger, Multiaddr address);

    [LoggerMessage(EventId = 305, Level = LogLevel.Error, Message = "the handler of {Protocol} failed")]
    internal static partial void HandlerFailed(ILogger logger, string protocol, Exception exception);

    [LoggerMessage(EventId = 306, Level = LogLevel.Debug, Message = "identify with {Peer} failed: {Reason}")]
    internal static partial void IdentifyFailed(ILogger logger, PeerId peer, string reason);

    [LoggerMessage(EventId = 307, Level = LogLevel.Warning, Message = "cannot accept connections: {Reason}")]
    internal static partial void CannotAccept(ILogger logger, string reason);

    [LoggerMessage(EventId = 308, Level = LogLevel.Error, Message = "a listener of the identified event failed")]
    internal static partial void ListenerFailed(ILogger logger, Exception exception);
}
