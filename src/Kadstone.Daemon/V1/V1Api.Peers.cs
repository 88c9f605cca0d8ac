using System.Text.Json;
using Kadstone.Daemon.V1.Answers;
using Kadstone.Daemon.V1.Lookups;
using Kadstone.Daemon.V1.Networks;
using Kadstone.Daemon.V1.Publishing;
using Microsoft.AspNetCore.Http;

namespace Kadstone.Daemon.V1;

/// <summary>Peers: finding them, announcing, and what is kept announced.</summary>
internal sealed partial class V1Api
{
    /// <summary>10,000: the most peers of one answer.</summary>
    private const int MaxPeers = 10_000;

    private V1Route[] PeerRoutes() =>
    [
        new("GET", "/v1/{network}/peers/{key}", "Who takes part in a key: a line a peer as they are found, and a last line with done. Server-sent events when accepted.", null, FindPeersAsync)
        {
            ContentType = "application/x-ndjson",
        },
        new("POST", "/v1/{network}/announcements", "Announces that we take part in a key; with keep again and again, until it is deleted.", () => V1Json.Default.AnnouncementAnswer, AnnounceAsync)
        {
            Status = StatusCodes.Status201Created,
            Body = () => V1Json.Default.AnnouncementRequest,
        },
        new("GET", "/v1/publications", "What is kept in the networks, and how many nodes took it the last time.", () => V1Json.Default.PublicationsAnswer, (context, _) =>
            AnswerAsync(context, new PublicationsAnswer(_publications.All), V1Json.Default.PublicationsAnswer)),
        new("POST", "/v1/publications/{id}/check", "Looks a publication up through the network, as a stranger would.", () => V1Json.Default.CheckAnswer, async (context, cancellationToken) =>
            await AnswerAsync(context, await _publications.CheckAsync(V1Request.Segment(context, "id"), cancellationToken).ConfigureAwait(false), V1Json.Default.CheckAnswer).ConfigureAwait(false)),
        new("DELETE", "/v1/publications/{id}", "Stops telling it, and takes it back where the network can.", null, async (context, cancellationToken) =>
        {
            await _publications.DeleteAsync(V1Request.Segment(context, "id"), cancellationToken).ConfigureAwait(false);
            context.Response.StatusCode = StatusCodes.Status204NoContent;
        })
        {
            Status = StatusCodes.Status204NoContent,
        },
    ];

    private async Task FindPeersAsync(HttpContext context, CancellationToken cancellationToken)
    {
        DaemonNetwork network = NetworkOf(context);
        string key = KeyOf(network, V1Request.Segment(context, "key"));
        LookupScope scope = LookupScope.Open(network.Name);
        JsonStream stream = new(context, V1Request.WantsEvents(context));
        long began = _time.GetTimestamp();
        int found = 0;
        string reason = "The lookup ended.";
        try
        {
            await foreach (PeerAnswer peer in network.FindPeersAsync(key, cancellationToken).ConfigureAwait(false))
            {
                await stream.WriteAsync("peer", JsonSerializer.SerializeToUtf8Bytes(peer, V1Json.Default.PeerAnswer), cancellationToken).ConfigureAwait(false);
                if (++found == MaxPeers)
                {
                    reason = $"{MaxPeers} peers are the most of one answer.";
                    break;
                }
            }
        }
        catch (Exception exception) when (found > 0 && !context.RequestAborted.IsCancellationRequested && Trouble.Of(exception) is not null)
        {
            // A part is on its way: the last line says what went wrong.
            reason = Trouble.Of(exception).GetValueOrDefault().Sentence;
        }

        PeersEnd end = new(true, found, _time.GetElapsedTime(began).TotalMilliseconds, scope.Id, reason);
        await stream.WriteAsync("done", JsonSerializer.SerializeToUtf8Bytes(end, V1Json.Default.PeersEnd), context.RequestAborted).ConfigureAwait(false);
    }

    private async Task AnnounceAsync(HttpContext context, CancellationToken cancellationToken)
    {
        DaemonNetwork network = NetworkOf(context);
        AnnouncementRequest request = await V1Request.BodyAsync(context, V1Json.Default.AnnouncementRequest, cancellationToken).ConfigureAwait(false);
        string key = KeyOf(network, request.Key);
        if (request.Port is < 1 or > ushort.MaxValue)
        {
            throw new V1Exception(400, $"port is {request.Port}; 1 to 65535 is allowed, or null for the node's own.");
        }

        if (request.Keep)
        {
            _publications.RequireRoom();
        }

        Told told = await TellAsync(request.Keep, () => network.AnnounceAsync(key, request.Port, cancellationToken)).ConfigureAwait(false);
        DateTimeOffset at = _time.GetUtcNow();
        PublicationAnswer? kept = request.Keep
            ? await _publications.KeepAsync(
                new KeptPublication { Id = PublicationDesk.NewId(), Network = network.Name, Kind = KeptPublication.Announcement, Key = key, Port = request.Port, StartedAt = at },
                told,
                cancellationToken).ConfigureAwait(false)
            : null;
        AnnouncementAnswer answer = new(kept?.Id, network.Name, key, request.Port, told.Acknowledged, told.Asked, told.Refused, told.Silent, at, kept?.NextAt);
        await AnswerAsync(context, answer, V1Json.Default.AnnouncementAnswer, StatusCodes.Status201Created).ConfigureAwait(false);
    }

    // What is kept is told again soon: that nobody answers now is no reason to refuse it.
    private static async Task<Told> TellAsync(bool isKept, Func<Task<Told>> tell)
    {
        try
        {
            return await tell().ConfigureAwait(false);
        }
        catch (Exception exception) when (isKept && Trouble.IsOfTheNetwork(exception))
        {
            return default;
        }
    }
}
