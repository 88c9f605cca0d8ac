using System.Collections.Concurrent;
using Kadstone.Datagrams;
using Kadstone.Hyperswarm.Core;
using Microsoft.Extensions.Logging;

namespace Kadstone.Hyperswarm;

/// <summary>Runs the handlers of custom commands, outside of the core's lock, a few at a time.</summary>
internal sealed class Responder(ILogger logger) : IAsyncDisposable
{
    private const int Workers = 8;

    private readonly ConcurrentDictionary<uint, Func<RpcRequest, CancellationToken, ValueTask<RpcReply>>> _queries = new();
    private readonly ConcurrentDictionary<uint, Func<RpcRequest, CancellationToken, ValueTask<RpcReply>>> _commits = new();
    private readonly CancellationTokenSource _closing = new();
    private readonly Signal _arrived = new();
    private Task[] _workers = [];

    /// <summary>The commands that have a handler.</summary>
    internal IEnumerable<uint> Served => _queries.Keys.Concat(_commits.Keys).Distinct();

    internal void OnQuery(uint command, Func<RpcRequest, CancellationToken, ValueTask<RpcReply>> handler) => _queries[command] = handler;

    internal void OnClosest(uint command, Func<RpcRequest, CancellationToken, ValueTask<RpcReply>> handler) => _commits[command] = handler;

    internal void Start(DatagramDriver<RpcProtocol> driver)
    {
        driver.Run((protocol, _) => protocol.InboundRequests.Arrived = _arrived.Set);
        _workers = [.. Enumerable.Range(0, Workers).Select(_ => WorkAsync(driver))];
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

    private async Task WorkAsync(DatagramDriver<RpcProtocol> driver)
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

    // Whatever a handler throws is its own affair: the asker hears nothing and asks again.
    private async Task HandleAsync(DatagramDriver<RpcProtocol> driver, InboundRequest inbound)
    {
        try
        {
            RpcReply reply = await AnswerAsync(inbound.Request).ConfigureAwait(false);
            driver.Run((protocol, now) => protocol.Answer(inbound, reply, now));
        }
        catch (RpcDropException)
        {
            // That is how a handler says that it does not answer.
        }
        catch (Exception exception) when (exception is not OperationCanceledException || !_closing.IsCancellationRequested)
        {
            RpcLog.HandlerFailed(logger, inbound.Request.Command, exception);
        }
    }

    private ValueTask<RpcReply> AnswerAsync(RpcRequest request)
    {
        if (request.IsCommit && _commits.TryGetValue(request.Command, out var onClosest))
        {
            return onClosest(request, _closing.Token);
        }

        // Where commits alone have a handler, the walk before them still has to get its token.
        return _queries.TryGetValue(request.Command, out var onQuery)
            ? onQuery(request, _closing.Token)
            : ValueTask.FromResult(RpcReply.Empty);
    }
}
