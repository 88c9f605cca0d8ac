using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Kadstone.Daemon.Pkarr;
using Kadstone.Daemon.V1.Answers;
using Kadstone.Daemon.V1.Networks;
using Kadstone.Storage;
using Microsoft.Extensions.Logging;

namespace Kadstone.Daemon.V1.Publishing;

/// <summary>What the daemon keeps in the networks: told now, again when its interval is over, and after a restart, until it is deleted.</summary>
/// <remarks>It is in the store before it is told: whoever got an answer can rely on it. Four a second begin at most, and four run at once.</remarks>
internal sealed class PublicationDesk : IAsyncDisposable
{
    /// <summary>1,000: how many publications are kept. At four a second they are all told within five minutes.</summary>
    public const int MaxPublications = 1000;

    private const int MaxAtOnce = 4;

    // What is kept has no end of its own.
    private static readonly TimeSpan s_forever = TimeSpan.FromDays(365 * 50);
    private static readonly TimeSpan s_tick = TimeSpan.FromSeconds(1);

    private const string PkarrPrefix = "pkarr-";

    private readonly PkarrRelay? _pkarr;
    private readonly IRecordStore _store;
    private readonly IReadOnlyDictionary<string, DaemonNetwork> _networks;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly CancellationTokenSource _closing = new();
    private readonly ConcurrentDictionary<string, Publication> _publications = new();
    private readonly ConcurrentDictionary<string, Task> _running = new();
    private Task _loop = Task.CompletedTask;
    private bool _isLoaded;

    /// <param name="store">Where they are kept.</param>
    /// <param name="networks">Where they are told.</param>
    /// <param name="pkarr">The relay, whose packets are listed as well; null: there is none.</param>
    /// <param name="time">The clock.</param>
    /// <param name="logger">Where it logs.</param>
    public PublicationDesk(IRecordStore store, IReadOnlyDictionary<string, DaemonNetwork> networks, PkarrRelay? pkarr, TimeProvider time, ILogger logger)
    {
        _pkarr = pkarr;
        _store = store;
        _networks = networks;
        _time = time;
        _logger = logger;
    }

    /// <summary>Our own, oldest first, then the first thousand packets that the relay keeps for others.</summary>
    public IReadOnlyList<PublicationAnswer> All =>
    [
        .. _publications.Values.OrderBy(publication => publication.Kept.StartedAt).Select(publication => publication.Answer()),
        .. (_pkarr?.Kept() ?? []).Take(MaxPublications).Select(AnswerOf),
    ];

    /// <summary>Reads what was kept before, and goes on with it.</summary>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        await LoadAsync(cancellationToken).ConfigureAwait(false);
        _loop = LoopAsync();
    }

    /// <summary>Keeps what has just been told.</summary>
    /// <exception cref="StoreUnavailableException">The store cannot keep it.</exception>
    public async Task<PublicationAnswer> KeepAsync(KeptPublication kept, Told told, CancellationToken cancellationToken)
    {
        DateTimeOffset now = _time.GetUtcNow();
        Publication publication = new(kept, _networks[kept.Network]);
        publication.TellEnded(told, now);
        byte[] value = JsonSerializer.SerializeToUtf8Bytes(kept, V1Json.Default.KeptPublication);
        PutResult result = await _store.PutAsync(Shelf.DaemonPublications, Encoding.UTF8.GetBytes(kept.Id), new StoredRecord(value, now.UtcTicks, now + s_forever, now), null, cancellationToken).ConfigureAwait(false);
        if (result != PutResult.Stored)
        {
            throw new V1Exception(503, "The store has no room for another publication.");
        }

        _publications[kept.Id] = publication;
        return publication.Answer();
    }

    /// <exception cref="V1Exception">No more can be kept.</exception>
    public void RequireRoom()
    {
        if (_publications.Count >= MaxPublications)
        {
            throw new V1Exception(409, $"{MaxPublications} publications are kept already, the most there can be; delete some first.");
        }
    }

    public async Task<CheckAnswer> CheckAsync(string id, CancellationToken cancellationToken)
    {
        Publication publication = Find(id);
        Found found = await publication.Network.CheckAsync(publication.Kept, cancellationToken).ConfigureAwait(false);
        CheckAnswer check = new(_time.GetUtcNow(), found.IsFound, found.Text);
        publication.Checked(check);
        return check;
    }

    public async Task DeleteAsync(string id, CancellationToken cancellationToken)
    {
        Publication publication = Find(id);
        await _store.DeleteAsync(Shelf.DaemonPublications, Encoding.UTF8.GetBytes(id), cancellationToken).ConfigureAwait(false);
        _publications.TryRemove(id, out _);
        if (_running.TryGetValue(id, out Task? running))
        {
            // A round that is under way would put back what is taken back.
            await running.WaitAsync(cancellationToken).ConfigureAwait(false);
        }

        if (publication.Kept.IsAnnouncement)
        {
            await WithdrawAsync(publication, cancellationToken).ConfigureAwait(false);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _closing.CancelAsync().ConfigureAwait(false);
        await _loop.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await Task.WhenAll(_running.Values).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _closing.Dispose();
    }

    public static string NewId() => Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(8));

    private static PublicationAnswer AnswerOf(KeptPkarrPacket packet) => new(
        PkarrPrefix + packet.Key,
        "mainline",
        "pkarr",
        packet.Key,
        packet.PublishedAt,
        packet.PublishedAt,
        packet.Holders,
        packet.Holders,
        packet.DueAt,
        null);

    private Publication Find(string id) => id.StartsWith(PkarrPrefix, StringComparison.Ordinal)
        ? throw new V1Exception(409, "A pkarr packet belongs to its author, who put it through the relay: it leaves when the author's term is over.")
        : _publications.TryGetValue(id, out Publication? publication)
        ? publication
        : throw new V1Exception(404, $"There is no publication '{Shown.Of(id)}'; GET /v1/publications lists those there are.");

    private async Task WithdrawAsync(Publication publication, CancellationToken cancellationToken)
    {
        try
        {
            await publication.Network.WithdrawAsync(publication.Kept.Key, publication.Kept.Port, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception exception) when (Trouble.IsOfTheNetwork(exception))
        {
            // It expires where it is.
            DaemonLog.NotWithdrawn(_logger, publication.Kept.Network, exception.Message);
        }
    }

    private async Task LoadAsync(CancellationToken cancellationToken)
    {
        try
        {
            IReadOnlyList<KeyedRecord> page = await _store.ListAsync(Shelf.DaemonPublications, null, MaxPublications, cancellationToken).ConfigureAwait(false);
            DateTimeOffset now = _time.GetUtcNow();
            foreach (KeyedRecord record in page)
            {
                if (Read(record.Record.Value) is KeptPublication kept && _networks.TryGetValue(kept.Network, out DaemonNetwork? network))
                {
                    Publication publication = new(kept, network);
                    publication.DueAt(now);
                    _publications.TryAdd(kept.Id, publication);
                }
            }

            _isLoaded = true;
        }
        catch (StoreUnavailableException exception)
        {
            DaemonLog.PublicationsNotRead(_logger, exception.Message);
        }
    }

    private static KeptPublication? Read(ReadOnlyMemory<byte> value)
    {
        try
        {
            return JsonSerializer.Deserialize(value.Span, V1Json.Default.KeptPublication);
        }
        catch (JsonException)
        {
            // Of a version that we are not.
            return null;
        }
    }

    private async Task LoopAsync()
    {
        using PeriodicTimer timer = new(s_tick, _time);
        while (await timer.WaitForNextTickAsync(_closing.Token).ConfigureAwait(false))
        {
            if (!_isLoaded)
            {
                await LoadAsync(_closing.Token).ConfigureAwait(false);
            }

            DateTimeOffset now = _time.GetUtcNow();
            IEnumerable<Publication> due = _publications.Values
                .Where(publication => publication.NextAt <= now && !_running.ContainsKey(publication.Kept.Id))
                .OrderBy(publication => publication.NextAt);
            foreach (Publication publication in due.Where(publication => publication.Network.IsReady).Take(MaxAtOnce - _running.Count).ToArray())
            {
                Start(publication);
            }
        }
    }

    private void Start(Publication publication)
    {
        // In the list before it can be over, and take itself out.
        TaskCompletionSource begin = new(TaskCreationOptions.RunContinuationsAsynchronously);
        _running[publication.Kept.Id] = TellAsync(publication, begin.Task);
        begin.SetResult();
    }

    private async Task TellAsync(Publication publication, Task begin)
    {
        await begin.ConfigureAwait(false);
        KeptPublication kept = publication.Kept;
        Told told = default;
        try
        {
            told = kept.IsAnnouncement
                ? await publication.Network.AnnounceAsync(kept.Key, kept.Port, _closing.Token).ConfigureAwait(false)
                : (await publication.Network.PutValueAsync(new PutValue(kept.Value, kept.IsMutable, kept.Salt, kept.Sequence), _closing.Token).ConfigureAwait(false)).Told;
        }
        catch (Exception exception) when (Trouble.IsOfTheNetwork(exception) || exception is StoreUnavailableException)
        {
            DaemonLog.NotTold(_logger, kept.Network, exception.Message);
        }
        finally
        {
            publication.TellEnded(told, _time.GetUtcNow());
            _running.TryRemove(kept.Id, out _);
        }
    }
}
