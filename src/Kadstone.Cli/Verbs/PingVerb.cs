using System.CommandLine;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Kadstone.Cli.Parsing;
using Kadstone.Datagrams;
using Kadstone.Mainline;

namespace Kadstone.Cli.Verbs;

/// <summary><c>dht mainline ping</c>: whether nodes are there.</summary>
internal sealed class PingVerb : ClientVerb
{
    private readonly Argument<string[]> _nodes = new("HOST:PORT")
    {
        HelpName = "HOST:PORT",
        Description = "The nodes to ask.",
        Arity = ArgumentArity.OneOrMore,
    };

    internal PingVerb(Terminal terminal)
        : base(
            terminal,
            "ping",
            "Asks nodes whether they are there.",
            "dht mainline ping router.bittorrent.com:6881",
            "dht mainline ping 127.77.1.1:6881 127.77.2.1:6881 --private -o json")
    {
        Add(_nodes);
        _nodes.Validators.Add(result =>
        {
            foreach (System.CommandLine.Parsing.Token token in result.Tokens)
            {
                CommonOptions.Check(result, "HOST:PORT", token.Value, Endpoints.HostAndPort);
            }
        });
    }

    protected override bool AsksNamedNodesOnly(ParseResult arguments) => true;

    protected override async Task<int> AskAsync(MainlineDht dht, ParseResult arguments, Output output, CancellationToken cancellationToken)
    {
        string[] nodes = arguments.GetRequiredValue(_nodes);
        Task<int>[] questions = [.. nodes.Select(node => PingAsync(dht, node, arguments, output, cancellationToken))];
        int[] codes = await Task.WhenAll(questions);
        int answered = codes.Count(code => code == ExitCode.Found);
        return answered == codes.Length ? ExitCode.Found
            : answered > 0 ? ExitCode.FewerThanAsked
            : codes.Max();
    }

    private async Task<int> PingAsync(MainlineDht dht, string node, ParseResult arguments, Output output, CancellationToken cancellationToken)
    {
        try
        {
            PingResult answer = await WithinTimeoutAsync(
                arguments,
                async token => await dht.PingAsync(await Names.ResolveAsync(node, dht, token), token),
                $"The ping of {node}",
                cancellationToken);
            output.Write($"{answer.Node.Endpoint} {answer.Node.Id} {answer.RoundTrip.TotalMilliseconds:0.0} ms", json =>
            {
                json.WriteString("endpoint", answer.Node.Endpoint.ToString());
                json.WriteString("id", answer.Node.Id.ToString());
                json.WriteNumber("round_trip_ms", Math.Round(answer.RoundTrip.TotalMilliseconds, 3));
                json.WriteString("seen_as", answer.SeenAs?.ToString());
                json.WriteHex("version_hex", answer.Version);
            });
            return ExitCode.Found;
        }
        catch (Exception exception) when (exception is NoNetworkException or DhtTimeoutException or RejectedException)
        {
            (int code, string sentence) = Failure.Of(exception);
            Terminal.Complain($"dht: {sentence}");
            return code;
        }
    }
}
