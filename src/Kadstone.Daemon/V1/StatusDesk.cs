using System.Reflection;
using Kadstone.Daemon.V1.Answers;
using Kadstone.Daemon.V1.Lookups;
using Kadstone.Daemon.V1.Networks;
using Kadstone.Storage;

namespace Kadstone.Daemon.V1;

/// <summary>How all stands at this moment: made at most four times a second, however many ask.</summary>
internal sealed class StatusDesk(NodeParts parts, IReadOnlyList<DaemonNetwork> networks, LookupLog lookups, RecordDesk records, Func<IDevnet?> devnet, SilenceWatch silence, TimeProvider time) : IDisposable
{
    private static readonly TimeSpan s_freshness = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan s_storePatience = TimeSpan.FromSeconds(2);

    private readonly SemaphoreSlim _making = new(1, 1);
    private readonly Dictionary<string, (long At, TrafficCounts Traffic, TrafficRates Rates)> _traffic = [];
    private StatusAnswer? _status;
    private long _statusAt;

    public static string Version { get; } =
        typeof(StatusDesk).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0] ?? "unknown";

    public void Dispose() => _making.Dispose();

    public async Task<StatusAnswer> GetAsync(CancellationToken cancellationToken)
    {
        await _making.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            if (_status is null || time.GetElapsedTime(_statusAt) > s_freshness)
            {
                _status = await MakeAsync(cancellationToken).ConfigureAwait(false);
                _statusAt = time.GetTimestamp();
            }

            return _status;
        }
        finally
        {
            _making.Release();
        }
    }

    private async Task<StatusAnswer> MakeAsync(CancellationToken cancellationToken)
    {
        (StoreAnswer store, IReadOnlyDictionary<string, long> counts) = await StoreAsync(cancellationToken).ConfigureAwait(false);
        TimeSpan uptime = time.GetUtcNow() - parts.StartedAt;
        NetworkAnswer[] answers = [.. networks.Select(network => AnswerOf(network, counts, uptime))];
        return new StatusAnswer(
            Version,
            parts.StartedAt,
            Math.Max(0, uptime.TotalSeconds),
            parts.Profile,
            Verdicts.Of(answers, store),
            answers,
            store,
            devnet() is { } testing ? new DevnetCounts(testing.Nodes.Where(node => node.IsRunning).GroupBy(node => node.Network).ToDictionary(group => group.Key, group => group.Count())) : null);
    }

    private NetworkAnswer AnswerOf(DaemonNetwork network, IReadOnlyDictionary<string, long> counts, TimeSpan uptime)
    {
        NetworkFacts facts = network.Facts();
        VerdictAnswer verdict = Verdicts.Of(network, facts, uptime, silence.SilentFor(network, facts));
        return new NetworkAnswer(
            network.Name,
            verdict.Level,
            verdict.Text,
            verdict.Next,
            facts.Id,
            facts.Keyspace,
            facts.Addresses,
            facts.Contacts,
            facts.EstimatedNodes,
            facts.EstimatedDeviation,
            facts.Mode,
            facts.Reachable,
            facts.IsReady,
            new StoredCounts(network.ValueShelves.Sum(shelf => counts.GetValueOrDefault(ShelfNames.Of(shelf))), facts.StoredPeers),
            facts.Traffic,
            RatesOf(network.Name, facts.Traffic),
            new BudgetCounts(parts.PacketBudget, parts.PacketsLastSecond?.Invoke() ?? 0, parts.BudgetPauses?.Invoke() ?? 0),
            lookups.CountsOf(network.Name));
    }

    /// <summary>Packets and bytes a second, over the last second or the time since it was asked.</summary>
    private TrafficRates RatesOf(string network, TrafficCounts traffic)
    {
        long now = time.GetTimestamp();
        if (!_traffic.TryGetValue(network, out (long At, TrafficCounts Traffic, TrafficRates Rates) last))
        {
            _traffic[network] = (now, traffic, TrafficRates.None);
            return TrafficRates.None;
        }

        TimeSpan elapsed = time.GetElapsedTime(last.At, now);
        if (elapsed < TimeSpan.FromSeconds(1))
        {
            return last.Rates;
        }

        double Rate(Func<TrafficCounts, long> count) => Math.Round(Math.Max(0, count(traffic) - count(last.Traffic)) / elapsed.TotalSeconds, 1);
        TrafficRates rates = new(Rate(one => one.Received), Rate(one => one.Sent), Rate(one => one.ReceivedBytes), Rate(one => one.SentBytes));
        _traffic[network] = (now, traffic, rates);
        return rates;
    }

    private async Task<(StoreAnswer Store, IReadOnlyDictionary<string, long> Counts)> StoreAsync(CancellationToken cancellationToken)
    {
        using CancellationTokenSource patience = new(s_storePatience, time);
        using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, cancellationToken);
        Dictionary<string, long> counts = [];
        string? error = null;
        try
        {
            // Counts may come from memory: a read says whether the store serves.
            await parts.Store.GetAsync(Shelf.DaemonPublications, "status"u8.ToArray(), either.Token).ConfigureAwait(false);
            foreach (ShelfCount count in await records.CountsAsync(either.Token).ConfigureAwait(false))
            {
                counts[count.Shelf] = count.Count;
            }
        }
        catch (StoreUnavailableException exception)
        {
            error = exception.Message;
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            error = "It did not answer within 2 seconds.";
        }

        return (new StoreAnswer(parts.StoreKind, parts.StoreKind, error is null ? "ok" : "unavailable", error, counts.Values.Sum()), counts);
    }
}
