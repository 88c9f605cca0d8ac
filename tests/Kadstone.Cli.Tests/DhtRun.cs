using System.Text;
using System.Text.Json;

namespace Kadstone.Cli.Tests;

/// <summary>The command in this process, its streams captured.</summary>
internal sealed class DhtRun : IAsyncDisposable
{
    private readonly CancellationTokenSource _interrupt = new();

    private DhtRun(string[] arguments, string input) => Exit = Task.Run(
        () => CommandLine.RunAsync(arguments, new Terminal(new MemoryStream(Encoding.UTF8.GetBytes(input)), Output, Error), _interrupt.Token));

    internal Captured Output { get; } = new();

    internal Captured Error { get; } = new();

    internal Task<int> Exit { get; }

    internal static DhtRun Start(params string[] arguments) => new(arguments, string.Empty);

    internal static Task<DhtResult> RunAsync(params string[] arguments) => RunAsync(string.Empty, arguments);

    internal static async Task<DhtResult> RunAsync(string input, string[] arguments)
    {
        await using DhtRun run = new(arguments, input);
        int exit = await run.Exit.WaitAsync(TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken);
        return new DhtResult(exit, run.Output.Text, run.Error.Text);
    }

    internal async Task<int> InterruptAsync()
    {
        await _interrupt.CancelAsync();
        return await Exit.WaitAsync(TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        await _interrupt.CancelAsync();
        await ((Task)Exit).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _interrupt.Dispose();
    }
}

internal sealed record DhtResult(int Exit, string Output, string Error)
{
    internal string[] Lines => Output.Split('\n', StringSplitOptions.RemoveEmptyEntries);

    internal JsonElement[] Json => [.. Lines.Select(line => JsonDocument.Parse(line).RootElement)];

    internal DhtResult ShouldEndWith(int exit)
    {
        Exit.ShouldBe(exit, $"{Output}\n{Error}");
        return this;
    }
}
