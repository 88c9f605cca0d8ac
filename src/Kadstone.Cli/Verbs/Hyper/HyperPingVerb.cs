using System.CommandLine;
using System.Net.Sockets;
using Kadstone.Cli.Parsing;
using Kadstone.Datagrams;
using Kadstone.Hyperswarm;
using Kadstone.Mainline;

namespace Kadstone.Cli.Verbs.Hyper;

/// <summary><c>dht hyper ping</c>: whether nodes are there, without any help to reach them.</summary>
internal sealed class HyperPingVerb : HyperClientVerb
{
    private readonly Argument<string[]> _nodes = new("HOST:PORT")
    {
        HelpName = "HOST:PORT",
        Description = "The nodes to ask.",
        Arity = ArgumentArity.OneOrMore,
    };

    internal HyperPingVerb(Terminal terminal)
        : base(
            terminal,
            "ping",
            "Asks nodes whether they are there.",
            "dht hyper ping node1.hyperdht.org:49737",
            "dht hyper ping 127.77.1.1:49737 127.77.2.1:49737 --private -o json")
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

    protected override async Task<int> AskAsync(IHyperDht dht, ParseResult arguments, Output output, CancellationToken cancellationToken)
    {
        string[] nodes = arguments.GetRequiredValue(_nodes);
        int[] codes = await Task.WhenAll(nodes.Select(node => PingAsync(dht.Node, node, arguments, output, cancellationToken)));
        int answered = codes.Count(code => code == ExitCode.Found);
        return answered == codes.Length ? ExitCode.Found
            : answered > 0 ? ExitCode.FewerThanAsked
            : codes.Max();
    }

    private async Task<int> PingAsync(IRpcNode self, string node, ParseResult arguments, Output output, CancellationToken cancellationToken)
    {
        try
        {
            UdpEndpoint endpoint = await WithinTimeoutAsync(
                arguments,
                token => Names.ResolveAsync(node, [AddressFamily.InterNetwork], token),
                $"Looking for {node}",
                cancellationToken);
            RpcAnswer answer = await WithinTimeoutAsync(arguments, token => self.PingAsync(endpoint, token), $"The ping of {node}", cancellationToken);
            output.Write($"{answer.From} {answer.FromId?.ToString() ?? "-"} {answer.RoundTrip.TotalMilliseconds:0.0} ms", json =>
            {
                json.WriteString("endpoint", answer.From.ToString());
                json.WriteString("id", answer.FromId?.ToString());
                json.WriteNumber("round_trip_ms", Math.Round(answer.RoundTrip.TotalMilliseconds, 3));
                json.WriteString("seen_as", answer.To.ToString());
            });
            return ExitCode.Found;
        }
        catch (Exception exception) when (exception is NoNetworkException or TimeoutException)
        {
            (int code, string sentence) = Failure.Of(exception);
            Terminal.Complain($"dht: {sentence}");
            return code;
        }
    }
}
