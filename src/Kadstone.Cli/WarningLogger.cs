using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Kadstone.Cli;

/// <summary>What a node warns of goes to standard error, one line each, and the same line once: routers are looked for again and again.</summary>
/// <param name="terminal">Where it goes.</param>
/// <param name="tellsOfRouters">Whether bootstrap hosts that cannot be resolved are worth a line each.</param>
internal sealed class WarningLogger(Terminal terminal, bool tellsOfRouters = true) : ILoggerFactory, ILogger
{
    private static readonly int[] s_cannotResolve = [102, 202];
    private const int MaxTold = 100;

    private readonly HashSet<string> _told = [];

    // That a listener could not be opened is the verb's to say, with the option that helps.
    public ILogger CreateLogger(string categoryName) => categoryName.StartsWith("Microsoft.Extensions.Hosting", StringComparison.Ordinal) ? NullLogger.Instance : this;

    public void AddProvider(ILoggerProvider provider) => throw new NotSupportedException("Warnings go to standard error only.");

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Warning;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        if (!IsEnabled(logLevel) || (s_cannotResolve.Contains(eventId.Id) && !tellsOfRouters))
        {
            return;
        }

        string line = $"dht: {formatter(state, exception)}{(exception is null ? string.Empty : $": {Failure.OneLine(exception.Message)}")}";
        lock (_told)
        {
            if (_told.Count >= MaxTold || !_told.Add(line))
            {
                return;
            }
        }

        terminal.Complain(line);
    }

    public void Dispose()
    {
    }
}
