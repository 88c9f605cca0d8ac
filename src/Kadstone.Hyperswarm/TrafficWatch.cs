using System.Threading.Channels;
using Kadstone.Datagrams;
using Kadstone.Hyperswarm.Core;
using Kadstone.Hyperswarm.Core.Records;

namespace Kadstone.Hyperswarm;

/// <summary>Tells those who watch what others ask. While nobody watches, nothing is kept.</summary>
internal sealed class TrafficWatch(DatagramDriver<RpcProtocol> driver, HyperCommands commands) : IAsyncDisposable
{
    private const int MaxBacklog = 4_096;

    private readonly Signal _arrived = new();
    private readonly CancellationTokenSource _closing = new();
    private readonly HashSet<Channel<HyperTraffic>> _watchers = [];
    private readonly Lock _lock = new();
    private bool _isClosed;
    private Task _loop = Task.CompletedTask;

    internal void Start() => _loop = LoopAsync();

    internal Channel<HyperTraffic> Watch()
    {
        // Who does not keep up loses the latest: strangers' requests must not hold up the node.
        Channel<HyperTraffic> channel = Channel.CreateBounded<HyperTraffic>(new BoundedChannelOptions(MaxBacklog) { FullMode = BoundedChannelFullMode.DropWrite });
        lock (_lock)
        {
            if (_isClosed)
            {
                channel.Writer.TryComplete();
            }
            else
            {
                _watchers.Add(channel);
            }
        }

        Listen();
        return channel;
    }

    internal void Leave(Channel<HyperTraffic> channel)
    {
        lock (_lock)
        {
            _watchers.Remove(channel);
        }

        Listen();
    }

    public async ValueTask DisposeAsync()
    {
        await _closing.CancelAsync().ConfigureAwait(false);
        lock (_lock)
        {
            _isClosed = true;
            foreach (Channel<HyperTraffic> watcher in _watchers)
            {
                watcher.Writer.TryComplete();
            }
        }

        await _loop.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _closing.Dispose();
    }

    private void Listen() => driver.Run((_, _) =>
    {
        lock (_lock)
        {
            commands.News.Arrived = _watchers.Count > 0 ? _arrived.Set : null;
        }
    });

    private async Task LoopAsync()
    {
        List<HyperTraffic> news = [];
        while (true)
        {
            await _arrived.WaitAsync(_closing.Token).ConfigureAwait(false);
            news.Clear();
            driver.Run((_, _) =>
            {
                while (commands.News.TryTake(out HyperTraffic traffic))
                {
                    news.Add(traffic);
                }
            });
            lock (_lock)
            {
                foreach (Channel<HyperTraffic> watcher in _watchers)
                {
                    news.ForEach(traffic => watcher.Writer.TryWrite(traffic));
                }
            }
        }
    }
}
