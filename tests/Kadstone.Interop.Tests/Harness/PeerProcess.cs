using System.Diagnostics;

namespace Kadstone.Interop.Tests.Harness;

/// <summary>A real program beside the test. Its lines are kept: what it said is the first thing to know when a test fails.</summary>
internal sealed class PeerProcess : IAsyncDisposable
{
    private const int LinesShown = 40;

    private readonly string _name;
    private readonly Process _process;
    private readonly Action<string>? _onOutput;
    private readonly Lock _lock = new();
    private readonly List<string> _lines = [];
    private readonly List<(Func<string, bool> Matches, TaskCompletionSource<string> Found)> _waiting = [];
    private readonly Task _reading;

    private PeerProcess(string name, Process process, Action<string>? onOutput)
    {
        _name = name;
        _process = process;
        Id = process.Id;
        _onOutput = onOutput;
        _reading = Task.WhenAll(ReadAsync(process.StandardOutput, isOutput: true), ReadAsync(process.StandardError, isOutput: false));
        Ended = EndAsync();
    }

    /// <summary>Completes when the process has ended and its last line is read.</summary>
    public Task Ended { get; }

    public int ExitCode => _process.ExitCode;

    /// <summary>The process id.</summary>
    public int Id { get; }

    /// <summary>What it has said so far, on both streams.</summary>
    public IReadOnlyList<string> Lines
    {
        get
        {
            lock (_lock)
            {
                return [.. _lines];
            }
        }
    }

    /// <param name="name">What failure messages call it.</param>
    /// <param name="onOutput">Gets each line of standard output.</param>
    public static PeerProcess Start(string name, string program, IEnumerable<string> arguments, string? directory = null, Action<string>? onOutput = null)
    {
        ProcessStartInfo start = new(program, arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
            WorkingDirectory = directory ?? Repository.Peers,
        };
        return new PeerProcess(name, Process.Start(start)!, onOutput);
    }

    /// <summary>Waits for a line of either stream; lines of the past count.</summary>
    /// <exception cref="PeerException">It ended first, or the guard time is over.</exception>
    public async Task<string> WaitForLineAsync(string what, Func<string, bool> matches, TimeSpan? guard = null)
    {
        TaskCompletionSource<string> found = new(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_lock)
        {
            if (_lines.Find(line => matches(line)) is { } line)
            {
                return line;
            }

            _waiting.Add((matches, found));
        }

        Task first = await Task.WhenAny(found.Task, Ended, Task.Delay(guard ?? Eventually.Guard, TestContext.Current.CancellationToken));
        if (found.Task.IsCompleted)
        {
            return await found.Task;
        }

        throw Failure(first == Ended ? $"ended before {what}" : $"did not say in time: {what}");
    }

    public async Task WriteLineAsync(string line)
    {
        try
        {
            await _process.StandardInput.WriteLineAsync(line);
            await _process.StandardInput.FlushAsync();
        }
        catch (IOException) when (_process.HasExited)
        {
            throw Failure("has ended");
        }
    }

    public PeerException Failure(string what)
    {
        lock (_lock)
        {
            string ending = _process.HasExited ? $" (exit code {_process.ExitCode})" : "";
            return new PeerException($"{_name}{ending} {what}{Environment.NewLine}{string.Join(Environment.NewLine, _lines.TakeLast(LinesShown))}");
        }
    }

    public async ValueTask DisposeAsync()
    {
        try
        {
            _process.Kill(entireProcessTree: true);
        }
        catch (InvalidOperationException)
        {
            // It has ended by itself.
        }

        await Ended;
        _process.Dispose();
    }

    private async Task EndAsync()
    {
        await _process.WaitForExitAsync();
        await _reading;
    }

    private async Task ReadAsync(StreamReader reader, bool isOutput)
    {
        while (await reader.ReadLineAsync() is { } line)
        {
            lock (_lock)
            {
                _lines.Add(line);
                for (int i = _waiting.Count - 1; i >= 0; i--)
                {
                    if (_waiting[i].Matches(line))
                    {
                        _waiting[i].Found.SetResult(line);
                        _waiting.RemoveAt(i);
                    }
                }
            }

            if (isOutput)
            {
                _onOutput?.Invoke(line);
            }
        }
    }
}
