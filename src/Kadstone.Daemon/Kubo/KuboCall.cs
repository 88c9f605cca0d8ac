using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Kadstone.Ipfs;
using Kadstone.Libp2p;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;

namespace Kadstone.Daemon.Kubo;

/// <summary>One call of a command: its arguments, its body, and the ways to answer it.</summary>
internal sealed class KuboCall(HttpContext context)
{
    private const int MaxHeld = 1000;

    private readonly List<byte[]> _held = [];
    private LineStream? _stream;

    /// <summary>Every <c>arg</c>, in order.</summary>
    public IReadOnlyList<string> Arguments { get; } = [.. context.Request.Query["arg"].OfType<string>()];

    /// <summary>Whether the time that was asked for is over. A timer may fire late on a busy machine; a clock does not.</summary>
    public Func<bool> IsLate { get; set; } = () => false;

    /// <summary>Whether so little time was asked for that lines are held until the call is over: its answer is whole, or says that the time was too short.</summary>
    public bool IsBrief { get; set; }

    /// <summary>The first <c>arg</c>.</summary>
    public string Argument(string name) =>
        Arguments.Count > 0 ? Arguments[0] : throw KuboException.BadArgument($"argument \"{name}\" is required");

    /// <summary>An option, or null when it is not given. Unknown ones are never asked for, and so ignored.</summary>
    public string? Option(string name) => context.Request.Query.TryGetValue(name, out StringValues values) ? values[^1] : null;

    /// <summary>Whether an option is true.</summary>
    public bool Flag(string name) => Option(name) is "true" or "1" or "";

    /// <summary>A count, or what stands for it.</summary>
    public int Number(string name, int fallback, int least, int most) => Option(name) switch
    {
        null => fallback,
        string text when int.TryParse(text, System.Globalization.CultureInfo.InvariantCulture, out int number) && number >= least => Math.Min(number, most),
        string text => throw KuboException.BadArgument($"invalid value \"{text}\" for option \"{name}\""),
    };

    /// <summary>A duration as Go writes it, or null when it is not given.</summary>
    public TimeSpan? Duration(string name) => Option(name) switch
    {
        null => null,
        string text when GoDuration.TryParse(text, out TimeSpan duration) && duration > TimeSpan.Zero => duration,
        string text => throw KuboException.BadArgument($"invalid value \"{text}\" for option \"{name}\""),
    };

    /// <summary>The first argument as a peer id, in any of its texts.</summary>
    public PeerId PeerArgument() =>
        PeerId.TryParse(Argument("peerID"), out PeerId? peer) ? peer : throw KuboException.Failed("invalid peer ID");

    /// <summary>The parts of the body, each held by <paramref name="limit"/>.</summary>
    public IAsyncEnumerable<UploadedFile> FilesAsync(int limit, CancellationToken cancellationToken) => MultipartBody.ReadAsync(context.Request, limit, cancellationToken);

    /// <summary>The first part of the body.</summary>
    public async Task<byte[]> FileAsync(string name, int limit, CancellationToken cancellationToken)
    {
        await foreach (UploadedFile file in FilesAsync(limit, cancellationToken).ConfigureAwait(false))
        {
            return file.Content;
        }

        throw KuboException.BadArgument($"file argument '{name}' is required");
    }

    /// <summary>Answers with one object.</summary>
    public async Task AnswerAsync<T>(T answer, JsonTypeInfo<T> type, CancellationToken cancellationToken)
    {
        context.Response.ContentType = "application/json";
        await context.Response.Body.WriteAsync(JsonSerializer.SerializeToUtf8Bytes(answer, type), cancellationToken).ConfigureAwait(false);
    }

    /// <summary>One line of a stream; the first one sends the head. Behind it a timeout can only stand in the trailer, where few look.</summary>
    public Task WriteLineAsync<T>(T line, JsonTypeInfo<T> type, CancellationToken cancellationToken)
    {
        byte[] bytes = JsonSerializer.SerializeToUtf8Bytes(line, type);
        if (_stream is not null)
        {
            return _stream.WriteAsync(bytes, cancellationToken);
        }

        if (IsLate())
        {
            throw new DhtTimeoutException("The time of the call is over.");
        }

        _held.Add(bytes);
        return IsBrief && _held.Count < MaxHeld ? Task.CompletedTask : SendHeldAsync(cancellationToken);
    }

    /// <summary>Ends a stream, be it without a line.</summary>
    public async Task EndAsync(CancellationToken cancellationToken)
    {
        if (_stream is null && IsBrief)
        {
            if (IsLate())
            {
                throw new DhtTimeoutException("The time of the call is over.");
            }

            // It was in time: the sending of it is no part of that.
            cancellationToken = context.RequestAborted;
        }

        LineStream stream = await SendHeldAsync(cancellationToken).ConfigureAwait(false);
        await stream.EndAsync(error: null, cancellationToken).ConfigureAwait(false);
    }

    private async Task<LineStream> SendHeldAsync(CancellationToken cancellationToken)
    {
        _stream ??= new LineStream(context);
        foreach (byte[] line in _held)
        {
            await _stream.WriteAsync(line, cancellationToken).ConfigureAwait(false);
        }

        _held.Clear();
        return _stream;
    }

    /// <summary>Tells of a failure: as the answer, or behind what was sent.</summary>
    public Task FailAsync(int status, string message, int code, CancellationToken cancellationToken)
    {
        if (_stream is not null)
        {
            return _stream.EndAsync(message, cancellationToken);
        }

        if (context.Response.HasStarted)
        {
            context.Abort();
            return Task.CompletedTask;
        }

        context.Response.StatusCode = status;
        return AnswerAsync(new KuboError(message, code, "error"), KuboJson.Default.KuboError, cancellationToken);
    }
}
