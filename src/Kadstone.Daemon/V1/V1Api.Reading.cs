using System.Threading.Channels;
using Kadstone.Daemon.V1.Answers;
using Kadstone.Daemon.V1.Networks;
using Microsoft.AspNetCore.Http;

namespace Kadstone.Daemon.V1;

/// <summary>What only looks.</summary>
internal sealed partial class V1Api
{
    private V1Route[] ReadingRoutes() =>
    [
        new("GET", "/v1/status", "How all stands: a verdict, each network, the store.", () => V1Json.Default.StatusAnswer, async (context, cancellationToken) =>
            await AnswerAsync(context, await _status.GetAsync(cancellationToken).ConfigureAwait(false), V1Json.Default.StatusAnswer).ConfigureAwait(false)),
        new("GET", "/v1/events", "What happens, as server-sent events: status once a second, lookup as lookups begin, go on and end.", null, SendEventsAsync)
        {
            ContentType = "text/event-stream",
            IsEndless = true,
        },
        new("GET", "/v1/networks/{network}/table", "The routing table of a network, by bucket.", () => V1Json.Default.TableAnswer, (context, _) =>
            AnswerAsync(context, NetworkOf(context).Table(), V1Json.Default.TableAnswer)),
        new("GET", "/v1/lookups", "The last lookups, newest first.", () => V1Json.Default.LookupsAnswer, (context, _) =>
            AnswerAsync(context, new LookupsAnswer(_lookups.Newest(V1Request.Limit(context))), V1Json.Default.LookupsAnswer))
        {
            Query = [LimitParameter],
        },
        new("GET", "/v1/lookups/{id}", "One lookup, step by step.", () => V1Json.Default.LookupAnswer, AnswerLookupAsync),
        new("GET", "/v1/records", "The records of the store, in the order of their keys.", () => V1Json.Default.RecordsAnswer, AnswerRecordsAsync)
        {
            Query = [("shelf", $"Only this shelf: {string.Join(", ", ShelfNames.All.Select(ShelfNames.Of))}."), ("after", "The next of the answer before."), LimitParameter],
        },
        new("GET", "/v1/records/{shelf}/{key}", "One record, with its value.", () => V1Json.Default.StoredValueAnswer, async (context, cancellationToken) =>
            await AnswerAsync(
                context,
                await _records.GetAsync(V1Request.Segment(context, "shelf"), V1Request.Segment(context, "key"), cancellationToken).ConfigureAwait(false),
                V1Json.Default.StoredValueAnswer).ConfigureAwait(false)),
        new("GET", "/v1/records/density", "How many records lie where in the keyspace.", () => V1Json.Default.DensityAnswer, async (context, cancellationToken) =>
            await AnswerAsync(context, await _records.DensityAsync(cancellationToken).ConfigureAwait(false), V1Json.Default.DensityAnswer).ConfigureAwait(false)),
    ];

    private static (string Name, string Meaning) LimitParameter => ("limit", $"How many; 1 to {V1Request.MaxLimit}, {V1Request.DefaultLimit} unless said.");

    private Task AnswerLookupAsync(HttpContext context, CancellationToken cancellationToken)
    {
        string id = V1Request.Segment(context, "id");
        return _lookups.Find(id) is { } trail
            ? AnswerAsync(context, trail.Whole(), V1Json.Default.LookupAnswer)
            : throw new V1Exception(404, $"The lookup '{Shown.Of(id)}' is not kept; GET /v1/lookups lists the last {Lookups.LookupLog.Capacity}.");
    }

    private async Task AnswerRecordsAsync(HttpContext context, CancellationToken cancellationToken)
    {
        int limit = V1Request.Limit(context);
        RecordsAnswer answer = await _records.ListAsync(V1Request.Query(context, "shelf"), V1Request.Query(context, "after"), limit, cancellationToken).ConfigureAwait(false);
        await AnswerAsync(context, answer, V1Json.Default.RecordsAnswer).ConfigureAwait(false);
    }

    private async Task SendEventsAsync(HttpContext context, CancellationToken cancellationToken)
    {
        Channel<ServerEvent> channel = _events.Listen();
        try
        {
            JsonStream stream = new(context, asEvents: true);
            await stream.BeginAsync(cancellationToken).ConfigureAwait(false);
            await foreach (ServerEvent happened in channel.Reader.ReadAllAsync(cancellationToken).ConfigureAwait(false))
            {
                await stream.WriteAsync(happened.Name, happened.Json, cancellationToken).ConfigureAwait(false);
            }
        }
        finally
        {
            _events.Leave(channel);
        }
    }
}
