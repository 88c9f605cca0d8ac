using System.Collections.Frozen;
using System.Reflection;
using System.Security.Cryptography;
using Microsoft.AspNetCore.Http;

namespace Kadstone.Daemon.Page;

/// <summary>The web page: its files, out of the assembly. Nothing of the node is in them, so that they need no token.</summary>
/// <remarks>
/// It stands before the guard of the API, and hands on what is none of its files. A browser may run nothing but these scripts, show
/// nothing but these styles and talk to nobody but this listener; a string cannot become markup or script even by mistake.
/// </remarks>
internal sealed class PageFiles
{
    /// <summary>What a browser may do with the page.</summary>
    public const string Policy =
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; base-uri 'none'; "
        + "form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'";

    private const string Prefix = "page/";
    private const string Index = "/index.html";

    private static readonly FrozenDictionary<string, string> s_types = new Dictionary<string, string>
    {
        [".html"] = "text/html; charset=utf-8",
        [".css"] = "text/css; charset=utf-8",
        [".js"] = "text/javascript; charset=utf-8",
        [".svg"] = "image/svg+xml",
    }.ToFrozenDictionary(StringComparer.Ordinal);

    private readonly FrozenDictionary<string, PageFile> _files = ReadAll().ToFrozenDictionary(file => file.Path, StringComparer.Ordinal);

    /// <summary>The paths that it answers, besides <c>/</c>.</summary>
    public IEnumerable<string> Paths => _files.Keys;

    /// <summary>Answers a GET or HEAD of one of the files; hands everything else on.</summary>
    public Task InvokeAsync(HttpContext context, RequestDelegate next)
    {
        HttpRequest request = context.Request;
        string path = request.Path.Value is null or "" or "/" ? Index : request.Path.Value;
        bool isRead = HttpMethods.IsGet(request.Method) || HttpMethods.IsHead(request.Method);
        return isRead && _files.TryGetValue(path, out PageFile? file) ? AnswerAsync(context, file) : next(context);
    }

    private static async Task AnswerAsync(HttpContext context, PageFile file)
    {
        HttpResponse response = context.Response;
        IHeaderDictionary headers = response.Headers;
        headers.ContentSecurityPolicy = Policy;
        headers.XContentTypeOptions = "nosniff";
        headers.XFrameOptions = "DENY";
        headers["Cross-Origin-Resource-Policy"] = "same-origin";
        headers["Cross-Origin-Opener-Policy"] = "same-origin";
        // The guard knows the page's own requests by their Referer: a GET of one's own origin has no Origin.
        headers["Referrer-Policy"] = "same-origin";
        // A new daemon brings a new page: asked for each time, and sent when it changed.
        headers.CacheControl = "no-cache";
        headers.ETag = file.Tag;
        if (context.Request.Headers.IfNoneMatch.Any(given => given?.Contains(file.Tag, StringComparison.Ordinal) == true))
        {
            response.StatusCode = StatusCodes.Status304NotModified;
            return;
        }

        response.ContentType = file.Type;
        response.ContentLength = file.Content.Length;
        if (!HttpMethods.IsHead(context.Request.Method))
        {
            await response.Body.WriteAsync(file.Content, context.RequestAborted).ConfigureAwait(false);
        }
    }

    private static IEnumerable<PageFile> ReadAll()
    {
        Assembly assembly = typeof(PageFiles).Assembly;
        foreach (string name in assembly.GetManifestResourceNames().Where(name => name.StartsWith(Prefix, StringComparison.Ordinal)))
        {
            using Stream? stream = assembly.GetManifestResourceStream(name);
            if (stream is not null)
            {
                byte[] content = new byte[stream.Length];
                stream.ReadExactly(content);
                // Resources are named where they are built: a build on Windows has the other slash.
                string path = "/" + name[Prefix.Length..].Replace('\\', '/');
                yield return new PageFile(path, s_types[Path.GetExtension(path)], content, $"\"{Convert.ToHexStringLower(SHA256.HashData(content))[..32]}\"");
            }
        }
    }

    private sealed record PageFile(string Path, string Type, byte[] Content, string Tag);
}
