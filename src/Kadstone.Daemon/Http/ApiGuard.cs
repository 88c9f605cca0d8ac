using System.Net;
using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;

namespace Kadstone.Daemon.Http;

/// <summary>Who may use the API: no page of another origin, no name that was bound to our address, nobody without the token where one is asked for.</summary>
/// <remarks>
/// A browser lets any page send simple requests to 127.0.0.1. Kubo's rule keeps them out: an Origin or a Referer must be one of
/// ours, and a browser that names neither is refused. The Host rule stops a page whose name was pointed at our address (DNS rebinding).
/// </remarks>
internal sealed class ApiGuard(IpfsDaemonOptions options)
{
    private static readonly string[] s_loopbackNames = ["localhost", "127.0.0.1", "[::1]"];

    private readonly byte[]? _tokenHash = options.Token is string token ? SHA256.HashData(Encoding.UTF8.GetBytes(token)) : null;

    /// <summary>Answers what is refused; else hands the request on.</summary>
    public Task InvokeAsync(HttpContext context, RequestDelegate next)
    {
        IHeaderDictionary headers = context.Response.Headers;
        headers.XContentTypeOptions = "nosniff";
        headers.XFrameOptions = "DENY";
        headers.ContentSecurityPolicy = "default-src 'none'; frame-ancestors 'none'";
        headers.CacheControl = "no-cache";
        headers["Referrer-Policy"] = "no-referrer";
        headers["Cross-Origin-Resource-Policy"] = "same-origin";
        HttpRequest request = context.Request;
        if (!IsOurs(request) || !ComesFromUs(request))
        {
            return RefuseAsync(context, StatusCodes.Status403Forbidden, "403 - Forbidden", "This page or name may not use the API; AllowedOrigins and AllowedHosts say who may.");
        }

        if (One(request.Headers.Origin) is string origin && IsNamedOrigin(origin) && !IsOwnOrigin(origin, request))
        {
            Share(headers, origin);
            if (HttpMethods.IsOptions(request.Method))
            {
                context.Response.StatusCode = StatusCodes.Status204NoContent;
                return Task.CompletedTask;
            }
        }

        if (!HasToken(request))
        {
            headers.WWWAuthenticate = "Bearer";
            return RefuseAsync(context, StatusCodes.Status401Unauthorized, "401 - Unauthorized", "The API asks for its token, as Authorization: Bearer TOKEN.");
        }

        return next(context);
    }

    // Each surface refuses in its own tongue.
    private static Task RefuseAsync(HttpContext context, int status, string line, string sentence) => context.Request.Path.StartsWithSegments("/v1", StringComparison.Ordinal)
        ? JsonError.AnswerAsync(context, status, sentence)
        : PlainText.AnswerAsync(context, status, line);

    /// <summary>Whether the Host is a loopback name, the very address that the request came to, or a name of the options.</summary>
    private bool IsOurs(HttpRequest request)
    {
        string host = request.Host.Host;
        return request.Host.HasValue
            && (s_loopbackNames.Contains(host, StringComparer.OrdinalIgnoreCase)
                || options.AllowedHosts.Contains(host, StringComparer.OrdinalIgnoreCase)
                || (IPAddress.TryParse(host, out IPAddress? address) && address.Equals(LocalAddress(request))));
    }

    private bool ComesFromUs(HttpRequest request)
    {
        string? origin = One(request.Headers.Origin);
        string? referer = One(request.Headers.Referer);
        if (One(request.Headers["Sec-Fetch-Site"]) is "cross-site" or "same-site")
        {
            return origin is not null && IsNamedOrigin(origin);
        }

        if (origin is null && referer is null)
        {
            // A page of a browser that tells neither may be anybody's.
            return One(request.Headers.UserAgent)?.StartsWith("Mozilla", StringComparison.OrdinalIgnoreCase) != true;
        }

        return (origin is null || IsAllowedOrigin(origin, request)) && (referer is null || IsAllowedReferer(referer, request));
    }

    private bool IsAllowedReferer(string referer, HttpRequest request) =>
        Uri.TryCreate(referer, UriKind.Absolute, out Uri? uri) && IsAllowedOrigin(uri.GetLeftPart(UriPartial.Authority), request);

    /// <summary>Its own port under a name that <see cref="IsOurs"/> takes, or one of the options.</summary>
    private bool IsAllowedOrigin(string origin, HttpRequest request) => IsNamedOrigin(origin) || IsOwnOrigin(origin, request);

    private bool IsNamedOrigin(string origin) => options.AllowedOrigins.Contains(origin, StringComparer.OrdinalIgnoreCase);

    private static bool IsOwnOrigin(string origin, HttpRequest request) =>
        origin.Equals($"{request.Scheme}://{request.Host.Value}", StringComparison.OrdinalIgnoreCase)
        || s_loopbackNames.Any(name => origin.Equals($"http://{name}:{request.HttpContext.Connection.LocalPort}", StringComparison.OrdinalIgnoreCase));

    private bool HasToken(HttpRequest request)
    {
        if (_tokenHash is null)
        {
            return true;
        }

        const string Bearer = "Bearer ";
        string? given = One(request.Headers.Authorization);
        return given?.StartsWith(Bearer, StringComparison.OrdinalIgnoreCase) == true
            && CryptographicOperations.FixedTimeEquals(SHA256.HashData(Encoding.UTF8.GetBytes(given[Bearer.Length..].Trim())), _tokenHash);
    }

    // Only an origin that the options name may read answers from another page.
    private static void Share(IHeaderDictionary headers, string origin)
    {
        headers.AccessControlAllowOrigin = origin;
        headers.AccessControlAllowMethods = "GET, POST, PUT, DELETE, OPTIONS";
        headers.AccessControlAllowHeaders = "Authorization, Content-Type, Accept";
        headers.AccessControlExposeHeaders = "X-Chunked-Output, X-Stream-Error";
        headers.Vary = "Origin";
        headers["Cross-Origin-Resource-Policy"] = "cross-origin";
    }

    private static IPAddress? LocalAddress(HttpRequest request) =>
        request.HttpContext.Connection.LocalIpAddress is { IsIPv4MappedToIPv6: true } mapped ? mapped.MapToIPv4() : request.HttpContext.Connection.LocalIpAddress;

    // Two values of such a header are a riddle, and the empty one is an opaque origin: both are a stranger's.
    private static string? One(Microsoft.Extensions.Primitives.StringValues values) => values.Count switch
    {
        0 => null,
        1 => values[0],
        _ => "null",
    };
}
