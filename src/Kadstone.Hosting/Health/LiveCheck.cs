using Kadstone.Hosting.Networks;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Kadstone.Hosting.Health;

/// <summary>Live: each node tells how it stands, so none is stuck. A process that fails this is to be started anew.</summary>
internal sealed class LiveCheck(KadstoneService service) : IHealthCheck
{
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) =>
        Task.FromResult(service.NodeOrNull is not KadstoneNode node
            ? HealthCheckResult.Unhealthy("The nodes have not started.")
            : HealthCheckResult.Healthy("The nodes run.", node.Networks.ToDictionary(network => network.Network, object (network) => network.Status.Contacts)));
}
