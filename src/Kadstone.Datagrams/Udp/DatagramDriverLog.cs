using Microsoft.Extensions.Logging;

namespace Kadstone.Datagrams;

/// <summary>The log messages of the datagram driver: event ids 10 to 19.</summary>
internal static partial class DatagramDriverLog
{
    [LoggerMessage(EventId = 10, Level = LogLevel.Error, Message = "protocol code threw; the datagram is dropped, further faults are counted only")]
    public static partial void ProtocolFault(ILogger logger, Exception exception);

    [LoggerMessage(EventId = 11, Level = LogLevel.Error, Message = "the I/O loop cannot use a socket: {Operation} failed with error {ErrorCode}")]
    public static partial void LoopFailed(ILogger logger, string operation, int errorCode);
}
