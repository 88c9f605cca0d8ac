using System.Text.Json;
using System.Threading.Channels;
using Kadstone.Daemon.V1.Answers;
using Kadstone.Daemon.V1.Lookups;
using Microsoft.Extensions.Logging;

namespace Kadstone.Daemon.V1;

/// <summary>What happens, to all who listen: the status once a second, lookups as they begin, go on and end.</summary>
/// <remarks>Each listener has a bounded queue, and one who is slow loses the oldest. While nobody listens nothing is made.</remarks>
internal sealed class EventHub : IAsyncDisposable
{
    /// <summary>32: how many may listen.</summary>
    public const int MaxListeners = 32;

    private const int MaxWaiting = 64;
    private const int MaxNews = 256;
    private const int TicksPerStatus = 4;

    private static readonly TimeSpan s_tick = TimeSpan.FromMilliseconds(250);

    private readonly StatusDesk _status;
    private readonly LookupLog _lookups;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly CancellationTokenSource _closing = new();
    private readonly Lock _lock = new();
    private readonly List<Channel<ServerEvent>> _listeners = [];
    private readonly Channel<LookupTrail> _news = Channel.CreateBounded<LookupTrail>(new BoundedChannelOptions(MaxNews) { FullMode = BoundedChannelFullMode.DropOldest });
    private readonly SemaphoreSlim _somebody = new(0);
    private Task _loops = Task.CompletedTask;

    public EventHub(StatusDesk status, LookupLog lookups, TimeProvider time, ILogger logger)
    {
        _status = status;
        _lookups = lookups;
        _time = time;
        _logger = logger;
    }

    public void Start()
    {
        // Under a node's lock: a note, and no more.
        _lookups.Changed = Note;
        _loops = Task.WhenAll(Task.Run(TickAsync), Task.Run(TellNewsAsync));
    }

    /// <exception cref="V1Exception">Too many listen.</exception>
    public Channel<ServerEvent> Listen()
    {
        Channel<ServerEvent> channel = Channel.CreateBounded<ServerEvent>(new BoundedChannelOptions(MaxWaiting) { FullMode = BoundedChannelFullMode.DropOldest, SingleReader = true });
        lock (_lock)
        {
            if (_listeners.Count >= MaxListeners)
            {
                throw new V1Exception(503, $"{MaxListeners} listeners take the events already, the most there can be.");
            }

            _listeners.Add(channel);
            if (_listeners.Count == 1)
            {
                _somebody.Release();
            }
        }

        return channel;
    }

    public void Leave(Channel<ServerEvent> channel)
    {
        lock (_lock)
        {
            _listeners.Remove(channel);
        }
    }

    public async ValueTask DisposeAsync()
    {
        _lookups.Changed = null;
        await _closing.CancelAsync().ConfigureAwait(false);
        await _loops.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _somebody.Dispose();
        _closing.Dispose();
    }

    private bool HasListeners
    {
        get
        {
            lock (_lock)
            {
                return _listeners.Count > 0;
            }
        }
    }

    private void Note(LookupTrail trail)
    {
        if (HasListeners)
        {
            _news.Writer.TryWrite(trail);
        }
    }

    private async Task TellNewsAsync()
    {
        await foreach (LookupTrail trail in _news.Reader.ReadAllAsync(_closing.Token).ConfigureAwait(false))
        {
            Tell(trail);
        }
    }

    private async Task TickAsync()
    {
        while (true)
        {
            await _somebody.WaitAsync(_closing.Token).ConfigureAwait(false);
            using PeriodicTimer timer = new(s_tick, _time);
            Dictionary<long, int> told = [];
            for (int tick = 0; HasListeners; tick++)
            {
                if (tick % TicksPerStatus == 0)
                {
                    await TellStatusAsync().ConfigureAwait(false);
                }

                Dictionary<long, int> running = [];
                foreach (LookupTrail trail in _lookups.Running())
                {
                    int version = trail.Version;
                    if (told.GetValueOrDefault(trail.Number) != version)
                    {
                        Tell(trail);
                    }

                    running[trail.Number] = version;
                }

                told = running;
                await timer.WaitForNextTickAsync(_closing.Token).ConfigureAwait(false);
            }
        }
    }

    private async Task TellStatusAsync()
    {
        try
        {
            StatusAnswer status = await _status.GetAsync(_closing.Token).ConfigureAwait(false);
            Tell(new ServerEvent("status", JsonSerializer.SerializeToUtf8Bytes(status, V1Json.Default.StatusAnswer)));
        }
#pragma warning disable CA1031 // One status that could not be made must not end the stream for everybody.
        catch (Exception exception) when (exception is not OperationCanceledException)
#pragma warning restore CA1031
        {
            DaemonLog.RequestFailed(_logger, exception);
        }
    }

    private void Tell(LookupTrail trail) => Tell(new ServerEvent("lookup", JsonSerializer.SerializeToUtf8Bytes(trail.Summary(), V1Json.Default.LookupSummary)));

    private void Tell(ServerEvent happened)
    {
        lock (_lock)
        {
            _listeners.ForEach(listener => listener.Writer.TryWrite(happened));
        }
    }
}

/// <summary>One event of a stream.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Json">Its data.</param>
internal sealed record ServerEvent(string Name, byte[] Json);
