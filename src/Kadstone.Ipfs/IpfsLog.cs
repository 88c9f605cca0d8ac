using Microsoft.Extensions.Logging;

namespace Kadstone.Ipfs;

internal static partial class IpfsLog
{
    [LoggerMessage(EventId = 400, Level = LogLevel.Information, Message = "{Protocol} is served now: {IsServed}")]
    internal static partial void Serving(ILogger logger, string protocol, bool isServed);

    [LoggerMessage(EventId = 401, Level = LogLevel.Debug, Message = "request {Type} to {Peer} failed: {Reason}")]
    internal static partial void RequestFailed(ILogger logger, string type, PeerId peer, string reason);

    [LoggerMessage(EventId = 402, Level = LogLevel.Debug, Message = "refused a request {Type} of {Peer}")]
    internal static partial void Refused(ILogger logger, string type, PeerId peer);

    [LoggerMessage(EventId = 403, Level = LogLevel.Warning, Message = "the store cannot serve: {Reason}")]
    internal static partial void StoreFailed(ILogger logger, string reason);

    [LoggerMessage(EventId = 404, Level = LogLevel.Information, Message = "{Peer} could not be met: {Reason}")]
    internal static partial void CannotMeet(ILogger logger, string peer, string reason);

    [LoggerMessage(EventId = 405, Level = LogLevel.Information, Message = "told again of {Count} contents")]
    internal static partial void Retold(ILogger logger, int count);

    [LoggerMessage(EventId = 406, Level = LogLevel.Error, Message = "a request could not be handled")]
    internal static partial void Broken(ILogger logger, Exception exception);

    [LoggerMessage(EventId = 407, Level = LogLevel.Debug, Message = "asked {Peer} to dial us: {Status}")]
    internal static partial void DialedBack(ILogger logger, PeerId peer, Wire.DialBackStatus status);

    [LoggerMessage(EventId = 408, Level = LogLevel.Warning, Message = "the key of {Name} cannot be had: {Reason}")]
    internal static partial void NoKey(ILogger logger, PeerId name, string reason);

    [LoggerMessage(EventId = 409, Level = LogLevel.Information, Message = "{Key} is told no more: it has ended, or a better one stands there")]
    internal static partial void ToldNoMore(ILogger logger, string key);
}
