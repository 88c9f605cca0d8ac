using System.CommandLine;
using System.Globalization;
using System.Net.Sockets;
using Kadstone.Cli.Parsing;
using Kadstone.Datagrams;
using Kadstone.Hyperswarm;
using Kadstone.Kademlia;

namespace Kadstone.Cli.Verbs.Hyper;

/// <summary><c>dht hyper query</c> and <c>closest</c>: a command of one's own, asked on the way to a target or committed at the 20 closest nodes.</summary>
internal sealed class HyperQueryVerb : HyperClientVerb
{
    private readonly bool _commits;
    private readonly Argument<string> _command = new("COMMAND") { HelpName = "COMMAND", Description = "Today's wire: a number. First generation: a name." };
    private readonly Argument<Key256?> _target = HyperOptions.Topic("TARGET");
    private readonly Argument<string?> _value = new("VALUE") { HelpName = "TEXT|@FILE|-", Description = "A value: a text, a file, or standard input.", Arity = ArgumentArity.ZeroOrOne };
    private readonly Option<string[]> _nodes = CommonOptions.Repeatable("--node", "HOST:PORT", "Ask this node and no other; repeatable.", Endpoints.HostAndPort);
    private readonly Option<bool> _verbose = new("--verbose") { Description = "The answers on the way as well." };
    private readonly Option<int?> _count = CommonOptions.Count("answers");
    private RpcCommand _asked;
    private byte[]? _sent;

    internal HyperQueryVerb(Terminal terminal, bool commits)
        : base(
            terminal,
            commits ? "closest" : "query",
            commits
                ? "Asks a command, then commits it at the 20 nodes closest to the target."
                : "Asks a command of the nodes on the way to a target and of those closest to it.",
            commits
                ? ["dht hyper closest 16 486ea46224d1bb4fb680f34f7c9ad96a8f24ec88be73ea8e5a6c65260e9cb8a7 hello", "dht hyper closest store 486ea46224d1bb4fb680f34f7c9ad96a8f24ec88be73ea8e5a6c65260e9cb8a7 @letter.txt --wire gen1 --private -b 127.0.0.1:10001"]
                : ["dht hyper query 16 486ea46224d1bb4fb680f34f7c9ad96a8f24ec88be73ea8e5a6c65260e9cb8a7 --count 1 -o json", "dht hyper query lookup 486ea46224d1bb4fb680f34f7c9ad96a8f24ec88be73ea8e5a6c65260e9cb8a7 --wire gen1 --private -b 127.0.0.1:10001"])
    {
        _commits = commits;
        Add(_command);
        Add(_target);
        Add(_value);
        Add(_nodes);
        Add(_count);
        if (commits)
        {
            Add(_verbose);
        }
    }

    protected override bool AsksNamedNodesOnly(ParseResult arguments) => arguments.GetValue(_nodes) is { Length: > 0 };

    protected override async Task PrepareAsync(RpcWire wire, ParseResult arguments, CancellationToken cancellationToken)
    {
        string command = arguments.GetRequiredValue(_command);
        uint number = 0;
        if (wire == RpcWire.V6 && !uint.TryParse(command, NumberStyles.None, CultureInfo.InvariantCulture, out number))
        {
            throw CommandFailedException.Usage($"COMMAND: '{command}' is no number; 0 to 4294967295 is expected, or --wire gen1, where commands have names.");
        }

        _asked = new RpcCommand(command, number);
        _sent = arguments.GetValue(_value) is string text ? await ValueBytes.ReadAsync(text, "at most 1000 are allowed", Terminal, cancellationToken) : null;
    }

    protected override async Task<int> AskAsync(IHyperDht dht, ParseResult arguments, Output output, CancellationToken cancellationToken)
    {
        Key256 target = arguments.GetRequiredValue(_target) ?? default;
        UdpEndpoint[] nodes = await Task.WhenAll((arguments.GetValue(_nodes) ?? []).Select(node => Names.ResolveAsync(node, [AddressFamily.InterNetwork], cancellationToken)));
        RpcQueryOptions options = new() { Nodes = nodes.Length > 0 ? nodes : null, Verbose = arguments.GetValue(_verbose) };
        ReadOnlyMemory<byte>? value = _sent is null ? null : new ReadOnlyMemory<byte>(_sent);
        RpcQuery query = _commits ? dht.Node.ClosestAsync(target, _asked, value, options) : dht.Node.QueryAsync(target, _asked, value, options);
        int? count = arguments.GetValue(_count);
        int answers = 0;
        await foreach (RpcAnswer answer in query.WithCancellation(cancellationToken))
        {
            Tell(answer, output);
            if (++answers == count)
            {
                break;
            }
        }

        if (answers > 0 || query.Errors + query.FailedCommits == 0)
        {
            return Outcomes.Of(answers, count, "answer", Terminal);
        }

        Terminal.Complain($"dht: nobody serves it: {(query.Warnings.Count > 0 ? Failure.OneLine(query.Warnings[0]) : "those who answered refused the command")}");
        return ExitCode.Rejected;
    }

    private static void Tell(RpcAnswer answer, Output output)
    {
        string? text = answer.Value is ReadOnlyMemory<byte> bytes ? ValueBytes.TryReadText(bytes) : null;
        string? hex = answer.Value is ReadOnlyMemory<byte> raw ? Convert.ToHexStringLower(raw.Span) : null;
        string shown = text is not null && !text.Any(char.IsControl) ? text : hex is not null ? $"hex:{hex}" : "-";
        output.Write($"{answer.From} {answer.FromId?.ToString() ?? "-"} {shown}", json =>
        {
            json.WriteString("endpoint", answer.From.ToString());
            json.WriteString("id", answer.FromId?.ToString());
            json.WriteString("phase", answer.Phase == RpcPhase.Commit ? "commit" : "walk");
            json.WriteString("value", text);
            json.WriteString("value_hex", hex);
            json.WriteNumber("closer_nodes", answer.CloserNodes.Count);
            json.WriteNumber("round_trip_ms", Math.Round(answer.RoundTrip.TotalMilliseconds, 3));
        });
    }
}
