using System.Collections.Frozen;
using Kadstone.Daemon.Http;
using Kadstone.Ipfs;
using Kadstone.Libp2p;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Kadstone.Daemon.Kubo;

/// <summary>A command of <c>/api/v0</c>.</summary>
internal delegate Task KuboCommand(KuboCall call, CancellationToken cancellationToken);

/// <summary><c>/api/v0</c>: finds the command, bounds its time, and tells failures as Kubo does.</summary>
internal sealed class KuboRpc(IEnumerable<(string Name, KuboCommand Command)> commands, IpfsDaemonOptions options, TimeProvider time, ILogger logger, CancellationToken closing)
{
    public const string Prefix = "/api/v0/";

    // Nobody follows a stream for less.
    private static readonly TimeSpan s_brief = TimeSpan.FromMilliseconds(100);

    private readonly FrozenDictionary<string, KuboCommand> _commands = commands.ToFrozenDictionary(pair => pair.Name, pair => pair.Command, StringComparer.Ordinal);

    public async Task InvokeAsync(HttpContext context)
    {
        if (!_commands.TryGetValue((context.Request.Path.Value ?? "")[Prefix.Length..], out KuboCommand? command))
        {
            await PlainText.AnswerAsync(context, StatusCodes.Status404NotFound, "404 page not found").ConfigureAwait(false);
            return;
        }

        if (!HttpMethods.IsPost(context.Request.Method))
        {
            context.Response.Headers.Allow = "POST, OPTIONS";
            if (HttpMethods.IsOptions(context.Request.Method))
            {
                context.Response.StatusCode = StatusCodes.Status204NoContent;
                return;
            }

            await PlainText.AnswerAsync(context, StatusCodes.Status405MethodNotAllowed, "405 - Method Not Allowed").ConfigureAwait(false);
            return;
        }

        KuboCall call = new(context);
        try
        {
            await RunAsync(command, call, context.RequestAborted).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            // Nobody waits for an answer any more.
        }
    }

    private async Task RunAsync(KuboCommand command, KuboCall call, CancellationToken aborted)
    {
        using CancellationTokenSource timeout = new();
        using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, aborted, closing);
        (int Status, string Message, int Code) failure;
        try
        {
            TimeSpan asked = call.Duration("timeout") ?? options.RequestTimeout;
            long began = time.GetTimestamp();
            call.IsBrief = asked <= s_brief;
            call.IsLate = () => time.GetElapsedTime(began) >= asked;
            using ITimer timer = time.CreateTimer(_ => timeout.Cancel(), null, asked < options.RequestTimeout ? asked : options.RequestTimeout, Timeout.InfiniteTimeSpan);
            await command(call, either.Token).ConfigureAwait(false);
            return;
        }
        catch (KuboException exception)
        {
            failure = (exception.Status, exception.Message, exception.Code);
        }
        catch (BadHttpRequestException exception)
        {
            failure = (exception.StatusCode, exception.Message, 1);
        }
        catch (Exception exception) when (exception is DhtTimeoutException || (exception is OperationCanceledException && timeout.IsCancellationRequested))
        {
            failure = (StatusCodes.Status500InternalServerError, "context deadline exceeded", 0);
        }
        catch (OperationCanceledException) when (closing.IsCancellationRequested)
        {
            failure = (StatusCodes.Status503ServiceUnavailable, "the node is closing", 0);
        }
        catch (RecordNotFoundException)
        {
            failure = (StatusCodes.Status500InternalServerError, "routing: not found", 0);
        }
        catch (NoPeersException)
        {
            failure = (StatusCodes.Status500InternalServerError, "failed to find any peer in table", 0);
        }
        catch (Exception exception) when (exception is DhtException or PeerUnreachableException or ProtocolNotSupportedException or IOException or InvalidDataException)
        {
            failure = (StatusCodes.Status500InternalServerError, exception.Message, 0);
        }
#pragma warning disable CA1031 // The last resort: the client gets an answer, the log the reason.
        catch (Exception exception) when (exception is not OperationCanceledException)
#pragma warning restore CA1031
        {
            DaemonLog.CommandFailed(logger, exception);
            failure = (StatusCodes.Status500InternalServerError, "internal error", 0);
        }

        await call.FailAsync(failure.Status, failure.Message, failure.Code, aborted).ConfigureAwait(false);
    }
}
