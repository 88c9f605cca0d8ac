using Kadstone.Mainline;

namespace Kadstone.Cli;

/// <summary>A node that serves until it is told to stop, and saves its state now and again.</summary>
internal static class RunningNode
{
    private static readonly TimeSpan s_savePause = TimeSpan.FromMinutes(5);

    /// <summary>Serves, then closes the node and saves what it knew.</summary>
    internal static async Task ServeAsync(MainlineDht dht, StateFile? state, CancellationToken cancellationToken, Task? beforeClosing = null)
    {
        using PeriodicTimer timer = new(s_savePause);
        try
        {
            while (await timer.WaitForNextTickAsync(cancellationToken))
            {
                state?.TrySave(dht.Save());
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

        await CloseAsync(dht, state);
    }

    private static async Task CloseAsync(MainlineDht dht, StateFile? state)
    {
        MainlineState last = dht.Save();
        bool isSaved = state?.TrySave(last) ?? true;
        await dht.DisposeAsync();
        if (!isSaved)
        {
            throw new CommandFailedException(ExitCode.Error, "the node ended without its state saved.");
        }
    }
}
