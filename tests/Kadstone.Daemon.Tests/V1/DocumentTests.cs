using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Kadstone.Daemon.Tests.V1;

/// <summary>docs/http-api.md tells the truth: each of its commands is run, and answers in the shape that stands below it.</summary>
[Collection(nameof(V1Network))]
public sealed partial class DocumentTests(V1Network network)
{
    [Fact]
    public async Task Every_transcript_is_what_the_daemon_answers()
    {
        // Somebody stores something with us, so that there is a record to be shown.
        await network.Mainline.PutImmutableAsync(Mainline.ItemValue.FromText(V1Network.NewKey(8)), V1Network.Cancelled);
        Dictionary<string, string> variables = new() { ["K"] = "" };
        Transcript[] transcripts = [.. Read()];
        transcripts.Length.ShouldBeGreaterThanOrEqualTo(20);
        foreach (Transcript transcript in transcripts)
        {
            string command = Variable().Replace(transcript.Command, name => variables[name.Groups[1].Value]);
            string answer = await RunAsync(command);
            ShouldFit(transcript, answer);
            Remember(variables, answer);
        }
    }

    private static void ShouldFit(Transcript transcript, string answer)
    {
        if (transcript.Answer.Length == 0)
        {
            answer.ShouldBeEmpty(transcript.Command);
            return;
        }

        if (transcript.Answer.StartsWith("event: ", StringComparison.Ordinal))
        {
            answer.Split('\n')[0].ShouldBe(transcript.Answer.Split('\n')[0], transcript.Command);
            answer.Split('\n')[1].ShouldStartWith("data: {\"version\":\"");
            return;
        }

        JsonElement[] expected = ReadAll(transcript.Answer);
        JsonElement[] actual = ReadAll(answer);
        if (expected[0].TryGetProperty("error", out JsonElement sentence))
        {
            actual.ShouldHaveSingleItem().GetProperty("error").GetString().ShouldBe(sentence.GetString(), transcript.Command);
            return;
        }

        ShouldHaveShape(expected[0], actual[0], transcript.Command);
        ShouldHaveShape(expected[^1], actual[^1], transcript.Command);
    }

    private static void ShouldHaveShape(JsonElement expected, JsonElement actual, string place)
    {
        if (expected.ValueKind == JsonValueKind.Null || actual.ValueKind == JsonValueKind.Null)
        {
            return;
        }

        KindOf(actual).ShouldBe(KindOf(expected), place);
        if (expected.ValueKind == JsonValueKind.Object && !place.EndsWith("devnet.nodes", StringComparison.Ordinal))
        {
            actual.EnumerateObject().Select(member => member.Name).Order().ShouldBe(expected.EnumerateObject().Select(member => member.Name).Order(), place);
            foreach (JsonProperty member in expected.EnumerateObject())
            {
                ShouldHaveShape(member.Value, actual.GetProperty(member.Name), $"{place} {member.Name}".Replace("devnet nodes", "devnet.nodes", StringComparison.Ordinal));
            }
        }
        else if (expected.ValueKind == JsonValueKind.Array && expected.GetArrayLength() > 0)
        {
            actual.GetArrayLength().ShouldBeGreaterThan(0, place);
            ShouldHaveShape(expected[0], actual[0], place);
        }
    }

    private static JsonValueKind KindOf(JsonElement element) => element.ValueKind == JsonValueKind.False ? JsonValueKind.True : element.ValueKind;

    private static void Remember(Dictionary<string, string> variables, string answer)
    {
        if (!answer.StartsWith('{'))
        {
            return;
        }

        JsonElement last = ReadAll(answer)[^1];
        if (last.TryGetProperty("records", out JsonElement records) && records.ValueKind == JsonValueKind.Array && records.GetArrayLength() > 0)
        {
            last = records[0];
        }

        foreach (string name in (string[])["id", "key", "lookup", "shelf"])
        {
            if (last.TryGetProperty(name, out JsonElement value) && value.ValueKind == JsonValueKind.String)
            {
                variables[name.ToUpperInvariant()] = value.GetString()!;
            }
        }
    }

    /// <summary>One object after another, with line breaks anywhere between their parts.</summary>
    private static JsonElement[] ReadAll(string text)
    {
        List<JsonElement> all = [];
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        Utf8JsonReader reader = new(bytes, new JsonReaderOptions { AllowMultipleValues = true });
        while (reader.Read())
        {
            all.Add(JsonDocument.ParseValue(ref reader).RootElement);
        }

        return [.. all];
    }

    private async Task<string> RunAsync(string command)
    {
        string[] words = [.. Word().Matches(command).Select(word => word.Value.Trim('\'', '"'))];
        words[0].ShouldBe("curl");
        HttpMethod method = HttpMethod.Get;
        string? body = null;
        List<(string Name, string Value)> headers = [];
        string? path = null;
        for (int at = 1; at < words.Length; at++)
        {
            switch (words[at])
            {
                case "-s" or "-sN":
                    break;
                case "-X":
                    method = new HttpMethod(words[++at]);
                    break;
                case "-d":
                    body = words[++at];
                    break;
                case "-H":
                    string[] header = words[++at].Split(": ", 2);
                    headers.Add((header[0], header[1]));
                    break;
                default:
                    path.ShouldBeNull(command);
                    path = words[at];
                    break;
            }
        }

        using HttpRequestMessage request = new(method, path.ShouldNotBeNull());
        request.Content = body is null ? null : new StringContent(body, Encoding.UTF8, "application/json");
        foreach ((string name, string value) in headers.Where(header => header.Name != "Content-Type"))
        {
            request.Headers.TryAddWithoutValidation(name, value).ShouldBeTrue();
        }

        using HttpResponseMessage response = await network.Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, V1Network.Cancelled);
        using StreamReader reader = new(await response.Content.ReadAsStreamAsync(V1Network.Cancelled));
        if (path != "/v1/events")
        {
            return (await reader.ReadToEndAsync(V1Network.Cancelled)).TrimEnd();
        }

        // It never ends: the first event is enough. Before it stands a comment.
        string line;
        do
        {
            line = (await reader.ReadLineAsync(V1Network.Cancelled)).ShouldNotBeNull();
        }
        while (line != "event: status");
        return $"{line}\n{await reader.ReadLineAsync(V1Network.Cancelled)}";
    }

    private static IEnumerable<Transcript> Read([CallerFilePath] string here = "")
    {
        string document = Path.Combine(Path.GetDirectoryName(here)!, "../../../docs/http-api.md");
        string? command = null;
        List<string> answer = [];
        foreach (string line in File.ReadLines(document).Append(""))
        {
            if (line.StartsWith("    $ ", StringComparison.Ordinal))
            {
                command = line["    $ ".Length..];
            }
            else if (command is not null && line.StartsWith("    ", StringComparison.Ordinal))
            {
                answer.Add(line["    ".Length..]);
            }
            else if (command is not null)
            {
                yield return new Transcript(command, string.Join('\n', answer));
                command = null;
                answer = [];
            }
        }
    }

    [GeneratedRegex(@"\$([A-Z]+)")]
    private static partial Regex Variable();

    [GeneratedRegex("""'[^']*'|"[^"]*"|\S+""")]
    private static partial Regex Word();

    private sealed record Transcript(string Command, string Answer);
}
