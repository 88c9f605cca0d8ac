using System.Collections.Concurrent;
using Kadstone.Datagrams;
using Kadstone.Hyperswarm.Core;
using Kadstone.Hyperswarm.Core.Gen1;
using Microsoft.Extensions.Logging;

namespace Kadstone.Hyperswarm;

/// <summary>Runs the handlers of custom commands of the first generation, outside of the core's lock, a few at a time.</summary>
internal sealed class Gen1Responder(ILogger logger) : IAsyncDisposable
{
    private const int Workers = 8;

    private readonly ConcurrentDictionary<string, Func<RpcRequest, CancellationToken, ValueTask<RpcReply>>> _queries = new();
    private readonly ConcurrentDictionary<string, Func<RpcRequest, CancellationToken, ValueTask<RpcReply>>> _commits = new();
    private readonly CancellationTokenSource _closing = new();
    private readonly Signal _arrived = new();
    private readonly Lock _starting = new();
    private DatagramDriver<Gen1Protocol>? _driver;
    private Task[] _workers = [];

    internal void Start(DatagramDriver<Gen1Protocol> driver)
    {
        lock (_starting)
        {
            _driver = driver;
            driver.Run((protocol, _) =>
            {
                protocol.InboundRequests.Arrived = _arrived.Set;
                foreach (string command in _queries.Keys.Concat(_commits.Keys))
                {
                    protocol.Serve(command);
                }
            });
        }

        _workers = [.. Enumerable.Range(0, Workers).Select(_ => WorkAsync(driver))];
    }

    internal void Serve(string command, Func<RpcRequest, CancellationToken, ValueTask<RpcReply>> handler, bool commits)
    {
        (commits ? _commits : _queries)[command] = handler;
        lock (_starting)
        {
            _driver?.Run((protocol, _) => protocol.Serve(command));
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _closing.CancelAsync().ConfigureAwait(false);
        foreach (Task worker in _workers)
        {
            await worker.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        _closing.Dispose();
    }

    private async Task WorkAsync(DatagramDriver<Gen1Protocol> driver)
    {
        while (true)
        {
            await _arrived.WaitAsync(_closing.Token).ConfigureAwait(false);
            while (driver.Run(0, static (protocol, _, now) => protocol.InboundRequests.TryTake(now, out InboundRequest? next) ? next : null) is InboundRequest inbound)
            {
                await HandleAsync(driver, inbound).ConfigureAwait(false);
            }
        }
    }

    // Whatever a handler throws is its own affair: the asker hears nothing, for this wire has no errors.
    private async Task HandleAsync(DatagramDriver<Gen1Protocol> driver, InboundRequest inbound)
    {
        string command = inbound.Request.CommandName ?? "";
        try
        {
            RpcReply reply = RpcReply.Empty;
            if ((inbound.Request.IsCommit && _commits.TryGetValue(command, out var handler)) || _queries.TryGetValue(command, out handler))
            {
                reply = await handler(inbound.Request, _closing.Token).ConfigureAwait(false);
            }

            driver.Run((protocol, now) => protocol.Answer(inbound, reply, now));
        }
        catch (RpcDropException)
        {
        }
        catch (Exception exception) when (exception is not OperationCanceledException || !_closing.IsCancellationRequested)
        {
            RpcLog.NamedHandlerFailed(logger, command, exception);
        }
    }
}
