using Microsoft.Extensions.Logging;

namespace Kadstone.Hosting;

/// <summary>The log events of the host, 500 to 599.</summary>
internal static partial class HostingLog
{
    [LoggerMessage(EventId = 500, Level = LogLevel.Warning, Message = "the state file {Path} is not used and the node starts fresh. {Reason}")]
    internal static partial void StateNotUsed(ILogger logger, string path, string reason);

    [LoggerMessage(EventId = 501, Level = LogLevel.Warning, Message = "the state cannot be saved to {Path}: {Reason}")]
    internal static partial void StateNotSaved(ILogger logger, string path, string reason);

    [LoggerMessage(EventId = 502, Level = LogLevel.Warning, Message = "others can read the key file {Path}; 'chmod 600 {Path}' ends that")]
    internal static partial void KeyIsOpen(ILogger logger, string path);

    [LoggerMessage(EventId = 503, Level = LogLevel.Information, Message = "{Network} is up at {Endpoints}")]
    internal static partial void Up(ILogger logger, string network, string endpoints);

    [LoggerMessage(EventId = 504, Level = LogLevel.Information, Message = "closed")]
    internal static partial void Closed(ILogger logger);
}
