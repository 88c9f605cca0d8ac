using Kadstone.Hosting.Networks;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Kadstone.Hosting.Health;

/// <summary>Ready: the first join of each network is over. Whether anybody answered is the business of <see cref="ReachableCheck"/>.</summary>
internal sealed class ReadyCheck(KadstoneService service) : IHealthCheck
{
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        if (service.NodeOrNull is not KadstoneNode node)
        {
            return Task.FromResult(HealthCheckResult.Unhealthy("The nodes have not started."));
        }

        string[] joining = [.. node.Networks.Where(network => !network.WaitForNetworkAsync(cancellationToken).IsCompleted).Select(network => network.Network)];
        return Task.FromResult(joining.Length == 0 ? HealthCheckResult.Healthy("All networks are joined.") : HealthCheckResult.Unhealthy($"Still joining: {string.Join(", ", joining)}."));
    }
}
