using System.Net;
using System.Net.Http.Headers;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using Kadstone.Daemon.V1.Answers;

namespace Kadstone.Cli.Verbs.Product;

/// <summary>The API of a daemon as its client sees it: each failure is an exit code and a sentence.</summary>
internal sealed class DaemonClient : IDisposable
{
    // A table of a thousand contacts is a few hundred kilobytes.
    private const int MaxAnswer = 64 << 20;
    private const int MaxLine = 1 << 20;

    // A daemon of a later version may say more than we know, and none says less.
    private static readonly V1Json s_json = new(new JsonSerializerOptions(V1Json.Default.Options)
    {
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Skip,
        RespectRequiredConstructorParameters = true,
        RespectNullableAnnotations = true,
    });

    private readonly HttpClient _http;

    internal DaemonClient(Uri api, string? token)
    {
        Api = api;

        // A proxy of the environment is for the web, and a redirection would carry the token away.
        SocketsHttpHandler handler = new() { UseProxy = false, AllowAutoRedirect = false, ConnectTimeout = TimeSpan.FromSeconds(5) };
        _http = new HttpClient(handler) { BaseAddress = api, MaxResponseContentBufferSize = MaxAnswer, Timeout = Timeout.InfiniteTimeSpan };
        if (token is not null)
        {
            _http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);
        }
    }

    internal static V1Json Json => s_json;

    internal Uri Api { get; }

    /// <summary>Where it is, for people.</summary>
    internal string Place => Api.ToString().TrimEnd('/');

    /// <summary>How long an answer may take to begin. Default 30 s.</summary>
    internal TimeSpan Patience { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>What the clock of the daemon's machine said with the last answer; null: it did not.</summary>
    internal DateTimeOffset? Date { get; private set; }

    /// <summary>The body of an answer.</summary>
    /// <exception cref="CommandFailedException">The daemon cannot be reached, or says no.</exception>
    internal async Task<string> GetTextAsync(string path, CancellationToken cancellationToken)
    {
        using HttpResponseMessage response = await SendAsync(HttpMethod.Get, path, cancellationToken);
        return await ReadAsync(() => response.Content.ReadAsStringAsync(cancellationToken));
    }

    /// <inheritdoc cref="GetTextAsync"/>
    internal async Task<T> GetAsync<T>(string path, JsonTypeInfo<T> type, CancellationToken cancellationToken) =>
        Parse(await GetTextAsync(path, cancellationToken), type);

    /// <summary>As <see cref="GetAsync"/>; null when the daemon says that there is none.</summary>
    internal async Task<T?> FindAsync<T>(string path, JsonTypeInfo<T> type, CancellationToken cancellationToken)
        where T : class
    {
        try
        {
            return await GetAsync(path, type, cancellationToken);
        }
        catch (CommandFailedException exception) when (exception.ExitCode == ExitCode.NothingFound)
        {
            return null;
        }
    }

    /// <summary>Posts nothing, and reads what comes of it.</summary>
    internal async Task<T> PostAsync<T>(string path, JsonTypeInfo<T> type, CancellationToken cancellationToken)
    {
        using HttpResponseMessage response = await SendAsync(HttpMethod.Post, path, cancellationToken);
        return Parse(await ReadAsync(() => response.Content.ReadAsStringAsync(cancellationToken)), type);
    }

    /// <summary>The lines of an answer as they come.</summary>
    internal async IAsyncEnumerable<string> GetLinesAsync(string path, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using HttpResponseMessage response = await SendAsync(HttpMethod.Get, path, cancellationToken);
        using StreamReader reader = new(await ReadAsync(() => response.Content.ReadAsStreamAsync(cancellationToken)), Encoding.UTF8);
        StringBuilder line = new();
        char[] buffer = new char[4096];
        while (true)
        {
            int read = await ReadAsync(() => reader.ReadAsync(buffer.AsMemory(), cancellationToken).AsTask());
            for (int i = 0; i < read; i++)
            {
                if (buffer[i] != '\n')
                {
                    line.Append(buffer[i]);
                    continue;
                }

                yield return line.ToString();
                line.Clear();
            }

            if (read == 0 || line.Length > MaxLine)
            {
                break;
            }
        }
    }

    public void Dispose() => _http.Dispose();

    /// <exception cref="CommandFailedException">It is no such answer.</exception>
    internal T Parse<T>(string text, JsonTypeInfo<T> type)
    {
        try
        {
            return JsonSerializer.Deserialize(text, type) ?? throw new JsonException();
        }
        catch (JsonException)
        {
            throw new CommandFailedException(ExitCode.NoNetwork, $"{Place} gave an answer that is none of a Kadstone daemon; --api names one.");
        }
    }

    private async Task<HttpResponseMessage> SendAsync(HttpMethod method, string path, CancellationToken cancellationToken)
    {
        using HttpRequestMessage request = new(method, path);
        using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        either.CancelAfter(Patience);
        HttpResponseMessage response;
        try
        {
            response = await ReadAsync(() => _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, either.Token));
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new CommandFailedException(ExitCode.NoNetwork, $"the daemon at {Place} did not answer within {Patience.TotalSeconds:0.###} s.");
        }

        Date = response.Headers.Date;
        if (response.IsSuccessStatusCode)
        {
            return response;
        }

        using (response)
        {
            throw Refused(response.StatusCode, ErrorOf(await ReadAsync(() => response.Content.ReadAsStringAsync(cancellationToken))));
        }
    }

    private async Task<T> ReadAsync<T>(Func<Task<T>> read)
    {
        try
        {
            return await read();
        }
        catch (Exception exception) when (exception is HttpRequestException or IOException)
        {
            throw new CommandFailedException(ExitCode.NoNetwork, $"the daemon at {Place} cannot be reached: {Failure.OneLine(exception.Message).TrimEnd('.')}.");
        }
        catch (TaskCanceledException exception) when (exception.InnerException is TimeoutException)
        {
            throw new CommandFailedException(ExitCode.NoNetwork, $"the daemon at {Place} cannot be reached: it took no connection within 5 s.");
        }
    }

    private CommandFailedException Refused(HttpStatusCode status, string? said)
    {
        string sentence = said ?? $"{Place} answered {(int)status}; --api names a Kadstone daemon.";
        return status switch
        {
            HttpStatusCode.Unauthorized => new CommandFailedException(ExitCode.Usage, $"the daemon at {Place} asks for its token; it stands in daemon.json of the data folder, which --data names, and --token says it."),
            HttpStatusCode.NotFound => new CommandFailedException(ExitCode.NothingFound, sentence),
            HttpStatusCode.Conflict => new CommandFailedException(ExitCode.Rejected, sentence),
            HttpStatusCode.ServiceUnavailable => new CommandFailedException(ExitCode.NoNetwork, sentence),
            HttpStatusCode.GatewayTimeout => new CommandFailedException(ExitCode.TimedOut, sentence),
            >= (HttpStatusCode)500 => new CommandFailedException(ExitCode.Error, sentence),
            _ => CommandFailedException.Usage(sentence),
        };
    }

    // Health says what is not so as its status, everything else as an error.
    private static string? ErrorOf(string body)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(body);
            JsonElement root = document.RootElement;
            return root.ValueKind == JsonValueKind.Object
                && (root.TryGetProperty("error", out JsonElement sentence) || root.TryGetProperty("status", out sentence))
                && sentence.ValueKind == JsonValueKind.String
                && sentence.GetString() is { Length: > 0 } said ? Failure.OneLine(said) : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
