using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Schema;
using System.Text.RegularExpressions;
using Kadstone.Daemon.V1.Answers;

namespace Kadstone.Daemon.V1;

/// <summary>The description of the API in OpenAPI 3.1, made of the same routes that are mapped.</summary>
internal static partial class OpenApi
{
    public static byte[] Describe(IEnumerable<V1Route> routes)
    {
        JsonObject paths = [];
        foreach (IGrouping<string, V1Route> path in routes.GroupBy(route => route.Path))
        {
            JsonObject operations = [];
            foreach (V1Route route in path)
            {
                operations[route.Method.ToLowerInvariant()] = Describe(route);
            }

            paths[path.Key] = operations;
        }

        JsonObject document = new()
        {
            ["openapi"] = "3.1.0",
            ["info"] = new JsonObject { ["title"] = "Kadstone", ["version"] = StatusDesk.Version, ["description"] = "The API of a Kadstone daemon." },
            ["paths"] = paths,
            ["components"] = new JsonObject { ["securitySchemes"] = new JsonObject { ["token"] = new JsonObject { ["type"] = "http", ["scheme"] = "bearer" } } },
        };
        using MemoryStream stream = new();
        using (Utf8JsonWriter writer = new(stream))
        {
            document.WriteTo(writer);
        }

        return stream.ToArray();
    }

    private static JsonObject Describe(V1Route route)
    {
        JsonArray parameters = [];
        foreach (Match named in ParameterNames().Matches(route.Path))
        {
            parameters.Add((JsonNode)Parameter(named.Groups[1].Value, "path", null, isRequired: true));
        }

        foreach ((string name, string meaning) in route.Query)
        {
            parameters.Add((JsonNode)Parameter(name, "query", meaning, isRequired: false));
        }

        JsonObject operation = new()
        {
            ["summary"] = route.Summary,
            ["parameters"] = parameters,
            ["responses"] = new JsonObject
            {
                [route.Status.ToString(System.Globalization.CultureInfo.InvariantCulture)] = Answer("A good answer.", route.Answer is null && route.ContentType == "application/json" ? null : route.ContentType, route.Answer?.Invoke().GetJsonSchemaAsNode()),
                ["default"] = Answer("An error, in one sentence.", "application/json", V1Json.Default.ErrorAnswer.GetJsonSchemaAsNode()),
            },
        };
        if (route.Body is { } body)
        {
            operation["requestBody"] = new JsonObject { ["required"] = true, ["content"] = new JsonObject { ["application/json"] = new JsonObject { ["schema"] = body().GetJsonSchemaAsNode() } } };
        }

        return operation;
    }

    private static JsonObject Parameter(string name, string place, string? meaning, bool isRequired)
    {
        JsonObject parameter = new() { ["name"] = name, ["in"] = place, ["required"] = isRequired, ["schema"] = new JsonObject { ["type"] = "string" } };
        if (meaning is not null)
        {
            parameter["description"] = meaning;
        }

        return parameter;
    }

    private static JsonObject Answer(string description, string? contentType, JsonNode? schema)
    {
        JsonObject answer = new() { ["description"] = description };
        if (contentType is not null)
        {
            JsonObject media = [];
            if (schema is not null)
            {
                media["schema"] = schema;
            }

            answer["content"] = new JsonObject { [contentType] = media };
        }

        return answer;
    }

    [GeneratedRegex(@"\{(\w+)\}")]
    private static partial Regex ParameterNames();
}
