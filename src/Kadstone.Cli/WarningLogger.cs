using Microsoft.Extensions.Logging;

namespace Kadstone.Cli;

/// <summary>What a node warns of goes to standard error, one line each.</summary>
internal sealed class WarningLogger(Terminal terminal) : ILoggerFactory, ILogger
{
    public ILogger CreateLogger(string categoryName) => this;

    public void AddProvider(ILoggerProvider provider) => throw new NotSupportedException("Warnings go to standard error only.");

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Warning;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        if (IsEnabled(logLevel))
        {
            terminal.Complain($"dht: {formatter(state, exception)}{(exception is null ? string.Empty : $": {exception.Message}")}");
        }
    }

    public void Dispose()
    {
    }
}
