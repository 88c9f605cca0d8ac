using System.Text.Json;
using Kadstone.Daemon.V1.Answers;
using Microsoft.AspNetCore.Http;

namespace Kadstone.Daemon.Http;

/// <summary>An error of <c>/v1</c>: a status, and one sentence as JSON.</summary>
internal static class JsonError
{
    public static Task AnswerAsync(HttpContext context, int status, string sentence)
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = "application/json; charset=utf-8";
        byte[] body = JsonSerializer.SerializeToUtf8Bytes(new ErrorAnswer(sentence), V1Json.Default.ErrorAnswer);
        context.Response.ContentLength = body.Length;
        return HttpMethods.IsHead(context.Request.Method) ? Task.CompletedTask : context.Response.Body.WriteAsync(body, context.RequestAborted).AsTask();
    }
}
