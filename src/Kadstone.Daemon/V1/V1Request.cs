using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Microsoft.AspNetCore.Http;

namespace Kadstone.Daemon.V1;

/// <summary>What a request says, checked and bounded.</summary>
internal static class V1Request
{
    /// <summary>100: the length of a list unless it is asked for another.</summary>
    public const int DefaultLimit = 100;

    /// <summary>1,000: the longest list.</summary>
    public const int MaxLimit = 1000;

    /// <summary>98,304: the most bytes of a body; a value of 64 KiB in base64 fits.</summary>
    public const int MaxBodyLength = 96 << 10;

    public static string Segment(HttpContext context, string name) => context.Request.RouteValues[name] as string ?? "";

    /// <summary>A parameter of the query; null: it is not there.</summary>
    public static string? Query(HttpContext context, string name)
    {
        Microsoft.Extensions.Primitives.StringValues values = context.Request.Query[name];
        return values.Count > 1 ? throw new V1Exception(400, $"{name} is given {values.Count} times; once is allowed.") : values.Count == 0 ? null : values[0];
    }

    public static int Limit(HttpContext context)
    {
        string? text = Query(context, "limit");
        return text is null ? DefaultLimit
            : int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int limit) && limit is >= 1 and <= MaxLimit ? limit
            : throw new V1Exception(400, $"limit is '{Networks.Shown.Of(text)}'; 1 to {MaxLimit} is allowed.");
    }

    /// <summary>Refuses parameters that the route does not know: a misspelt one must not pass for a default.</summary>
    public static void OnlyKnown(HttpContext context, V1Route route)
    {
        foreach (string name in context.Request.Query.Keys)
        {
            if (route.Query.All(known => known.Name != name))
            {
                string allowed = route.Query.Count == 0 ? "none is known here" : $"known are {string.Join(", ", route.Query.Select(known => known.Name))}";
                throw new V1Exception(400, $"The parameter '{Networks.Shown.Of(name)}' is unknown; {allowed}.");
            }
        }
    }

    public static async Task<T> BodyAsync<T>(HttpContext context, JsonTypeInfo<T> type, CancellationToken cancellationToken)
        where T : class
    {
        HttpRequest request = context.Request;
        if (request.ContentType?.Split(';')[0].Trim().Equals("application/json", StringComparison.OrdinalIgnoreCase) != true)
        {
            throw new V1Exception(415, "The body is to be JSON: Content-Type: application/json.");
        }

        byte[] body = new byte[MaxBodyLength + 1];
        int length = request.ContentLength > MaxBodyLength ? body.Length
            : await request.Body.ReadAtLeastAsync(body, body.Length, throwOnEndOfStream: false, cancellationToken).ConfigureAwait(false);
        if (length > MaxBodyLength)
        {
            throw new V1Exception(413, $"The body is longer than {MaxBodyLength} bytes, the most that is read.");
        }

        try
        {
            return JsonSerializer.Deserialize(body.AsSpan(0, length), type) ?? throw new V1Exception(400, "The body is null; an object is expected.");
        }
        catch (JsonException exception)
        {
            throw new V1Exception(400, Explain(exception));
        }
    }

    /// <summary>Whether events are wanted rather than lines.</summary>
    public static bool WantsEvents(HttpContext context) =>
        context.Request.Headers.Accept.Any(accept => accept?.Contains("text/event-stream", StringComparison.OrdinalIgnoreCase) == true);

    // The serializer's own sentence names our types.
    private static string Explain(JsonException exception)
    {
        string place = string.IsNullOrEmpty(exception.Path) || exception.Path == "$" ? "" : $" at {Networks.Shown.Of(exception.Path)}";
        string line = exception.LineNumber is long number ? string.Create(CultureInfo.InvariantCulture, $" (line {number + 1})") : "";
        return $"The body is not the JSON that is expected{place}{line}; /openapi/v1.json describes it.";
    }
}
