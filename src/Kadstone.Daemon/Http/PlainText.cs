using Microsoft.AspNetCore.Http;

namespace Kadstone.Daemon.Http;

/// <summary>Short answers for people.</summary>
internal static class PlainText
{
    public static Task AnswerAsync(HttpContext context, int status, string text)
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = "text/plain; charset=utf-8";
        return context.Response.WriteAsync(text + "\n", context.RequestAborted);
    }
}
