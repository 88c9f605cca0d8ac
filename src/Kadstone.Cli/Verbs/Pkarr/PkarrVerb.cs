using System.CommandLine;
using Kadstone.Cli.Parsing;

namespace Kadstone.Cli.Verbs.Pkarr;

/// <summary>A verb that asks the DHT with a node of its own, or a relay over HTTP.</summary>
internal abstract class PkarrVerb : ClientVerb
{
    private readonly Option<Uri?> _relay = CommonOptions.Create("--relay", "URL", "Ask this relay instead of the DHT, such as http://127.0.0.1:6881.", RelayUri);

    protected PkarrVerb(Terminal terminal, string name, string description, params string[] examples)
        : base(terminal, name, description, examples) => Add(_relay);

    protected abstract Task<int> AskRelayAsync(PkarrRelayClient relay, ParseResult arguments, Output output, CancellationToken cancellationToken);

    protected sealed override Task<int>? AskWithoutNode(ParseResult arguments, Output output, CancellationToken cancellationToken) =>
        arguments.GetValue(_relay) is Uri relay ? AskAsync(relay, arguments, output, cancellationToken) : null;

    private async Task<int> AskAsync(Uri relay, ParseResult arguments, Output output, CancellationToken cancellationToken)
    {
        using PkarrRelayClient client = new(relay);
        Terminal.ShowProgress("asking the relay …");
        return await WithinTimeoutAsync(arguments, token => AskRelayAsync(client, arguments, output, token), $"Asking {relay}", cancellationToken);
    }

    private static Uri? RelayUri(string text) =>
        Uri.TryCreate(text, UriKind.Absolute, out Uri? uri) && uri.Scheme is "http" or "https" && uri.Query.Length == 0
            ? uri
            : throw new FormatException("is no relay; http://HOST:PORT or https://HOST is expected, a path may follow");
}
