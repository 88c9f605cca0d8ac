using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Kadstone.Daemon.Http;
using Kadstone.Daemon.V1.Answers;
using Kadstone.Daemon.V1.Lookups;
using Kadstone.Daemon.V1.Networks;
using Kadstone.Daemon.V1.Publishing;
using Kadstone.Hosting;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Logging;

namespace Kadstone.Daemon.V1;

/// <summary><c>/v1</c>: what the nodes of a process do, and what they are to do.</summary>
internal sealed partial class V1Api
{
    private readonly IReadOnlyDictionary<string, DaemonNetwork> _networks;
    private readonly StatusDesk _status;
    private readonly RecordDesk _records;
    private readonly LookupLog _lookups;
    private readonly EventHub _events;
    private readonly PublicationDesk _publications;
    private readonly HealthDesk _health;
    private readonly PrometheusText _metrics;
    private readonly KadstoneDaemonOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly CancellationToken _closing;
    // A schema of every type costs a tenth of the start, and few ask for it.
    private readonly Lazy<byte[]> _openApi;

    public V1Api(
        IReadOnlyDictionary<string, DaemonNetwork> networks,
        StatusDesk status,
        RecordDesk records,
        LookupLog lookups,
        EventHub events,
        PublicationDesk publications,
        HealthDesk health,
        PrometheusText metrics,
        KadstoneDaemonOptions options,
        TimeProvider time,
        ILogger logger,
        CancellationToken closing)
    {
        _networks = networks;
        _status = status;
        _records = records;
        _lookups = lookups;
        _events = events;
        _publications = publications;
        _health = health;
        _metrics = metrics;
        _options = options;
        _time = time;
        _logger = logger;
        _closing = closing;
        Routes = [.. ReadingRoutes(), .. PeerRoutes(), .. ValueRoutes(), .. DevnetRoutes(), .. ServiceRoutes()];
        _openApi = new Lazy<byte[]>(() => OpenApi.Describe(Routes));
    }

    /// <summary>All of it.</summary>
    public IReadOnlyList<V1Route> Routes { get; }

    public void Map(IEndpointRouteBuilder application)
    {
        foreach (V1Route route in Routes)
        {
            application.MapMethods(route.Path, [route.Method], context => RunAsync(context, route));
        }
    }

    /// <summary>Answers what no route takes.</summary>
    public Task RefuseUnknownAsync(HttpContext context)
    {
        string path = context.Request.Path.Value ?? "/";
        string[] methods = [.. Routes.Where(route => route.Matches(path)).Select(route => route.Method).Distinct()];
        if (methods.Length > 0)
        {
            context.Response.Headers.Allow = string.Join(", ", methods);
            return JsonError.AnswerAsync(context, StatusCodes.Status405MethodNotAllowed, $"{Shown.Of(context.Request.Method)} is not allowed on {Shown.Of(path)}; {string.Join(", ", methods)} is.");
        }

        return path.StartsWith("/v1", StringComparison.Ordinal)
            ? JsonError.AnswerAsync(context, StatusCodes.Status404NotFound, $"There is nothing at {Shown.Of(path)}; /openapi/v1.json lists what there is.")
            : PlainText.AnswerAsync(context, StatusCodes.Status404NotFound, "404 page not found");
    }

    private async Task RunAsync(HttpContext context, V1Route route)
    {
        using CancellationTokenSource timeout = new(route.IsEndless ? Timeout.InfiniteTimeSpan : _options.RequestTimeout, _time);
        using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, context.RequestAborted, _closing);
        (int Status, string Sentence) failure;
        try
        {
            V1Request.OnlyKnown(context, route);
            await route.Handler(context, either.Token).ConfigureAwait(false);
            return;
        }
        catch (Exception) when (context.RequestAborted.IsCancellationRequested || context.Response.HasStarted)
        {
            // Nobody waits for an answer any more, or a part of it is on its way.
            context.Abort();
            return;
        }
        catch (OperationCanceledException) when (_closing.IsCancellationRequested)
        {
            failure = (503, "The daemon is closing.");
        }
        catch (BadHttpRequestException exception)
        {
            failure = (exception.StatusCode, "The request cannot be read.");
        }
        catch (Exception exception) when (Trouble.Of(exception) is not null)
        {
            failure = Trouble.Of(exception).GetValueOrDefault();
        }
#pragma warning disable CA1031 // The last resort: the client gets an answer, the log the reason.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            DaemonLog.RequestFailed(_logger, exception);
            failure = (500, "Something failed inside the daemon; its log says what.");
        }

        await JsonError.AnswerAsync(context, failure.Status, failure.Sentence).ConfigureAwait(false);
    }

    private DaemonNetwork NetworkOf(HttpContext context) => NetworkOf(V1Request.Segment(context, "network"));

    private DaemonNetwork NetworkOf(string name) => _networks.TryGetValue(name, out DaemonNetwork? network)
        ? network
        : throw new V1Exception(404, $"The network '{Shown.Of(name)}' does not run here; {string.Join(", ", _networks.Keys)} {(_networks.Count == 1 ? "does" : "do")}.");

    private static string KeyOf(DaemonNetwork network, string? text) => text is not null && network.TryReadKey(text, out string key)
        ? key
        : throw new V1Exception(400, $"'{Shown.Of(text ?? "")}' is no key of {network.Title}; {network.KeyForm} is expected.");

    private static Task AnswerAsync<T>(HttpContext context, T answer, JsonTypeInfo<T> type, int status = StatusCodes.Status200OK)
    {
        byte[] body = JsonSerializer.SerializeToUtf8Bytes(answer, type);
        context.Response.StatusCode = status;
        context.Response.ContentType = "application/json; charset=utf-8";
        context.Response.ContentLength = body.Length;
        return context.Response.Body.WriteAsync(body, context.RequestAborted).AsTask();
    }
}
