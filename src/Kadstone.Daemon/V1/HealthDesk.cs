using Kadstone.Daemon.V1.Answers;
using Kadstone.Daemon.V1.Networks;

namespace Kadstone.Daemon.V1;

/// <summary>Whether the nodes are ready, and whether the networks answer. The networks are asked at most every ten seconds, however many ask us.</summary>
internal sealed class HealthDesk(IReadOnlyList<DaemonNetwork> networks, StatusDesk status, TimeProvider time) : IDisposable
{
    private static readonly TimeSpan s_freshness = TimeSpan.FromSeconds(10);

    private readonly SemaphoreSlim _probing = new(1, 1);
    private string? _unreachable;
    private long? _probedAt;

    public void Dispose() => _probing.Dispose();

    /// <summary>Null when all have joined and the store serves; else why not.</summary>
    public async Task<string?> WhyNotReadyAsync(CancellationToken cancellationToken)
    {
        StatusAnswer answer = await status.GetAsync(cancellationToken).ConfigureAwait(false);
        return answer.Store.Error is string error ? Verdicts.OfStore(error)
            : answer.Networks.FirstOrDefault(network => !network.IsReady) is NetworkAnswer joining ? $"{joining.Name} is still joining."
            : null;
    }

    /// <summary>Null when each network answered a lookup of a random key; else which did not.</summary>
    public async Task<string?> WhyUnreachableAsync(CancellationToken cancellationToken)
    {
        await _probing.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            if (_probedAt is not long at || time.GetElapsedTime(at) > s_freshness)
            {
                int[] answers = await Task.WhenAll(networks.Select(network => network.ProbeAsync(cancellationToken))).ConfigureAwait(false);
                int silent = Array.IndexOf(answers, 0);
                _unreachable = silent < 0 ? null : $"Nobody on {networks[silent].Title} answered a lookup.";
                _probedAt = time.GetTimestamp();
            }

            return _unreachable;
        }
        finally
        {
            _probing.Release();
        }
    }
}
