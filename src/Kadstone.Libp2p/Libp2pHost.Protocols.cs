using Kadstone.Libp2p.Core;

namespace Kadstone.Libp2p;

public sealed partial class Libp2pHost
{
    private readonly Dictionary<string, Func<PeerLink, PeerStream, CancellationToken, Task>> _handlers = [];
    private readonly Lock _handlersLock = new();

    /// <summary>What is served now, in alphabetical order.</summary>
    public IReadOnlyList<string> ServedProtocols => Protocols();

    /// <inheritdoc/>
    public IDisposable Accept(string protocol, Func<PeerStream, CancellationToken, Task> handler)
    {
        ArgumentNullException.ThrowIfNull(protocol);
        ArgumentNullException.ThrowIfNull(handler);
        if (!MultistreamLine.Fits(protocol))
        {
            throw new ArgumentException("A protocol id has 1 to 1,023 bytes and no newline.", nameof(protocol));
        }

        Add(protocol, (_, stream, token) => handler(stream, token));
        Interlocked.Increment(ref _protocolsVersion);
        _changed.Set();
        return new Served(this, protocol);
    }

    private void Add(string protocol, Func<PeerLink, PeerStream, CancellationToken, Task> handler)
    {
        lock (_handlersLock)
        {
            if (!_handlers.TryAdd(protocol, handler))
            {
                throw new InvalidOperationException($"{protocol} is served already.");
            }
        }
    }

    private bool IsSpoken(string protocol)
    {
        lock (_handlersLock)
        {
            return _handlers.ContainsKey(protocol);
        }
    }

    private string[] Protocols()
    {
        lock (_handlersLock)
        {
            return [.. _handlers.Keys.Order(StringComparer.Ordinal)];
        }
    }

    private async Task ServeAsync(PeerLink link, PeerStream stream, CancellationToken cancellationToken)
    {
        Func<PeerLink, PeerStream, CancellationToken, Task>? handler;
        lock (_handlersLock)
        {
            _handlers.TryGetValue(stream.Protocol, out handler);
        }

        link.LastUsed = Now;
        try
        {
            // Whoever is served is among our connections: a handler may open a stream back.
            await link.Registered.Task.WaitAsync(cancellationToken).ConfigureAwait(false);
            await (handler?.Invoke(link, stream, cancellationToken) ?? Task.CompletedTask).ConfigureAwait(false);
            await stream.DisposeAsync().ConfigureAwait(false);
        }
#pragma warning disable CA1031 // Whatever a handler throws ends its stream and nothing else.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            stream.Reset();

            // What a stranger's bytes or leaving cause is no fault of the handler.
            if (exception is not (IOException or InvalidDataException or OperationCanceledException))
            {
                Libp2pLog.HandlerFailed(_logger, stream.Protocol, exception);
            }
        }
    }

    private sealed class Served(Libp2pHost host, string protocol) : IDisposable
    {
        private bool _isOver;

        public void Dispose()
        {
            lock (host._handlersLock)
            {
                if (_isOver)
                {
                    return;
                }

                _isOver = true;
                host._handlers.Remove(protocol);
            }

            Interlocked.Increment(ref host._protocolsVersion);
            host._changed.Set();
        }
    }
}
