using System.Net;

namespace Kadstone.Daemon.Tests.Pkarr;

/// <param name="Status">The status.</param>
/// <param name="Headers">Those of the answer and of its content.</param>
/// <param name="Body">The whole body.</param>
internal sealed record RelayAnswer(HttpStatusCode Status, IReadOnlyDictionary<string, string> Headers, byte[] Body)
{
    public string? Header(string name) => Headers.GetValueOrDefault(name);

    public RelayAnswer ShouldBe(HttpStatusCode status)
    {
        Status.ShouldBe(status, System.Text.Encoding.Latin1.GetString(Body));
        return this;
    }
}

internal static class RelayCalls
{
    public static async Task<RelayAnswer> RelayAsync(this HttpClient client, HttpMethod method, string path, byte[]? body, params (string Name, string Value)[] headers)
    {
        using HttpRequestMessage request = new(method, $"/{path}");
        request.Content = body is null ? null : new ByteArrayContent(body);
        foreach ((string name, string value) in headers)
        {
            request.Headers.TryAddWithoutValidation(name, value).ShouldBeTrue(name);
        }

        using HttpResponseMessage response = await client.SendAsync(request, TestContext.Current.CancellationToken);
        Dictionary<string, string> all = new(StringComparer.OrdinalIgnoreCase);
        foreach ((string name, IEnumerable<string> values) in response.Headers.NonValidated.Concat(response.Content.Headers.NonValidated).Select(pair => (pair.Key, pair.Value.AsEnumerable())))
        {
            all[name] = string.Join(", ", values);
        }

        return new RelayAnswer(response.StatusCode, all, await response.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken));
    }
}
