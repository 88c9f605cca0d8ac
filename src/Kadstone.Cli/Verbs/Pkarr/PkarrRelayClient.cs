using System.Globalization;
using System.Net;
using Kadstone.Daemon.Pkarr;
using Kadstone.Mainline;

namespace Kadstone.Cli.Verbs.Pkarr;

/// <summary>A pkarr relay as its client sees it. What it says is checked as if a stranger had said it.</summary>
internal sealed class PkarrRelayClient(Uri relay) : IDisposable
{
    private readonly HttpClient _http = new() { MaxResponseContentBufferSize = PkarrPacket.MaxPayloadLength, Timeout = Timeout.InfiniteTimeSpan };

    /// <summary>The newest packet that the relay can find; null: it finds none.</summary>
    /// <exception cref="NoNetworkException">The relay cannot be reached, or its DHT cannot.</exception>
    /// <exception cref="RejectedException">The relay refuses to look, or what it gives is no packet of the key.</exception>
    internal async Task<PkarrPacket?> GetAsync(PkarrKey key, bool isFresh, CancellationToken cancellationToken)
    {
        using HttpResponseMessage response = await SendAsync(new HttpRequestMessage(HttpMethod.Get, Of(key, isFresh ? "?policy=NetworkOnly" : "")), cancellationToken);
        if (response.StatusCode == HttpStatusCode.NotFound)
        {
            return null;
        }

        await CheckAsync(response, cancellationToken);
        byte[] payload = await response.Content.ReadAsByteArrayAsync(cancellationToken);
        return PkarrPacket.TryReadPayload(key, payload, out PkarrPacket? packet, out PkarrFault why)
            ? packet
            : throw Rejected($"{relay} answered with what is no packet of the key ({why})");
    }

    /// <summary>At how many nodes the relay stored it.</summary>
    /// <exception cref="NoNetworkException">The relay cannot be reached.</exception>
    /// <exception cref="RejectedException">The relay refuses it.</exception>
    internal async Task<int> PutAsync(PkarrPacket packet, CancellationToken cancellationToken)
    {
        using HttpRequestMessage request = new(HttpMethod.Put, Of(packet.Key, "")) { Content = new ByteArrayContent(packet.ToPayload()) };
        using HttpResponseMessage response = await SendAsync(request, cancellationToken);
        await CheckAsync(response, cancellationToken);

        // A relay without the header stored it somewhere, or it had said so.
        return response.Headers.TryGetValues(PkarrEndpoints.StoredNodes, out IEnumerable<string>? values)
            && int.TryParse(values.First(), NumberStyles.None, CultureInfo.InvariantCulture, out int stored) ? stored : 1;
    }

    public void Dispose() => _http.Dispose();

    private Uri Of(PkarrKey key, string query) => new($"{relay.AbsoluteUri.TrimEnd('/')}/{key.Text}{query}");

    private async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        try
        {
            return await _http.SendAsync(request, cancellationToken);
        }
        catch (HttpRequestException exception) when (exception.HttpRequestError != HttpRequestError.ConfigurationLimitExceeded)
        {
            throw new NoNetworkException($"{relay} cannot be reached: {Failure.OneLine(exception.Message)}");
        }
        catch (HttpRequestException)
        {
            throw Rejected($"{relay} answered with more than {PkarrPacket.MaxPayloadLength} bytes");
        }
    }

    private async Task CheckAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        if (response.IsSuccessStatusCode)
        {
            return;
        }

        string reason = Failure.OneLine(await response.Content.ReadAsStringAsync(cancellationToken));
        string sentence = $"{relay} answered {(int)response.StatusCode}: {(reason.Length is > 0 and <= 200 ? reason : response.ReasonPhrase)}";
        throw response.StatusCode is HttpStatusCode.ServiceUnavailable or HttpStatusCode.InternalServerError or HttpStatusCode.BadGateway or HttpStatusCode.GatewayTimeout
            ? new NoNetworkException($"{sentence}.")
            : Rejected(sentence);
    }

    private static RejectedException Rejected(string sentence) => new($"{sentence}.", KrpcErrorCode.None);
}
