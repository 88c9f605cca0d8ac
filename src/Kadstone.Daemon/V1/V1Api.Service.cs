using Kadstone.Daemon.V1.Answers;
using Kadstone.Hosting;
using Microsoft.AspNetCore.Http;

namespace Kadstone.Daemon.V1;

/// <summary>What programs that watch over the daemon ask: health, metrics, the API's own description.</summary>
internal sealed partial class V1Api
{
    private V1Route[] ServiceRoutes() =>
    [
        new("GET", "/health/live", "200 while the process answers.", () => V1Json.Default.HealthAnswer, (context, _) => AnswerHealthAsync(context, null)),
        new("GET", "/health/ready", "200 when every network has joined, well or badly, and the store serves; else 503.", () => V1Json.Default.HealthAnswer, async (context, cancellationToken) =>
            await AnswerHealthAsync(context, await _health.WhyNotReadyAsync(cancellationToken).ConfigureAwait(false)).ConfigureAwait(false)),
        new("GET", "/health/reachable", "200 when every network answers a lookup; else 503. Asked at most every ten seconds.", () => V1Json.Default.HealthAnswer, async (context, cancellationToken) =>
            await AnswerHealthAsync(context, await _health.WhyUnreachableAsync(cancellationToken).ConfigureAwait(false)).ConfigureAwait(false)),
        new("GET", "/metrics", "All instruments in Prometheus' text format.", null, (context, _) =>
        {
            context.Response.ContentType = PrometheusText.ContentType;
            return context.Response.WriteAsync(_metrics.Write(), context.RequestAborted);
        })
        {
            ContentType = "text/plain",
        },
        new("GET", "/openapi/v1.json", "This description.", null, (context, _) =>
        {
            context.Response.ContentType = "application/json; charset=utf-8";
            context.Response.ContentLength = _openApi.Value.Length;
            return context.Response.Body.WriteAsync(_openApi.Value, context.RequestAborted).AsTask();
        })
        {
            ContentType = "application/json",
        },
    ];

    private static Task AnswerHealthAsync(HttpContext context, string? whyNot) =>
        AnswerAsync(context, new HealthAnswer(whyNot ?? "ok"), V1Json.Default.HealthAnswer, whyNot is null ? StatusCodes.Status200OK : StatusCodes.Status503ServiceUnavailable);
}
