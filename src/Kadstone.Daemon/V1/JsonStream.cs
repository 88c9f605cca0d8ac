using System.Buffers;
using System.Text;
using Microsoft.AspNetCore.Http;

namespace Kadstone.Daemon.V1;

/// <summary>JSON objects one after another: a line each, or as server-sent events.</summary>
internal sealed class JsonStream
{
    private readonly HttpResponse _response;
    private readonly bool _asEvents;

    public JsonStream(HttpContext context, bool asEvents)
    {
        _response = context.Response;
        _asEvents = asEvents;
        _response.ContentType = asEvents ? "text/event-stream" : "application/x-ndjson";
        _response.Headers.CacheControl = "no-store";
    }

    /// <summary>Sends the head, so that the caller knows that it is heard.</summary>
    public async Task BeginAsync(CancellationToken cancellationToken)
    {
        _response.BodyWriter.Write(": begin\n\n"u8);
        await _response.BodyWriter.FlushAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Sends one, at once. JSON of ours has no line break in it, which would end an event's data.</summary>
    public async Task WriteAsync(string name, ReadOnlyMemory<byte> json, CancellationToken cancellationToken)
    {
        if (_asEvents)
        {
            Encoding.ASCII.GetBytes($"event: {name}\ndata: ", _response.BodyWriter);
        }

        _response.BodyWriter.Write(json.Span);
        _response.BodyWriter.Write(_asEvents ? "\n\n"u8 : "\n"u8);
        await _response.BodyWriter.FlushAsync(cancellationToken).ConfigureAwait(false);
    }
}
