using System.Collections.Concurrent;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Kadstone.Interop.Tests.Harness;

/// <summary>A peer's script: one JSON command a line, one answer a line, matched by id.</summary>
internal sealed class JsonLinesProcess : IAsyncDisposable
{
    private readonly ConcurrentDictionary<int, TaskCompletionSource<JsonObject>> _open = new();
    private readonly PeerProcess _process;
    private int _lastId;

    private JsonLinesProcess(string name, string program, IEnumerable<string> arguments) =>
        _process = PeerProcess.Start(name, program, arguments, onOutput: TakeAnswer);

    /// <summary>Starts the script and waits for its line {"event": "listening"}.</summary>
    public static async Task<JsonLinesProcess> StartAsync(string name, string program, IEnumerable<string> arguments)
    {
        JsonLinesProcess script = new(name, program, arguments);
        try
        {
            await script._process.WaitForLineAsync("listening", line => line.Contains("\"listening\"", StringComparison.Ordinal));
            return script;
        }
        catch
        {
            await script.DisposeAsync();
            throw;
        }
    }

    /// <param name="allowError">An answer with "error" is returned like any other; else it throws.</param>
    /// <exception cref="PeerException">It ended, did not answer in time, or answered with an error.</exception>
    public async Task<JsonObject> AskAsync(string command, JsonObject? arguments = null, bool allowError = false, TimeSpan? guard = null)
    {
        int id = Interlocked.Increment(ref _lastId);
        JsonObject question = arguments ?? [];
        question["id"] = id;
        question["cmd"] = command;
        TaskCompletionSource<JsonObject> answered = new(TaskCreationOptions.RunContinuationsAsynchronously);
        _open[id] = answered;
        await _process.WriteLineAsync(question.ToJsonString());

        Task first = await Task.WhenAny(answered.Task, _process.Ended, Task.Delay(guard ?? Eventually.Guard, TestContext.Current.CancellationToken));
        _open.TryRemove(id, out _);
        if (!answered.Task.IsCompleted)
        {
            throw _process.Failure(first == _process.Ended ? $"ended instead of answering {question.ToJsonString()}" : $"did not answer {question.ToJsonString()}");
        }

        JsonObject answer = await answered.Task;
        return answer["error"] is { } error && !allowError ? throw _process.Failure($"answered {question.ToJsonString()} with {error}") : answer;
    }

    public ValueTask DisposeAsync() => _process.DisposeAsync();

    private void TakeAnswer(string line)
    {
        try
        {
            if (JsonNode.Parse(line) is JsonObject answer && answer["id"] is { } id && _open.TryGetValue((int)id, out TaskCompletionSource<JsonObject>? answered))
            {
                answered.TrySetResult(answer);
            }
        }
        catch (JsonException)
        {
            // A library that prints: the line is kept for failure messages.
        }
    }
}
