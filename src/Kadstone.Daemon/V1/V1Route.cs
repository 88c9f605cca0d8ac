using System.Text.Json.Serialization.Metadata;
using Microsoft.AspNetCore.Http;

namespace Kadstone.Daemon.V1;

/// <summary>Answers a request.</summary>
internal delegate Task V1Handler(HttpContext context, CancellationToken cancellationToken);

/// <summary>One route: how it is asked, what it answers, and who answers. Mapped and described from here.</summary>
/// <param name="Method">GET, POST, PUT or DELETE.</param>
/// <param name="Path">Its path, parameters in braces.</param>
/// <param name="Summary">One sentence.</param>
/// <param name="Answer">What it answers with, made when it is described; null: nothing, or something other than JSON.</param>
/// <param name="Handler">Who answers.</param>
internal sealed record V1Route(string Method, string Path, string Summary, Func<JsonTypeInfo>? Answer, V1Handler Handler)
{
    /// <summary>The status of a good answer.</summary>
    public int Status { get; init; } = StatusCodes.Status200OK;

    /// <summary>What comes as the body; null: nothing.</summary>
    public Func<JsonTypeInfo>? Body { get; init; }

    public string ContentType { get; init; } = "application/json";

    /// <summary>Parameters of the query, and what each means.</summary>
    public IReadOnlyList<(string Name, string Meaning)> Query { get; init; } = [];

    /// <summary>Whether it goes on until the caller leaves.</summary>
    public bool IsEndless { get; init; }

    public bool Matches(string path)
    {
        string[] asked = path.Split('/');
        string[] own = Path.Split('/');
        return asked.Length == own.Length && asked.Zip(own).All(pair => pair.Second.StartsWith('{') || pair.First.Equals(pair.Second, StringComparison.OrdinalIgnoreCase));
    }
}
