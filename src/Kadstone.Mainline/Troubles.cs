using Microsoft.Extensions.Logging;

namespace Kadstone.Mainline;

/// <summary>Logs what fails in the background, and tells those who listen for errors.</summary>
/// <remarks>Listeners are called on a thread of the pool that nobody waits for: one may close the node.</remarks>
internal sealed class Troubles(object sender, ILogger logger)
{
    internal event EventHandler<MainlineError>? Happened;

    internal void StoreUnavailable(string reason, Exception? exception = null)
    {
        MainlineLog.StoreUnavailable(logger, reason);
        Tell(new MainlineError($"The store is not available: {reason}", exception));
    }

    internal void CannotResolve(string host, string reason)
    {
        MainlineLog.CannotResolve(logger, host, reason);
        Tell(new MainlineError($"Bootstrap host {host} cannot be resolved: {reason}", null));
    }

    private void Tell(MainlineError error)
    {
        if (Happened is null)
        {
            return;
        }

        ThreadPool.QueueUserWorkItem(
            state =>
            {
                foreach (EventHandler<MainlineError> handler in Delegate.EnumerateInvocationList(Happened))
                {
                    try
                    {
                        handler(sender, state);
                    }
#pragma warning disable CA1031 // A listener's fault is the listener's: it is reported, and the others are told.
                    catch (Exception exception)
#pragma warning restore CA1031
                    {
                        MainlineLog.HandlerFailed(logger, exception);
                    }
                }
            },
            error,
            preferLocal: false);
    }
}
