using System.Globalization;
using Kadstone.Daemon.Http;
using Kadstone.Mainline;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Routing.Patterns;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Primitives;
using Microsoft.Net.Http.Headers;

namespace Kadstone.Daemon.Pkarr;

/// <summary>The relay's HTTP: <c>/KEY</c>, and everything else is somebody else's.</summary>
/// <remarks>pkarr 7; the conditions of a PUT that its clients sent until 6 are honoured where they are sent.</remarks>
internal sealed class PkarrEndpoints(
    IPkarrNetwork network,
    PacketCache cache,
    PkarrLookups lookups,
    PacketKeeper keeper,
    HostQuota quota,
    PkarrRelayOptions options,
    TimeProvider time,
    ILogger logger,
    CancellationToken closing)
{
    /// <summary>The header that says at how many nodes a packet was stored.</summary>
    public const string StoredNodes = "Pkarr-Dht-Stored-Nodes";

    /// <summary>The header that says which version is no packet.</summary>
    public const string InvalidSequence = "Pkarr-Invalid-Signed-Packet-Seq";

    private const string Payload = "application/pkarr.org/relays#payload";
    private const string SeenAt = "Memento-Datetime";
    private const string KeyName = "pkarr";

    // A signed packet with its key before it: the reference relay reads so far before it says that it is too much.
    private const int MaxBodyLength = 1104;

    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(60);

    private readonly KeyTurns _turns = new();
    private long _published;
    private long _refused;

    public long Published => Interlocked.Read(ref _published);

    public long Refused => Interlocked.Read(ref _refused);

    public void Map(IEndpointRouteBuilder routes) =>
        routes.Map(RoutePatternFactory.Parse($"/{{{KeyName}}}", null, new RouteValueDictionary { [KeyName] = new KeyConstraint() }), RunAsync);

    /// <summary>Whether a path is the relay's: one segment of 52 letters of the alphabet.</summary>
    public static bool IsOurs(PathString path) => path.Value is ['/', .. string segment] && PkarrKey.LooksLike(segment);

    /// <summary>What a listener of its own says of other paths: what should be a key is a bad one.</summary>
    public static Task FallbackAsync(HttpContext context)
    {
        bool isSegment = context.Request.Path.Value is ['/', _, ..] path && !path.AsSpan(1).Contains('/');
        return isSegment && (HttpMethods.IsGet(context.Request.Method) || HttpMethods.IsHead(context.Request.Method) || HttpMethods.IsPut(context.Request.Method))
            ? RefuseAsync(context, StatusCodes.Status400BadRequest, "the path is a key: 52 letters of z-base-32")
            : RefuseAsync(context, StatusCodes.Status404NotFound, "404 page not found");
    }

    private async Task RunAsync(HttpContext context)
    {
        using CancellationTokenSource timeout = new(s_patience, time);
        using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, context.RequestAborted, closing);
        string method = context.Request.Method;
        try
        {
            Task answer = HttpMethods.IsOptions(method) ? Task.CompletedTask
                : !HttpMethods.IsGet(method) && !HttpMethods.IsHead(method) && !HttpMethods.IsPut(method) ? RefuseMethodAsync(context)
                : !PkarrKey.TryParse(context.Request.RouteValues[KeyName] as string ?? "", out PkarrKey? key)
                    ? RefuseAsync(context, StatusCodes.Status400BadRequest, "the path is no key: nobody can have signed under it, or its text is not the canonical one")
                : HttpMethods.IsPut(method) ? PutAsync(context, key, either.Token)
                : GetAsync(context, key, either.Token);
            await answer.ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            // Nobody waits for an answer any more.
        }
        catch (BadHttpRequestException exception)
        {
            await RefuseAsync(context, exception.StatusCode, exception.Message).ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is NoNetworkException or DhtTimeoutException or OperationCanceledException or ObjectDisposedException)
        {
            // A packet that nobody stored is an error of the relay, a lookup that nobody answered a state of it.
            int status = HttpMethods.IsPut(method) ? StatusCodes.Status500InternalServerError : StatusCodes.Status503ServiceUnavailable;
            string reason = exception is NoNetworkException or DhtTimeoutException ? exception.Message : "the DHT did not answer in time";
            await RefuseAsync(context, status, reason).ConfigureAwait(false);
        }
#pragma warning disable CA1031 // The last resort: the client gets an answer, the log the reason.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            DaemonLog.RelayFailed(logger, exception);
            await RefuseAsync(context, StatusCodes.Status500InternalServerError, "internal error").ConfigureAwait(false);
        }
    }

    private async Task GetAsync(HttpContext context, PkarrKey key, CancellationToken cancellationToken)
    {
        if (PolicyOf(context.Request) is not PkarrPolicy policy)
        {
            await RefuseAsync(context, StatusCodes.Status400BadRequest, "policy is CacheOnly, CacheFirst or NetworkOnly").ConfigureAwait(false);
            return;
        }

        SeenPacket? cached = policy == PkarrPolicy.NetworkOnly ? null : cache.Find(key);
        if (policy == PkarrPolicy.CacheOnly || (cached is not null && IsFresh(cached)))
        {
            await AnswerAsync(context, cached, cancellationToken).ConfigureAwait(false);
            return;
        }

        if (!quota.TryTake(context.Connection.RemoteIpAddress) || lookups.TryStart(key) is not PkarrLookup lookup)
        {
            await RefuseBusyAsync(context).ConfigureAwait(false);
            return;
        }

        // Who would rather be sure than early says NetworkOnly; for the others the lookup runs on and tells the cache.
        PkarrFinding finding = policy == PkarrPolicy.NetworkOnly
            ? await lookup.Whole.WaitAsync(cancellationToken).ConfigureAwait(false)
            : await lookup.FirstAsync(cached?.Packet, cancellationToken).ConfigureAwait(false);
        if (finding.InvalidSequence is long sequence && sequence >= (cached?.Packet.Timestamp ?? 0))
        {
            context.Response.Headers[InvalidSequence] = sequence.ToString(CultureInfo.InvariantCulture);
        }

        // Older than what was seen before is no answer; nor is what was seen before, since its time is over.
        bool isNews = finding.Packet is not null && (cached is null || finding.Packet.CompareTo(cached.Packet) >= 0);
        await AnswerAsync(context, isNews && finding.Packet is PkarrPacket packet ? new SeenPacket(packet, time.GetUtcNow()) : null, cancellationToken).ConfigureAwait(false);
    }

    private async Task PutAsync(HttpContext context, PkarrKey key, CancellationToken cancellationToken)
    {
        byte[] buffer = new byte[MaxBodyLength + 1];
        int length = await context.Request.Body.ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false, cancellationToken).ConfigureAwait(false);
        if (length > MaxBodyLength)
        {
            await RefusePacketAsync(context, StatusCodes.Status413PayloadTooLarge, $"a payload has at most {PkarrPacket.MaxPayloadLength} bytes").ConfigureAwait(false);
            return;
        }

        if (!PkarrPacket.TryReadPayload(key, buffer.AsSpan(0, length), out PkarrPacket? packet, out PkarrFault why))
        {
            await RefusePacketAsync(context, StatusCodes.Status400BadRequest, Explain(why)).ConfigureAwait(false);
            return;
        }

        if (packet.Message.Length > PkarrPacket.MaxStoredLength)
        {
            await RefusePacketAsync(context, StatusCodes.Status400BadRequest, $"nodes of the DHT store a message of at most {PkarrPacket.MaxStoredLength} bytes (BEP 44)").ConfigureAwait(false);
            return;
        }

        if (!TryReadCondition(context.Request, out long? expected))
        {
            await RefusePacketAsync(context, StatusCodes.Status400BadRequest, "If-Match is a timestamp in microseconds").ConfigureAwait(false);
            return;
        }

        using KeyTurns.Turn turn = await _turns.TakeAsync(key, cancellationToken).ConfigureAwait(false);
        PkarrPacket? known = cache.Find(key)?.Packet;
        if (known?.CompareTo(packet) > 0)
        {
            await RefusePacketAsync(context, StatusCodes.Status409Conflict, "a newer packet is known").ConfigureAwait(false);
            return;
        }

        if (known is not null && ((expected is not null && expected != known.Timestamp) || WasModified(context.Request, known)))
        {
            await RefusePacketAsync(context, StatusCodes.Status412PreconditionFailed, "another packet is known than the one that is to be replaced").ConfigureAwait(false);
            return;
        }

        if (!quota.TryTake(context.Connection.RemoteIpAddress))
        {
            await RefuseBusyAsync(context).ConfigureAwait(false);
            return;
        }

        await PublishAsync(context, packet, expected, cancellationToken).ConfigureAwait(false);
    }

    private async Task PublishAsync(HttpContext context, PkarrPacket packet, long? expected, CancellationToken cancellationToken)
    {
        CommitOutcome commit = await network.StoreAsync(packet, expected, cancellationToken).ConfigureAwait(false);
        int stored = commit.Stored;
        int majority = ((commit.Stored + commit.Refused + commit.Silent) / 2) + 1;
        if (commit.Refused >= majority && commit.ErrorCode == (int)KrpcErrorCode.CasMismatch)
        {
            await RefusePacketAsync(context, StatusCodes.Status412PreconditionFailed, "the DHT holds another packet than the one that is to be replaced").ConfigureAwait(false);
            return;
        }

        bool isOutdated = commit.Refused >= majority && commit.ErrorCode == (int)KrpcErrorCode.SequenceNotNewer;
        if (isOutdated || stored == 0)
        {
            // Some nodes say so of the very packet that they hold, and who was too late to say anything may hold it as well: only a lookup tells.
            PkarrFinding finding = await network.FindAsync(packet.Key, null, cancellationToken).ConfigureAwait(false);
            if (finding.Packet?.CompareTo(packet) != 0 || finding.Copies == 0)
            {
                Task refusal = isOutdated
                    ? RefusePacketAsync(context, StatusCodes.Status409Conflict, "the DHT holds a newer packet")
                    : RefusePacketAsync(context, StatusCodes.Status500InternalServerError, "no node of the DHT stored it");
                await refusal.ConfigureAwait(false);
                return;
            }

            stored = Math.Max(stored, finding.Copies);
        }

        Interlocked.Increment(ref _published);
        cache.Offer(packet, time.GetUtcNow());
        await keeper.KeepAsync(packet, stored).ConfigureAwait(false);
        context.Response.StatusCode = StatusCodes.Status204NoContent;
        context.Response.Headers[StoredNodes] = stored.ToString(CultureInfo.InvariantCulture);
    }

    private async Task AnswerAsync(HttpContext context, SeenPacket? seen, CancellationToken cancellationToken)
    {
        if (seen is null)
        {
            await RefuseAsync(context, StatusCodes.Status404NotFound, "nobody stores a packet under this key").ConfigureAwait(false);
            return;
        }

        HttpResponse response = context.Response;
        TimeSpan ttl = seen.Packet.TimeToLive(options.MinTtl, options.MaxTtl);
        response.Headers.CacheControl = string.Create(CultureInfo.InvariantCulture, $"public, max-age={(long)ttl.TotalSeconds}");
        response.Headers[SeenAt] = HeaderUtilities.FormatDate(seen.SeenAt);
        if (seen.Packet.SignedAt is DateTimeOffset signedAt)
        {
            response.Headers.LastModified = HeaderUtilities.FormatDate(signedAt);
        }

        response.ContentType = Payload;
        if (DateOf(context.Request.Headers.IfModifiedSince) is DateTimeOffset since && seen.Packet.Timestamp <= Microseconds.Of(since))
        {
            response.StatusCode = StatusCodes.Status304NotModified;
            return;
        }

        byte[] payload = seen.Packet.ToPayload();

        // Clients take an answer without a length for an empty one.
        response.ContentLength = payload.Length;
        if (!HttpMethods.IsHead(context.Request.Method))
        {
            await response.Body.WriteAsync(payload, cancellationToken).ConfigureAwait(false);
        }
    }

    private bool IsFresh(SeenPacket seen) => time.GetUtcNow() - seen.SeenAt < seen.Packet.TimeToLive(options.MinTtl, options.MaxTtl);

    private Task RefusePacketAsync(HttpContext context, int status, string reason)
    {
        Interlocked.Increment(ref _refused);
        return RefuseAsync(context, status, reason);
    }

    private static Task RefuseBusyAsync(HttpContext context)
    {
        context.Response.Headers.RetryAfter = "1";
        return RefuseAsync(context, StatusCodes.Status429TooManyRequests, "429 - Too Many Requests");
    }

    private static Task RefuseMethodAsync(HttpContext context)
    {
        context.Response.Headers.Allow = "GET, HEAD, PUT, OPTIONS";
        return RefuseAsync(context, StatusCodes.Status405MethodNotAllowed, "405 - Method Not Allowed");
    }

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

    private static string Explain(PkarrFault why) => why switch
    {
        PkarrFault.Length => $"a payload has {PkarrPacket.MinPayloadLength} to {PkarrPacket.MaxPayloadLength} bytes",
        PkarrFault.Timestamp => "the timestamp does not fit the sequence number of BEP 44",
        PkarrFault.Signature => "the key of the path did not sign it",
        _ => "what is signed is no DNS message",
    };

    private static PkarrPolicy? PolicyOf(HttpRequest request) => request.Query.TryGetValue("policy", out StringValues given)
        ? given.Count == 1 && given[0] is string name ? name switch
        {
            nameof(PkarrPolicy.CacheOnly) => PkarrPolicy.CacheOnly,
            nameof(PkarrPolicy.CacheFirst) => PkarrPolicy.CacheFirst,
            nameof(PkarrPolicy.NetworkOnly) => PkarrPolicy.NetworkOnly,
            _ => null,
        }
        : null
        : PkarrPolicy.CacheFirst;

    // Clients of pkarr 3 to 6 send it, in decimal and without the quotes of an entity tag.
    private static bool TryReadCondition(HttpRequest request, out long? expected)
    {
        expected = null;
        if (request.Headers.IfMatch.Count == 0)
        {
            return true;
        }

        bool isTimestamp = long.TryParse(request.Headers.IfMatch.ToString(), NumberStyles.None, CultureInfo.InvariantCulture, out long timestamp);
        expected = isTimestamp ? timestamp : null;
        return isTimestamp;
    }

    // The oldest clients have whole seconds only.
    private static bool WasModified(HttpRequest request, PkarrPacket known) =>
        DateOf(request.Headers.IfUnmodifiedSince) is DateTimeOffset date && known.Timestamp >= Microseconds.Of(date.AddSeconds(1));

    private static DateTimeOffset? DateOf(StringValues header) => HeaderUtilities.TryParseDate(header.ToString(), out DateTimeOffset date) ? date : null;

    private enum PkarrPolicy
    {
        CacheFirst,
        CacheOnly,
        NetworkOnly,
    }

    private sealed class KeyConstraint : IRouteConstraint
    {
        public bool Match(HttpContext? httpContext, IRouter? route, string routeKey, RouteValueDictionary values, RouteDirection routeDirection) =>
            values[routeKey] is string segment && PkarrKey.LooksLike(segment);
    }
}
