using System.Collections.Concurrent;
using Kadstone.Datagrams;
using Kadstone.Hyperswarm.Core;
using Microsoft.Extensions.Logging;

namespace Kadstone.Hyperswarm;

/// <summary>Runs the handlers of custom commands, outside of the core's lock, a few at a time.</summary>
internal sealed class Responder<TCore>(ILogger logger) : IAsyncDisposable
    where TCore : class, INodeCore
{
    private const int Workers = 8;

    // By what a request of the wire tells: a name, or a number.
    private readonly ConcurrentDictionary<RpcCommand, Func<RpcRequest, CancellationToken, ValueTask<RpcReply>>> _queries = new();
    private readonly ConcurrentDictionary<RpcCommand, Func<RpcRequest, CancellationToken, ValueTask<RpcReply>>> _commits = new();
    private readonly CancellationTokenSource _closing = new();
    private readonly Signal _arrived = new();
    private readonly Lock _starting = new();
    private DatagramDriver<TCore>? _driver;
    private Task[] _workers = [];

    /// <summary>Call before the first datagram, so that what has a handler by then is answered from the first on.</summary>
    internal void Start(DatagramDriver<TCore> driver)
    {
        lock (_starting)
        {
            _driver = driver;
            driver.Run((core, _) =>
            {
                core.InboundRequests.Arrived = _arrived.Set;
                foreach (RpcCommand command in _queries.Keys.Concat(_commits.Keys))
                {
                    core.Serve(command);
                }
            });
        }

        _workers = [.. Enumerable.Range(0, Workers).Select(_ => WorkAsync(driver))];
    }

    internal void Serve(RpcCommand command, Func<RpcRequest, CancellationToken, ValueTask<RpcReply>> handler, bool commits)
    {
        (commits ? _commits : _queries)[command] = handler;
        lock (_starting)
        {
            _driver?.Run((core, _) => core.Serve(command));
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

    private static RpcCommand CommandOf(RpcRequest request) => new(request.CommandName ?? "", request.Command);

    private async Task WorkAsync(DatagramDriver<TCore> driver)
    {
        while (true)
        {
            await _arrived.WaitAsync(_closing.Token).ConfigureAwait(false);
            while (driver.Run(0, static (core, _, now) => core.InboundRequests.TryTake(now, out InboundRequest? next) ? next : null) is InboundRequest inbound)
            {
                await HandleAsync(driver, inbound).ConfigureAwait(false);
            }
        }
    }

    // Whatever a handler throws is its own affair: the asker hears nothing and asks again.
    private async Task HandleAsync(DatagramDriver<TCore> driver, InboundRequest inbound)
    {
        try
        {
            RpcReply reply = await AnswerAsync(inbound.Request).ConfigureAwait(false);
            driver.Run((core, now) => core.Answer(inbound, reply, now));
        }
        catch (RpcDropException)
        {
            // That is how a handler says that it does not answer.
        }
        catch (Exception exception) when (exception is not OperationCanceledException || !_closing.IsCancellationRequested)
        {
            RpcLog.HandlerFailed(logger, inbound.Request.CommandName ?? $"{inbound.Request.Command}", exception);
        }
    }

    private ValueTask<RpcReply> AnswerAsync(RpcRequest request)
    {
        RpcCommand command = CommandOf(request);
        if (request.IsCommit && _commits.TryGetValue(command, out var onClosest))
        {
            return onClosest(request, _closing.Token);
        }

        // Where commits alone have a handler, the walk before them still has to get its token.
        return _queries.TryGetValue(command, out var onQuery)
            ? onQuery(request, _closing.Token)
            : ValueTask.FromResult(RpcReply.Empty);
    }
}
