using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Text.Json.Nodes;
using System.Threading.Channels;
using Kadstone.Daemon.Http;
using Kadstone.Daemon.Page;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Logging.Abstractions;

namespace Kadstone.Page.Tests;

/// <summary>The page's own files behind the listener of the daemon, and /v1 with answers that a test chooses.</summary>
internal sealed class FakeDaemon : IAsyncDisposable
{
    private const int Begun = 5_000;

    private readonly ConcurrentDictionary<Channel<(string Name, JsonNode Data)>, bool> _streams = new();
    private readonly CancellationTokenSource _closing = new();
    private WebListener? _listener;
    private int _uptime = Begun;

    public FakeAnswers Answers { get; init; } = new();

    /// <summary>What happens to each answer before it is sent.</summary>
    public Func<JsonNode, JsonNode> Bend { get; init; } = answer => answer;

    /// <summary>What is asked for; null: nothing.</summary>
    public string? Token { get; init; }

    /// <summary>Every request beneath /v1: method, path and query.</summary>
    public ConcurrentQueue<string> Requests { get; } = new();

    /// <summary>Every body that came with one.</summary>
    public ConcurrentQueue<string> Bodies { get; } = new();

    public IPEndPoint Endpoint => _listener.ShouldNotBeNull().Endpoint;

    public string Address => $"http://{Endpoint}/";

    public static async Task<FakeDaemon> StartAsync(FakeDaemon? daemon = null, int port = 0)
    {
        daemon ??= new FakeDaemon();
        PageFiles page = new();
        daemon._listener = await WebListener.StartAsync(new IPEndPoint(IPAddress.Loopback, port), NullLoggerFactory.Instance, application => daemon.Map(application, page), TestContext.Current.CancellationToken);
        return daemon;
    }

    /// <summary>Tells every page that listens.</summary>
    public void Publish(string name, JsonNode data)
    {
        foreach (Channel<(string, JsonNode)> stream in _streams.Keys)
        {
            stream.Writer.TryWrite((name, data));
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _closing.CancelAsync();
        if (_listener is not null)
        {
            await _listener.DisposeAsync();
        }

        _closing.Dispose();
    }

    private void Map(WebApplication application, PageFiles page)
    {
        application.Use(next => context => page.InvokeAsync(context, next));
        application.Use(next => context => GuardAsync(context, next));
        application.UseRouting();
        Answer(application, "GET", "/v1/status", _ => Answers.Status(_uptime));
        Answer(application, "GET", "/v1/networks/{network}/table", context => Answers.Table(Value(context, "network")));
        Answer(application, "GET", "/v1/lookups", _ => Answers.Lookups());
        Answer(application, "GET", "/v1/lookups/{id:int}", context => Answers.Lookup(int.Parse(Value(context, "id"), CultureInfo.InvariantCulture)));
        Answer(application, "GET", "/v1/records", context => Answers.RecordsAfter(Query(context, "shelf"), int.Parse(Query(context, "after") ?? "0", CultureInfo.InvariantCulture), int.Parse(Query(context, "limit") ?? "100", CultureInfo.InvariantCulture)));
        Answer(application, "GET", "/v1/records/density", _ => Answers.Density());
        Answer(application, "GET", "/v1/publications", _ => Answers.Publications());
        Answer(application, "POST", "/v1/publications/{id}/check", _ => FakeAnswers.Node(new { At = Answers.Now, Ok = true, Text = "Found at 8 of 8 nodes." }));
        Answer(application, "DELETE", "/v1/publications/{id}", _ => null);
        Answer(application, "GET", "/v1/devnet", _ => Answers.Devnet());
        Answer(application, "POST", "/v1/devnet/nodes", _ => Answers.Devnet());
        Answer(application, "DELETE", "/v1/devnet/nodes/{network}/{number}", _ => null);
        Answer(application, "POST", "/v1/{network}/announcements", _ => FakeAnswers.Node(new { Id = "9", Network = "mainline", Key = "aa", Port = 6881, Acknowledged = 7, Asked = 8, Refused = 0, Silent = 1, At = Answers.Now, Next = Answers.Now.AddMinutes(15) }));
        Answer(application, "PUT", "/v1/{network}/values", _ => FakeAnswers.Node(new { Key = "e5f96f6f38320f0f33959cb4d3d656452117aadb", Sequence = (long?)null, Acknowledged = 8, Asked = 8 }));
        Answer(application, "GET", "/v1/{network}/values/{key}", context => FakeAnswers.Node(new { Key = Value(context, "key"), Value = "aGVsbG8=", Text = "hello", Sequence = (long?)null, PublicKey = (string?)null, Signature = (string?)null, From = "198.51.100.9:6881", Lookup = "4" }));
        application.MapGet("/v1/{network}/peers/{key}", StreamPeersAsync);
        application.MapGet("/v1/events", StreamEventsAsync);
    }

    private Task GuardAsync(HttpContext context, RequestDelegate next)
    {
        Requests.Enqueue($"{context.Request.Method} {context.Request.Path}{context.Request.QueryString}");
        context.Response.Headers.CacheControl = "no-cache";
        if (Token is null || context.Request.Headers.Authorization == $"Bearer {Token}")
        {
            return next(context);
        }

        context.Response.StatusCode = StatusCodes.Status401Unauthorized;
        return context.Response.WriteAsync("401 - Unauthorized\n");
    }

    private void Answer(WebApplication application, string method, string path, Func<HttpContext, JsonNode?> answer) => application.MapMethods(path, [method], async context =>
    {
        if (context.Request.ContentLength > 0)
        {
            using StreamReader reader = new(context.Request.Body);
            Bodies.Enqueue(await reader.ReadToEndAsync(context.RequestAborted));
        }

        if (answer(context) is not JsonNode node)
        {
            context.Response.StatusCode = StatusCodes.Status204NoContent;
            return;
        }

        context.Response.ContentType = "application/json";
        await context.Response.WriteAsync(Bend(node).ToJsonString(), context.RequestAborted);
    });

    private async Task StreamPeersAsync(HttpContext context)
    {
        context.Response.ContentType = "application/x-ndjson";
        for (int number = 1; number <= 5; number++)
        {
            await LineAsync(FakeAnswers.Node(new { Peer = $"198.51.100.{number}:5{number}413", Addresses = new[] { $"198.51.100.{number}:5{number}413" }, From = $"203.0.113.{number}:6881" }));
        }

        await LineAsync(FakeAnswers.Node(new { Done = true, Found = 5, Milliseconds = 812, Lookup = "3", Reason = "The 8 nearest contacts have answered." }));

        async Task LineAsync(JsonNode line)
        {
            await context.Response.WriteAsync(Bend(line).ToJsonString() + "\n", context.RequestAborted);
            await context.Response.Body.FlushAsync(context.RequestAborted);
        }
    }

    // Two minutes at once, as if the page had been open for so long; then a status a second, as a daemon does.
    private async Task StreamEventsAsync(HttpContext context)
    {
        using CancellationTokenSource ending = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, _closing.Token);
        Channel<(string Name, JsonNode Data)> stream = Channel.CreateBounded<(string, JsonNode)>(1000);
        _streams[stream] = true;
        context.Response.ContentType = "text/event-stream";
        using PeriodicTimer timer = new(TimeSpan.FromSeconds(1));
        try
        {
            for (int second = 120; second >= 0; second--)
            {
                await EventAsync("status", Answers.Status(_uptime - second));
            }

            Task<bool> tick = timer.WaitForNextTickAsync(ending.Token).AsTask();
            Task<bool> news = stream.Reader.WaitToReadAsync(ending.Token).AsTask();
            while (true)
            {
                if (await Task.WhenAny(tick, news) == tick)
                {
                    await tick;
                    await EventAsync("status", Answers.Status(Interlocked.Increment(ref _uptime)));
                    tick = timer.WaitForNextTickAsync(ending.Token).AsTask();
                    continue;
                }

                await news;
                while (stream.Reader.TryRead(out (string Name, JsonNode Data) item))
                {
                    await EventAsync(item.Name, item.Data);
                }

                news = stream.Reader.WaitToReadAsync(ending.Token).AsTask();
            }
        }
        catch (OperationCanceledException)
        {
            // The page left, or the daemon stops.
        }
        finally
        {
            _streams.TryRemove(stream, out _);
        }

        async Task EventAsync(string name, JsonNode data)
        {
            await context.Response.WriteAsync($"event: {name}\ndata: {Bend(data).ToJsonString()}\n\n", ending.Token);
            await context.Response.Body.FlushAsync(ending.Token);
        }
    }

    private static string Value(HttpContext context, string name) => (context.GetRouteValue(name) as string).ShouldNotBeNull();

    private static string? Query(HttpContext context, string name) => context.Request.Query[name] is [string value] ? value : null;
}
