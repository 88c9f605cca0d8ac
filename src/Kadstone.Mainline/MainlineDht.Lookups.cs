using Kadstone.Kademlia;
using Kadstone.Mainline.Core;

namespace Kadstone.Mainline;

/// <summary>How every lookup of the facade runs: join first, start, wait, and stop whatever happens.</summary>
public sealed partial class MainlineDht
{
    /// <summary>Who hears of every lookup of this node, its own upkeep included. Null, the default: nobody, at no cost.</summary>
    public ILookupObserver<NodeContact>? LookupObserver
    {
        get => _driver.Run(0, static (protocol, _, _) => protocol.LookupObserver);
        set => _driver.Run((protocol, _) => protocol.LookupObserver = value);
    }

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
        using CancellationTokenSource timeout = new(Timeout.InfiniteTimeSpan, _time);
        TimeSpan left = _options.LookupTimeout;
        using CancellationTokenSource any = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _closing.Token, timeout.Token);
        Signal changed = new();
        query.Changed = changed.Set;
        try
        {
            left = await WaitAsync(WaitForNetworkAsync(any.Token), left, timeout, cancellationToken).ConfigureAwait(false);
            _driver.Run((protocol, now) => protocol.Start(query, now));
            bool isFinished;
            do
            {
                isFinished = _driver.Run(query, static (_, running, _) => running.IsFinished);
                yield return isFinished;
                if (!isFinished)
                {
                    left = await WaitAsync(changed.WaitAsync(any.Token).AsTask(), left, timeout, cancellationToken).ConfigureAwait(false);
                }
            }
            while (!isFinished);
        }
        finally
        {
            _driver.Run((protocol, _) =>
            {
                query.Stop();
                protocol.Resume();
            });
        }

        LookupOutcome outcome = _driver.Run(query, static (_, ended, _) => ended.Outcome());
        if (outcome.Answered + outcome.Refused == 0)
        {
            throw new NoNetworkException(outcome.Asked > 0 ? $"No node of the network answered: {outcome.Asked} were asked."
                : _hosts > 0 ? $"No node of the network answered: none of {_hosts} that were given to join through."
                : "No node of the network is known: give a bootstrap host, or a saved state.");
        }
    }

    /// <summary>Waits for a part of a lookup. Only waiting counts: a consumer who takes her time between two results uses up none of the lookup's.</summary>
    /// <returns>What is left of the time.</returns>
    private async Task<TimeSpan> WaitAsync(Task waiting, TimeSpan left, CancellationTokenSource timeout, CancellationToken cancellationToken)
    {
        long began = _time.GetTimestamp();
        timeout.CancelAfter(left);
        try
        {
            await waiting.ConfigureAwait(false);
            timeout.CancelAfter(Timeout.InfiniteTimeSpan);
            TimeSpan rest = left - _time.GetElapsedTime(began);
            return rest > TimeSpan.FromMilliseconds(1) ? rest : TimeSpan.FromMilliseconds(1);
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
