using System.Collections.Concurrent;
using Kadstone.Datagrams;
using Kadstone.Hyperswarm.Core;
using Microsoft.Extensions.Logging;

namespace Kadstone.Hyperswarm;

/// <summary>Runs the handlers of custom commands, outside of the core's lock, a few at a time.</summary>
internal sealed class Responder(DatagramDriver<RpcProtocol> driver, ILogger logger) : IAsyncDisposable
{
    private const int Workers = 8;

    private readonly ConcurrentDictionary<uint, Func<RpcRequest, CancellationToken, ValueTask<RpcReply>>> _handlers = new();
    private readonly CancellationTokenSource _closing = new();
    private readonly Signal _arrived = new();
    private Task[] _workers = [];

    internal void Start()
    {
        driver.Run((protocol, _) => protocol.InboundRequests.Arrived = _arrived.Set);
        _workers = [.. Enumerable.Range(0, Workers).Select(_ => WorkAsync())];
    }

    internal void Serve(RpcCommand command, Func<RpcRequest, CancellationToken, ValueTask<RpcReply>> handler)
    {
        _handlers[command.Number] = handler;
        driver.Run((protocol, _) => protocol.Serve(command.Number));
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

    private async Task WorkAsync()
    {
        while (true)
        {
            await _arrived.WaitAsync(_closing.Token).ConfigureAwait(false);
            while (driver.Run(0, static (protocol, _, now) => protocol.InboundRequests.TryTake(now, out InboundRequest? next) ? next : null) is InboundRequest inbound)
            {
                await HandleAsync(inbound).ConfigureAwait(false);
            }
        }
    }

    // Whatever a handler throws is its own affair: the asker hears nothing and asks again.
    private async Task HandleAsync(InboundRequest inbound)
    {
        try
        {
            RpcReply reply = await _handlers[inbound.Request.Command](inbound.Request, _closing.Token).ConfigureAwait(false);
            driver.Run((protocol, now) => protocol.Answer(inbound, reply, now));
        }
        catch (Exception exception) when (exception is not OperationCanceledException || !_closing.IsCancellationRequested)
        {
            RpcLog.HandlerFailed(logger, inbound.Request.Command, exception);
        }
    }
}
