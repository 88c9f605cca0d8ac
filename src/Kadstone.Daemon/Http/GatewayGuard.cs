using System.Net;
using System.Net.Sockets;
using System.Threading.RateLimiting;
using Kadstone.Daemon.Pkarr;
using Microsoft.AspNetCore.Http;

namespace Kadstone.Daemon.Http;

/// <summary>The gateway is everybody's: every origin, every name, no token; but each host has a budget, and all together have one.</summary>
internal sealed class GatewayGuard(int burst) : IDisposable
{
    private const int MaxAtOnce = 256;
    private const int RefillPart = 6;

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

    private readonly ConcurrencyLimiter _all = new(new ConcurrencyLimiterOptions { PermitLimit = MaxAtOnce, QueueLimit = 0 });

    public async Task InvokeAsync(HttpContext context, RequestDelegate next)
    {
        IHeaderDictionary headers = context.Response.Headers;
        headers.AccessControlAllowOrigin = "*";
        headers.AccessControlExposeHeaders = $"{PkarrEndpoints.StoredNodes}, {PkarrEndpoints.InvalidSequence}, Last-Modified, Memento-Datetime, Retry-After";
        headers.XContentTypeOptions = "nosniff";
        if (HttpMethods.IsOptions(context.Request.Method))
        {
            headers.AccessControlAllowMethods = "GET, PUT, OPTIONS";
            headers.AccessControlAllowHeaders = "Content-Type, Accept, Cache-Control, If-Match, If-Modified-Since, If-Unmodified-Since";
            headers.AccessControlMaxAge = "86400";

            // As pkarr's own relays say it.
            context.Response.StatusCode = PkarrEndpoints.IsOurs(context.Request.Path) ? StatusCodes.Status200OK : StatusCodes.Status204NoContent;
            return;
        }

        using RateLimitLease own = _byHost.AttemptAcquire(HostOf(context.Connection.RemoteIpAddress));
        using RateLimitLease shared = _all.AttemptAcquire();
        if (!own.IsAcquired || !shared.IsAcquired)
        {
            headers.RetryAfter = "1";
            await PlainText.AnswerAsync(context, StatusCodes.Status429TooManyRequests, "429 - Too Many Requests").ConfigureAwait(false);
            return;
        }

        await next(context).ConfigureAwait(false);
    }

    public void Dispose()
    {
        _byHost.Dispose();
        _all.Dispose();
    }

    // An IPv6 host has a whole /64.
    internal static IPAddress HostOf(IPAddress? address)
    {
        IPAddress host = address is null ? IPAddress.None : address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
        if (host.AddressFamily != AddressFamily.InterNetworkV6)
        {
            return host;
        }

        byte[] bytes = host.GetAddressBytes();
        bytes.AsSpan(8).Clear();
        return new IPAddress(bytes);
    }
}
