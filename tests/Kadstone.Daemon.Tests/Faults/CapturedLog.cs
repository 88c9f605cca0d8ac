using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace Kadstone.Daemon.Tests.Faults;

/// <summary>Everything that is logged, down to traces, as a line of a plain log would have it.</summary>
internal sealed class CapturedLog : ILoggerFactory
{
    private readonly ConcurrentQueue<LogLine> _lines = new();

    public IReadOnlyList<LogLine> Lines => [.. _lines];

    public ILogger CreateLogger(string categoryName) => new Category(categoryName, _lines);

    public void AddProvider(ILoggerProvider provider) => throw new NotSupportedException("What is captured goes nowhere else.");

    public void Dispose()
    {
    }

    private sealed class Category(string name, ConcurrentQueue<LogLine> lines) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            lines.Enqueue(new LogLine(name, logLevel, formatter(state, exception), exception));
    }
}

/// <param name="Category">Who logged.</param>
/// <param name="Level">How grave it is.</param>
/// <param name="Message">The message with its values.</param>
/// <param name="Exception">What came with it.</param>
internal sealed record LogLine(string Category, LogLevel Level, string Message, Exception? Exception)
{
    public override string ToString() => $"{Category} {Level}: {Message} {Exception}";
}
