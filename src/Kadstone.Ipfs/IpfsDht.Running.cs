using System.Runtime.CompilerServices;
using Kadstone.Crypto;
using Kadstone.Ipfs.Core;
using Kadstone.Storage;

namespace Kadstone.Ipfs;

/// <summary>What the verbs stand on: the nodes, their joining and upkeep, and the end of all.</summary>
public sealed partial class IpfsDht
{
    private const int Width = 20;

    // Ten times what a busy peer asks for, and far below what a core answers.
    private const int UsualRequestsPerSecond = 200;

    private static readonly TimeSpan s_upkeepInterval = TimeSpan.FromMinutes(1);

    // Who knows nobody asks the bootstrap peers so often: a network that is back is found within half a minute, with the dials' own patience.
    private static readonly TimeSpan s_joinInterval = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan s_sweepInterval = TimeSpan.FromHours(1);

    private DateTimeOffset _nextSweep;

    private IEnumerable<KadNode> CreateNodes()
    {
        foreach (KadScope scope in new[] { KadScope.Wan, KadScope.Lan }.Where(scope => _options.Scope.HasFlag(scope)))
        {
            AddressPolicy policy = _options.Policy ?? (scope == KadScope.Wan ? AddressPolicy.Public : AddressPolicy.Lan);
            KadSettings settings = new()
            {
                Self = LocalPeer,
                Policy = policy,
                RequestsPerSecond = _options.RequestsPerPeer ?? (policy == AddressPolicy.Public ? UsualRequestsPerSecond : null),
                Rules = _rules,
                Width = Width,
                RefreshInterval = _options.RefreshInterval,
            };
            string protocol = $"{_options.ProtocolPrefix}{(scope == KadScope.Lan ? "/lan" : "")}/kad/1.0.0";
            KadNode node = new(scope, protocol, settings, Host, _desk, _logger, _time, new SecureRandom(), _options.RequestTimeout);
            node.Reside(Addresses);
            node.Serve(_options.Mode == KadMode.Server || (_options.Mode == KadMode.Auto && settings.Policy != AddressPolicy.Public));
            foreach (Multiaddr address in _options.Bootstrap)
            {
                if (address.Peer is PeerId peer && !DnsAddrResolver.IsNamed(address))
                {
                    node.AddBootstrap(new PeerInfo(peer, [address.WithoutPeer()]));
                }
            }

            yield return node;
        }
    }

    private QueryRun Run(Func<KadNode, KadQuery> make) => new(_nodes, make);

    /// <summary>Gives an operation its time, and names what ended it.</summary>
    private async IAsyncEnumerable<QueryEvent> GuardAsync(Func<CancellationToken, IAsyncEnumerable<QueryEvent>> operation, DhtOperationOptions? options, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        ThrowIfClosed();
        TimeSpan timeout = options?.Timeout ?? _options.OperationTimeout;
        using CancellationTokenSource patience = new(timeout, _time);
        using CancellationTokenSource any = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, cancellationToken, _closing.Token);
        IAsyncEnumerator<QueryEvent> events = operation(any.Token).GetAsyncEnumerator(any.Token);
        await using (events.ConfigureAwait(false))
        {
            while (await MoveAsync(events, timeout, cancellationToken).ConfigureAwait(false))
            {
                yield return events.Current;
            }
        }
    }

    private async ValueTask<bool> MoveAsync(IAsyncEnumerator<QueryEvent> events, TimeSpan timeout, CancellationToken cancellationToken)
    {
        try
        {
            return await events.MoveNextAsync().ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is OperationCanceledException or ObjectDisposedException && !cancellationToken.IsCancellationRequested)
        {
            throw _closing.IsCancellationRequested || exception is ObjectDisposedException
                ? new NodeOfflineException("The node is closed.", exception)
                : new DhtTimeoutException($"The operation took longer than {timeout}.", exception);
        }
    }

    private void ThrowIfClosed()
    {
        if (_closing.IsCancellationRequested)
        {
            throw new NodeOfflineException("The node is closed.");
        }
    }

    private static NoPeersException NobodyToAsk() => new("There is nobody to ask: no peer is known that serves the DHT.");

    private void Reside()
    {
        IReadOnlyList<Multiaddr> addresses = Addresses;
        Array.ForEach(_nodes, node => node.Reside(addresses));
    }

    private void OnIdentified(object? sender, IdentifiedPeer peer)
    {
        Array.ForEach(_nodes, node => node.Identified(peer));
        ServeIfReachable();
    }

    private void OnDisconnected(object? sender, PeerId peer) => Array.ForEach(_nodes, node => node.Disconnected(peer));

    private async Task JoinAsync()
    {
        await Task.WhenAll(_options.Bootstrap.Select(MeetAsync)).ConfigureAwait(false);
        if (_options.Bootstrap.Count == 0)
        {
            return;
        }

        try
        {
            await GuardAsync(token => ApproachAsync(LocalPeer.Bytes, token), null, _closing.Token).ConsumeAsync(_closing.Token).ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is DhtException or OperationCanceledException)
        {
            // Nobody is there now: the upkeep tries again.
        }
    }

    private async Task MeetAsync(Multiaddr address)
    {
        try
        {
            await ConnectAsync(address, _closing.Token).ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is IOException or OperationCanceledException or ObjectDisposedException or NodeOfflineException)
        {
            IpfsLog.CannotMeet(_logger, address.ToString(), exception.Message);
        }
    }

    private async Task KeepUpAsync()
    {
        using PeriodicTimer timer = new(s_upkeepInterval, _time);
        try
        {
            while (await timer.WaitForNextTickAsync(_closing.Token).ConfigureAwait(false))
            {
                Reside();
                await KeepReachabilityAsync().ConfigureAwait(false);
                await SweepAsync().ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException)
        {
        }
    }

    private async Task KeepJoinedAsync()
    {
        using PeriodicTimer timer = new(s_joinInterval, _time);
        try
        {
            while (await timer.WaitForNextTickAsync(_closing.Token).ConfigureAwait(false))
            {
                if (Array.TrueForAll(_nodes, node => node.Contacts().Length == 0))
                {
                    await JoinAsync().ConfigureAwait(false);
                }
            }
        }
        catch (OperationCanceledException)
        {
        }
    }

    private async Task<bool> PutAgainAsync(ReadOnlyMemory<byte> key, ReadOnlyMemory<byte> value, CancellationToken cancellationToken)
    {
        // A store that is full for now is no reason to give up what others shall hold.
        if (await _desk.PutAsync(key, value, cancellationToken).ConfigureAwait(false) is RecordVerdict.Invalid or RecordVerdict.Worse)
        {
            return false;
        }

        await GuardAsync(token => FinishAsync(RunPut(key, value), token), null, cancellationToken).ConsumeAsync(cancellationToken).ConfigureAwait(false);
        return true;
    }

    private static async IAsyncEnumerable<QueryEvent> FinishAsync(QueryRun run, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using (run)
        {
            await foreach (QueryEvent happened in run.EventsAsync(cancellationToken).ConfigureAwait(false))
            {
                yield return happened;
            }

            if (run.HadNobody)
            {
                throw NobodyToAsk();
            }
        }
    }

    private async Task SweepAsync()
    {
        DateTimeOffset now = _time.GetUtcNow();
        if (now < _nextSweep)
        {
            return;
        }

        _nextSweep = now + s_sweepInterval;
        try
        {
            await _store.SweepAsync(now, _closing.Token).ConfigureAwait(false);
        }
        catch (StoreUnavailableException exception)
        {
            IpfsLog.StoreFailed(_logger, exception.Message);
        }
    }

    private async Task DisposeOnceAsync()
    {
        // Off the caller's lock and thread: a callback may have called us.
        await Task.Yield();
        await _closing.CancelAsync().ConfigureAwait(false);
        Host.Identified -= OnIdentified;
        Host.Disconnected -= OnDisconnected;
        await Task.WhenAll(_joining, _rejoining, _upkeep, _retelling).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        foreach (KadNode node in _nodes)
        {
            await node.DisposeAsync().ConfigureAwait(false);
        }

        _metrics?.Dispose();
        await Host.DisposeAsync().ConfigureAwait(false);
        if (_ownsStore)
        {
            await _store.DisposeAsync().ConfigureAwait(false);
        }
    }
}
