namespace Kadstone.Cli;

/// <summary>Nodes that serve until they are told to stop, and save their state now and again.</summary>
internal static class RunningNode
{
    private static readonly TimeSpan s_savePause = TimeSpan.FromMinutes(5);

    /// <summary>Serves until cancelled, then saves what the node knew and closes it.</summary>
    /// <param name="node">The node.</param>
    /// <param name="trySave">Saves, and says whether that worked; null: nothing is saved.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <param name="beforeClosing">What else runs until then, and is to be over before the node is closed.</param>
    internal static async Task ServeAsync(IAsyncDisposable node, Func<bool>? trySave, CancellationToken cancellationToken, Task? beforeClosing = null)
    {
        using PeriodicTimer timer = new(s_savePause);
        try
        {
            while (await timer.WaitForNextTickAsync(cancellationToken))
            {
                trySave?.Invoke();
            }
        }
        catch (OperationCanceledException)
        {
            // The regular end.
        }

        if (beforeClosing is not null)
        {
            await beforeClosing;
        }

        bool isSaved = trySave?.Invoke() ?? true;
        await node.DisposeAsync();
        if (!isSaved)
        {
            throw new CommandFailedException(ExitCode.Error, "the node ended without its state saved.");
        }
    }
}
