using System.Runtime.CompilerServices;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Net.Http.Headers;

namespace Kadstone.Daemon.Kubo;

/// <summary>The files of a multipart body, one after the other.</summary>
internal static class MultipartBody
{
    // RFC 2046 allows 70; the clients of IPFS write longer ones.
    private const int MaxBoundaryLength = 200;
    private const int MaxParts = 1024;

    /// <summary>Reads each part that is a file, of at most <paramref name="limit"/> bytes.</summary>
    /// <exception cref="KuboException">The body is none, is malformed, or a part is too long.</exception>
    public static async IAsyncEnumerable<UploadedFile> ReadAsync(HttpRequest request, int limit, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        MultipartReader reader = new(BoundaryOf(request), request.Body) { HeadersCountLimit = 16, HeadersLengthLimit = 8 << 10 };
        int parts = 0;
        while (await NextAsync(reader, cancellationToken).ConfigureAwait(false) is MultipartSection section)
        {
            if (++parts > MaxParts)
            {
                throw KuboException.BadArgument($"a body has at most {MaxParts} parts");
            }

            byte[] content = await ReadPartAsync(section, limit, cancellationToken).ConfigureAwait(false);

            // A directory is a part without content: what it holds stands in parts of their own.
            if (section.ContentType is not "application/x-directory")
            {
                yield return new UploadedFile(NameOf(section), content);
            }
        }
    }

    private static string NameOf(MultipartSection section) =>
        ContentDispositionHeaderValue.TryParse(section.ContentDisposition, out ContentDispositionHeaderValue? disposition)
            ? Uri.UnescapeDataString(HeaderUtilities.RemoveQuotes(disposition.FileName).ToString())
            : "";

    private static string BoundaryOf(HttpRequest request)
    {
        if (MediaTypeHeaderValue.TryParse(request.ContentType, out MediaTypeHeaderValue? type) && type.MediaType.StartsWith("multipart/", StringComparison.OrdinalIgnoreCase))
        {
            string boundary = HeaderUtilities.RemoveQuotes(type.Boundary).ToString();
            if (boundary.Length is > 0 and <= MaxBoundaryLength)
            {
                return boundary;
            }
        }

        throw KuboException.BadArgument("a body of multipart/form-data with a boundary is required");
    }

    private static async Task<MultipartSection?> NextAsync(MultipartReader reader, CancellationToken cancellationToken)
    {
        try
        {
            return await reader.ReadNextSectionAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is InvalidDataException or IOException and not BadHttpRequestException)
        {
            throw KuboException.BadArgument("the multipart body is malformed");
        }
    }

    private static async Task<byte[]> ReadPartAsync(MultipartSection section, int limit, CancellationToken cancellationToken)
    {
        using MemoryStream content = new();
        byte[] buffer = new byte[16 << 10];
        try
        {
            for (int read; (read = await section.Body.ReadAsync(buffer, cancellationToken).ConfigureAwait(false)) > 0;)
            {
                if (content.Length + read > limit)
                {
                    throw new KuboException(StatusCodes.Status413PayloadTooLarge, $"a file has at most {limit} bytes here", 1);
                }

                content.Write(buffer, 0, read);
            }
        }
        catch (Exception exception) when (exception is InvalidDataException or IOException and not BadHttpRequestException)
        {
            throw KuboException.BadArgument("the multipart body is malformed");
        }

        return content.ToArray();
    }
}

/// <param name="Name">What the client calls it; empty for nothing.</param>
/// <param name="Content">What it holds.</param>
internal readonly record struct UploadedFile(string Name, byte[] Content);
