using Kadstone.Hosting.Networks;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Kadstone.Hosting.Health;

/// <summary>Reachable: the networks answer a lookup. HTTP has nothing to do with it.</summary>
internal sealed class ReachableCheck(KadstoneService service, TimeProvider? time = null) : IHealthCheck, IDisposable
{
    // A lookup a minute at most, however often is asked.
    private static readonly TimeSpan s_validity = TimeSpan.FromMinutes(1);

    private readonly TimeProvider _time = time ?? TimeProvider.System;
    private readonly SemaphoreSlim _gate = new(1);
    private HealthCheckResult _last;
    private long? _lastAt;

    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        if (service.NodeOrNull is not KadstoneNode node)
        {
            return HealthCheckResult.Unhealthy("The nodes have not started.");
        }

        await _gate.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            if (_lastAt is not long at || _time.GetElapsedTime(at) >= s_validity)
            {
                _last = Judge(await node.ProbeAsync(cancellationToken).ConfigureAwait(false));
                _lastAt = _time.GetTimestamp();
            }

            return _last;
        }
        finally
        {
            _gate.Release();
        }
    }

    public void Dispose() => _gate.Dispose();

    private static HealthCheckResult Judge(IReadOnlyDictionary<string, int> answers)
    {
        Dictionary<string, object> data = answers.ToDictionary(pair => pair.Key, object (pair) => pair.Value);
        string[] silent = [.. answers.Where(pair => pair.Value == 0).Select(pair => pair.Key)];
        return silent.Length == 0 ? HealthCheckResult.Healthy("All networks answer.", data)
            : silent.Length < answers.Count ? HealthCheckResult.Degraded($"Nobody answers in {string.Join(", ", silent)}.", data: data)
            : HealthCheckResult.Unhealthy("Nobody answers in any network.", data: data);
    }
}
