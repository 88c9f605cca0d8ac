using Microsoft.Extensions.Logging;

namespace Kadstone.Interop.Tests.Harness;

/// <summary>Waits for the first line that begins with some words.</summary>
internal sealed class AwaitedLog(string begins) : ILoggerFactory, ILogger
{
    private readonly TaskCompletionSource<string> _said = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public Task<string> Said => _said.Task;

    public ILogger CreateLogger(string categoryName) => this;

    public void AddProvider(ILoggerProvider provider)
    {
    }

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        string line = formatter(state, exception);
        if (line.StartsWith(begins, StringComparison.Ordinal))
        {
            _said.TrySetResult(line);
        }
    }

    public void Dispose()
    {
    }
}
