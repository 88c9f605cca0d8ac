using System.Net;
using System.Threading.RateLimiting;
using Kadstone.Daemon.Http;

namespace Kadstone.Daemon.Pkarr;

/// <summary>How many requests of one host may ask the DHT: what a lookup costs others, the cheap requests for a cached packet must not pay.</summary>
internal sealed class HostQuota(int burst) : IDisposable
{
    private const int RefillPart = 5;

    private readonly PartitionedRateLimiter<IPAddress> _byHost = PartitionedRateLimiter.Create<IPAddress, IPAddress>(host => RateLimitPartition.GetTokenBucketLimiter(
        host,
        _ => new TokenBucketRateLimiterOptions
        {
            TokenLimit = burst,
            TokensPerPeriod = Math.Max(1, burst / RefillPart),
            ReplenishmentPeriod = TimeSpan.FromSeconds(1),
            QueueLimit = 0,
            AutoReplenishment = true,
        }));

    public bool TryTake(IPAddress? address)
    {
        using RateLimitLease lease = _byHost.AttemptAcquire(GatewayGuard.HostOf(address));
        return lease.IsAcquired;
    }

    public void Dispose() => _byHost.Dispose();
}
