using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text.Json;
using Kadstone.Daemon.Http;
using Kadstone.Ipfs;
using Kadstone.Libp2p;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Logging;

namespace Kadstone.Daemon.Routing;

/// <summary>Delegated Routing V1: <c>/routing/v1</c>. A stranger asks, the DHT answers.</summary>
internal sealed class RoutingEndpoints(IIpfsNode node, TimeProvider time, ILogger logger, CancellationToken closing)
{
    private const string Lines = "application/x-ndjson";
    private const string Json = "application/json";
    private const string IpnsRecord = "application/vnd.ipfs.ipns-record";
    private const string Stale = "stale-while-revalidate=172800, stale-if-error=172800";
    private const int MaxJsonRecords = 100;
    private const int MaxLineRecords = 1000;
    private const int MaxIpnsRecordLength = 10 << 10;
    private const int FoundSeconds = 300;
    private const int NothingSeconds = 15;
    private const int RecordSeconds = 60;

    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(30);

    public void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/routing/v1/providers/{cid}", context => RunAsync(context, GetProvidersAsync));
        routes.MapGet("/routing/v1/peers/{peer}", context => RunAsync(context, GetPeersAsync));
        routes.MapGet("/routing/v1/dht/closest/peers/{key}", context => RunAsync(context, GetClosestAsync));
        routes.MapGet("/routing/v1/ipns/{name}", context => RunAsync(context, GetNameAsync));
        routes.MapPut("/routing/v1/ipns/{name}", context => RunAsync(context, PutNameAsync));
    }

    private async Task RunAsync(HttpContext context, Func<HttpContext, CancellationToken, Task> answer)
    {
        using CancellationTokenSource timeout = new(s_patience, time);
        using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, context.RequestAborted, closing);
        context.Response.Headers.Append("Vary", "Accept");
        try
        {
            await (node.HasRouting
                ? answer(context, either.Token)
                : PlainText.AnswerAsync(context, StatusCodes.Status501NotImplemented, "this node takes part in no DHT")).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            // Nobody waits for an answer any more.
        }
        catch (Exception exception) when (exception is OperationCanceledException or DhtTimeoutException)
        {
            await RefuseAsync(context, StatusCodes.Status504GatewayTimeout, "the DHT did not answer in time").ConfigureAwait(false);
        }
        catch (BadHttpRequestException exception)
        {
            await RefuseAsync(context, exception.StatusCode, exception.Message).ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is DhtException or IOException)
        {
            await RefuseAsync(context, StatusCodes.Status503ServiceUnavailable, exception.Message).ConfigureAwait(false);
        }
#pragma warning disable CA1031 // The last resort: the client gets an answer, the log the reason.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            DaemonLog.RoutingFailed(logger, exception);
            await RefuseAsync(context, StatusCodes.Status500InternalServerError, "internal error").ConfigureAwait(false);
        }
    }

    private Task GetProvidersAsync(HttpContext context, CancellationToken cancellationToken)
    {
        if (!Cid.TryParse(Segment(context, "cid"), out Cid? cid))
        {
            return RefuseAsync(context, StatusCodes.Status422UnprocessableEntity, "the path ends with a CID");
        }

        bool asLines = WantsLines(context);
        IAsyncEnumerable<QueryEvent> events = node.FindProvidersAsync(cid, asLines ? MaxLineRecords : MaxJsonRecords, cancellationToken);
        return AnswerAsync(
            context,
            Named(events, QueryEventType.Provider, cancellationToken),
            asLines,
            records => JsonSerializer.SerializeToUtf8Bytes(new RoutingProviders(records), RoutingJson.Default.RoutingProviders),
            cancellationToken);
    }

    private Task GetPeersAsync(HttpContext context, CancellationToken cancellationToken)
    {
        if (!PeerId.TryParse(Segment(context, "peer"), out PeerId? peer))
        {
            return RefuseAsync(context, StatusCodes.Status422UnprocessableEntity, "the path ends with a peer id");
        }

        // Not reached: a stranger's question does not make us dial.
        IAsyncEnumerable<PeerInfo> found = peer == node.Identity.PeerId
            ? Each([new PeerInfo(peer, node.Addresses)])
            : Named(node.FindPeerAsync(peer, mustBeReached: false, cancellationToken), QueryEventType.FinalPeer, cancellationToken);
        return AnswerPeersAsync(context, found, cancellationToken);
    }

    private async Task GetClosestAsync(HttpContext context, CancellationToken cancellationToken)
    {
        string text = Segment(context, "key");
        ReadOnlyMemory<byte> key = PeerId.TryParse(text, out PeerId? peer) ? peer.Bytes : Cid.TryParse(text, out Cid? cid) ? cid.Multihash : default;
        if (key.IsEmpty)
        {
            await RefuseAsync(context, StatusCodes.Status422UnprocessableEntity, "the path ends with a peer id or a CID").ConfigureAwait(false);
            return;
        }

        IReadOnlyList<PeerInfo> closest = [];
        try
        {
            closest = await node.FindClosestAsync(key, cancellationToken).ConfigureAwait(false);
        }
        catch (NoPeersException)
        {
            // Nobody is near when nobody is there.
        }

        await AnswerPeersAsync(context, Each(closest), cancellationToken).ConfigureAwait(false);
    }

    private async Task GetNameAsync(HttpContext context, CancellationToken cancellationToken)
    {
        if (!PeerId.TryParse(Segment(context, "name"), out PeerId? name))
        {
            await RefuseAsync(context, StatusCodes.Status400BadRequest, "the path ends with an IPNS name").ConfigureAwait(false);
            return;
        }

        if (!Accepts(context, IpnsRecord))
        {
            await RefuseAsync(context, StatusCodes.Status406NotAcceptable, $"the answer is {IpnsRecord}").ConfigureAwait(false);
            return;
        }

        byte[]? record = await FindRecordAsync(RecordKeys.OfName(name), cancellationToken).ConfigureAwait(false);
        if (record is null)
        {
            SetCaching(context, NothingSeconds);
            await PlainText.AnswerAsync(context, StatusCodes.Status200OK, "routing: not found").ConfigureAwait(false);
            return;
        }

        SetCaching(context, SecondsOf(record));
        context.Response.ContentType = IpnsRecord;
        context.Response.ContentLength = record.Length;
        await context.Response.Body.WriteAsync(record, cancellationToken).ConfigureAwait(false);
    }

    private async Task PutNameAsync(HttpContext context, CancellationToken cancellationToken)
    {
        if (!PeerId.TryParse(Segment(context, "name"), out PeerId? name))
        {
            await RefuseAsync(context, StatusCodes.Status400BadRequest, "the path ends with an IPNS name").ConfigureAwait(false);
            return;
        }

        if (context.Request.ContentType?.Split(';')[0].Trim().Equals(IpnsRecord, StringComparison.OrdinalIgnoreCase) != true)
        {
            await RefuseAsync(context, StatusCodes.Status406NotAcceptable, $"the body is {IpnsRecord}").ConfigureAwait(false);
            return;
        }

        byte[] buffer = new byte[MaxIpnsRecordLength + 1];
        int length = await context.Request.Body.ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false, cancellationToken).ConfigureAwait(false);
        if (length is 0 or > MaxIpnsRecordLength)
        {
            await RefuseAsync(context, StatusCodes.Status400BadRequest, $"a record has 1 to {MaxIpnsRecordLength} bytes").ConfigureAwait(false);
            return;
        }

        try
        {
            await foreach (QueryEvent _ in node.PutAsync(RecordKeys.OfName(name), buffer.AsMemory(0, length), cancellationToken).ConfigureAwait(false))
            {
                // The work is done while it is enumerated.
            }
        }
        catch (Exception exception) when (exception is InvalidRecordException or RecordRejectedException)
        {
            await RefuseAsync(context, StatusCodes.Status400BadRequest, exception.Message).ConfigureAwait(false);
            return;
        }
        catch (NoPeersException exception)
        {
            await RefuseAsync(context, StatusCodes.Status503ServiceUnavailable, exception.Message).ConfigureAwait(false);
            return;
        }

        context.Response.StatusCode = StatusCodes.Status200OK;
    }

    private async Task<byte[]?> FindRecordAsync(byte[] key, CancellationToken cancellationToken)
    {
        byte[]? best = null;
        try
        {
            await foreach (QueryEvent happened in node.GetAsync(key, cancellationToken).ConfigureAwait(false))
            {
                // Each value is better than those before it.
                best = happened.Type == QueryEventType.Value ? Convert.FromBase64String(happened.Extra) : best;
            }
        }
        catch (Exception exception) when (exception is RecordNotFoundException or NoPeersException or DhtTimeoutException)
        {
            // What was found until then counts.
        }

        return best;
    }

    private Task AnswerPeersAsync(HttpContext context, IAsyncEnumerable<PeerInfo> found, CancellationToken cancellationToken) => AnswerAsync(
        context,
        found,
        WantsLines(context),
        records => JsonSerializer.SerializeToUtf8Bytes(new RoutingPeers(records), RoutingJson.Default.RoutingPeers),
        cancellationToken);

    private static async Task AnswerAsync(
        HttpContext context,
        IAsyncEnumerable<PeerInfo> found,
        bool asLines,
        Func<IReadOnlyList<RoutingRecord>, byte[]> write,
        CancellationToken cancellationToken)
    {
        if (!asLines && !Accepts(context, Json))
        {
            await RefuseAsync(context, StatusCodes.Status406NotAcceptable, $"the answer is {Json} or {Lines}").ConfigureAwait(false);
            return;
        }

        RecordFilter filter = RecordFilter.Of(context.Request);
        HashSet<PeerId> told = [];
        List<RoutingRecord> records = [];
        context.Response.ContentType = asLines ? Lines : Json;
        await foreach (PeerInfo peer in found.ConfigureAwait(false))
        {
            if (records.Count >= (asLines ? MaxLineRecords : MaxJsonRecords) || !told.Add(peer.Id) || filter.Apply(peer) is not RoutingRecord record)
            {
                continue;
            }

            records.Add(record);
            if (asLines)
            {
                await WriteLineAsync(context, record, isFirst: records.Count == 1, cancellationToken).ConfigureAwait(false);
            }
        }

        if (!context.Response.HasStarted)
        {
            SetCaching(context, records.Count > 0 ? FoundSeconds : NothingSeconds);
        }

        if (!asLines)
        {
            byte[] body = write(records);
            context.Response.ContentLength = body.Length;
            await context.Response.Body.WriteAsync(body, cancellationToken).ConfigureAwait(false);
        }
    }

    private static async Task WriteLineAsync(HttpContext context, RoutingRecord record, bool isFirst, CancellationToken cancellationToken)
    {
        if (isFirst)
        {
            SetCaching(context, FoundSeconds);
        }

        byte[] line = [.. JsonSerializer.SerializeToUtf8Bytes(record, RoutingJson.Default.RoutingRecord), (byte)'\n'];
        await context.Response.Body.WriteAsync(line, cancellationToken).ConfigureAwait(false);
        await context.Response.Body.FlushAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>The peers that the events of one type name. What ends a lookup early ends the list: what was found until then counts.</summary>
    private static async IAsyncEnumerable<PeerInfo> Named(IAsyncEnumerable<QueryEvent> events, QueryEventType type, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        IAsyncEnumerator<QueryEvent> each = events.GetAsyncEnumerator(cancellationToken);
        await using (each.ConfigureAwait(false))
        {
            while (await TryMoveAsync(each).ConfigureAwait(false))
            {
                foreach (PeerInfo peer in each.Current.Type == type ? each.Current.Responses : [])
                {
                    yield return peer;
                }
            }
        }
    }

    private static async ValueTask<bool> TryMoveAsync(IAsyncEnumerator<QueryEvent> each)
    {
        try
        {
            return await each.MoveNextAsync().ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is PeerNotFoundException or NoPeersException or NotEnoughProvidersException or DhtTimeoutException)
        {
            return false;
        }
    }

    private static async IAsyncEnumerable<PeerInfo> Each(IReadOnlyList<PeerInfo> peers)
    {
        await Task.CompletedTask.ConfigureAwait(false);
        foreach (PeerInfo peer in peers)
        {
            yield return peer;
        }
    }

    // Field 6 of the record: nanoseconds. Nobody is told to keep it for more than a day.
    private static int SecondsOf(byte[] record)
    {
        ProtobufReader reader = new(record);
        while (reader.TryRead(out ProtobufField field))
        {
            if (field.Is(6, ProtobufWireType.Varint))
            {
                return (int)Math.Clamp(field.Value / 1_000_000_000, 1, 86_400);
            }
        }

        return RecordSeconds;
    }

    private static void SetCaching(HttpContext context, int seconds) =>
        context.Response.Headers.CacheControl = string.Create(CultureInfo.InvariantCulture, $"public, max-age={seconds}, {Stale}");

    private static Task RefuseAsync(HttpContext context, int status, string reason)
    {
        if (context.Response.HasStarted)
        {
            // Too late for a status: an answer that breaks off is no whole one.
            context.Abort();
            return Task.CompletedTask;
        }

        context.Response.Headers.CacheControl = "no-store";
        return PlainText.AnswerAsync(context, status, reason);
    }

    private static string Segment(HttpContext context, string name) => context.Request.RouteValues[name] as string ?? "";

    private static bool WantsLines(HttpContext context) => AcceptOf(context).Contains(Lines, StringComparison.OrdinalIgnoreCase);

    private static bool Accepts(HttpContext context, string type)
    {
        string accept = AcceptOf(context);
        return accept.Length == 0
            || accept.Contains("*/*", StringComparison.Ordinal)
            || accept.Contains("application/*", StringComparison.OrdinalIgnoreCase)
            || accept.Contains(type, StringComparison.OrdinalIgnoreCase);
    }

    private static string AcceptOf(HttpContext context) => context.Request.Headers.Accept.ToString();
}
