using System.Buffers;
using System.Globalization;
using System.Text;
using Microsoft.AspNetCore.Http;

namespace Kadstone.Daemon.Kubo;

/// <summary>An answer of one JSON object a line, each sent at once, and a trailer that names what ended it too early.</summary>
/// <remarks>Kestrel sends no trailers over HTTP/1.1. With Transfer-Encoding set by us it leaves the chunks to us, and so the trailer as well.</remarks>
internal sealed class LineStream
{
    private const string ErrorTrailer = "X-Stream-Error";
    private const int MaxErrorLength = 1024;

    private readonly HttpResponse _response;
    private readonly bool _isChunked;

    public LineStream(HttpContext context)
    {
        _response = context.Response;
        _isChunked = !HttpProtocol.IsHttp10(context.Request.Protocol);
        _response.ContentType = "application/json";
        _response.Headers["X-Chunked-Output"] = "1";
        if (_isChunked)
        {
            _response.Headers.Trailer = ErrorTrailer;
            _response.Headers.TransferEncoding = "chunked";
        }
    }

    public async Task WriteAsync(ReadOnlyMemory<byte> line, CancellationToken cancellationToken)
    {
        if (_isChunked)
        {
            WriteAscii(string.Create(CultureInfo.InvariantCulture, $"{line.Length + 1:x}\r\n"));
        }

        _response.BodyWriter.Write(line.Span);
        _response.BodyWriter.Write(_isChunked ? "\n\r\n"u8 : "\n"u8);
        await _response.BodyWriter.FlushAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <param name="error">What went wrong, for the trailer; null when nothing did.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public async Task EndAsync(string? error, CancellationToken cancellationToken)
    {
        if (_isChunked)
        {
            WriteAscii(error is null ? "0\r\n\r\n" : $"0\r\n{ErrorTrailer}: {Clean(error)}\r\n\r\n");
        }

        await _response.BodyWriter.FlushAsync(cancellationToken).ConfigureAwait(false);
    }

    // A text of the network may hold what would begin another header.
    private static string Clean(string text) => new([.. text.Take(MaxErrorLength).Select(letter => letter is >= ' ' and <= '~' ? letter : '?')]);

    private void WriteAscii(string text) => Encoding.ASCII.GetBytes(text, _response.BodyWriter);
}
