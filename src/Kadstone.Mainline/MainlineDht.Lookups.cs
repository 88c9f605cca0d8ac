using Kadstone.Kademlia;
using Kadstone.Mainline.Core;

namespace Kadstone.Mainline;

/// <summary>How every lookup of the facade runs: join first, start, wait, and stop whatever happens.</summary>
public sealed partial class MainlineDht
{
    internal async Task RunAsync(Query query, CancellationToken cancellationToken)
    {
        await foreach (bool _ in ProgressAsync(query, cancellationToken).ConfigureAwait(false))
        {
            // Only the end matters here.
        }
    }

    /// <summary>Starts the query and yields after each change; ends with it. Leaving stops it.</summary>
    internal async IAsyncEnumerable<bool> ProgressAsync(
        Query query,
        [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
    {
        ObjectDisposedException.ThrowIf(_closing.IsCancellationRequested, this);
        using CancellationTokenSource timeout = new(_options.LookupTimeout, _time);
        using CancellationTokenSource any = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _closing.Token, timeout.Token);
        Signal changed = new();
        query.Changed = changed.Set;
        try
        {
            await OrExplainAsync(WaitForNetworkAsync(any.Token), timeout, cancellationToken).ConfigureAwait(false);
            _driver.Run((protocol, now) => protocol.Start(query, now));
            bool isFinished;
            do
            {
                isFinished = _driver.Run(query, static (_, running, _) => running.IsFinished);
                yield return isFinished;
                if (!isFinished)
                {
                    await OrExplainAsync(changed.WaitAsync(any.Token).AsTask(), timeout, cancellationToken).ConfigureAwait(false);
                }
            }
            while (!isFinished);
        }
        finally
        {
            _driver.Run((_, _) => query.Stop());
        }

        LookupOutcome outcome = _driver.Run(query, static (_, ended, _) => ended.Outcome());
        if (outcome.Answered + outcome.Refused == 0)
        {
            throw new NoNetworkException(outcome.Asked == 0
                ? "No node of the network is known: give a bootstrap host, or a saved state."
                : $"No node of the network answered: {outcome.Asked} were asked.");
        }
    }

    private async Task OrExplainAsync(Task waiting, CancellationTokenSource timeout, CancellationToken cancellationToken)
    {
        try
        {
            await waiting.ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (timeout.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            int contacts = _driver.Run(0, static (protocol, _, _) => protocol.ContactCount);
            throw contacts == 0
                ? new NoNetworkException($"No node of the network answered within {_options.LookupTimeout.TotalSeconds:0.#} s.")
                : new DhtTimeoutException($"The lookup did not end within {_options.LookupTimeout.TotalSeconds:0.#} s.");
        }
    }

    private LookupOutcome OutcomeOf(Query query) => _driver.Run(query, static (_, ended, _) => ended.Outcome());

    private CommitOutcome CommittedOf(Query query) => _driver.Run(query, static (_, ended, _) => ended.Committed());
}
