using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using Kadstone.Cli.Parsing;
using Kadstone.Simulation;

namespace Kadstone.Cli.Verbs.Product.Sim;

/// <summary><c>dht devnet</c>: a simulated network, and how well it finds.</summary>
internal sealed class DevnetVerb : Verb
{
    private const int MaxNodes = 10_000;

    private readonly Argument<int?> _nodes = CommonOptions.Argument("N", $"How many nodes the network has, 2 to {MaxNodes}.", text => Number(text, 2, MaxNodes, "nodes"));
    private readonly Option<string[]> _wire = CommonOptions.Repeatable("--wire", "mainline|v6|gen1|ipfs", "Which wire; repeatable, a network each. Default mainline.", Wire);
    private readonly Option<double?> _churn = CommonOptions.Create("--churn", "PERCENT", "How many of a hundred nodes leave in a minute, each followed by a new one. Default 0.", text => Percent(text, 100));
    private readonly Option<double?> _loss = CommonOptions.Create("--loss", "PERCENT", "How many of a hundred packets are lost, each way; on the streams of IPFS they are sent again. Default 0.", text => Percent(text, 90));
    private readonly Option<NatShare?> _nat = CommonOptions.Create("--nat", "PERCENT[:KIND]", "How many of a hundred nodes stand behind a NAT: full, address, port (the default) or symmetric. None of them lets a stream of IPFS in. Default 0.", text => (NatShare?)NatShare.Parse(text));
    private readonly Option<int?> _seed = CommonOptions.Create("--seed", "N", "What all chance comes from: the same seed is the same run. Default 1.", text => Number(text, 0, int.MaxValue, "as a seed"));
    private readonly Option<int?> _minutes = CommonOptions.Create("--minutes", "N", "How long it goes on in virtual time, once all have joined; 1 to 1440. Default 10.", text => Number(text, 1, 1_440, "minutes"));
    private readonly Option<int?> _lookups = CommonOptions.Create("--lookups", "N", "How many lookups are made in that time; 1 to 100000. Default 200.", text => Number(text, 1, 100_000, "lookups"));
    private readonly Option<double?> _min = CommonOptions.Create("--min", "PERCENT", "End with 4 when fewer of a hundred lookups find. Default: with 3 when none does.", text => Percent(text, 100));
    private readonly Option<OutputFormat?> _format = CommonOptions.Format();

    internal DevnetVerb(Terminal terminal)
        : base(
            terminal,
            "devnet",
            "Simulates a network and says how well it finds. Nodes run as they are, in virtual time, on simulated hosts, links and NATs: no socket is opened, and minutes take seconds. "
                + "All join, some announce, others look for them while nodes come and go. A private network of real nodes is 'dht up --devnet'.",
            "dht devnet 100",
            "dht devnet 500 --wire mainline --wire v6 --churn 5 --loss 10 --minutes 30",
            "dht devnet 300 --wire ipfs --churn 5",
            "dht devnet 200 --nat 60:symmetric --seed 7 --min 99 -o json")
    {
        Add(_nodes);
        Add(_wire);
        Add(_churn);
        Add(_loss);
        Add(_nat);
        Add(_seed);
        Add(_minutes);
        Add(_lookups);
        Add(_min);
        Add(_format);
    }

    protected override async Task<int> RunAsync(ParseResult arguments, CancellationToken cancellationToken)
    {
        NatShare nat = arguments.GetValue(_nat) ?? new NatShare(0, NatKind.PortRestricted);
        SimPlan plan = new(
            arguments.GetRequiredValue(_nodes).GetValueOrDefault(),
            arguments.GetValue(_seed) ?? 1,
            (arguments.GetValue(_churn) ?? 0) / 100,
            (arguments.GetValue(_loss) ?? 0) / 100,
            nat.Share,
            nat.Kind,
            TimeSpan.FromMinutes(arguments.GetValue(_minutes) ?? 10),
            arguments.GetValue(_lookups) ?? 200);
        Output output = new(Terminal, arguments.GetValue(_format) == OutputFormat.Json);
        double? least = arguments.GetValue(_min) / 100;
        int code = ExitCode.Found;
        try
        {
            foreach (string wire in arguments.GetValue(_wire) is { Length: > 0 } given ? given.Distinct() : ["mainline"])
            {
                SimOutcome outcome = await Task.Run(() => Run(wire, plan, cancellationToken), cancellationToken);
                outcome.Write(output);
                code = outcome.Found == 0 ? ExitCode.NothingFound
                    : outcome.Share < least && code == ExitCode.Found ? ExitCode.FewerThanAsked
                    : code;
            }
        }
        finally
        {
            Terminal.EndProgress();
        }

        if (code != ExitCode.Found)
        {
            Terminal.Complain(code == ExitCode.NothingFound ? "dht: no lookup found anything." : string.Create(CultureInfo.InvariantCulture, $"dht: fewer than {least * 100:0.##} % of the lookups found."));
        }

        return code;
    }

    private SimOutcome Run(string wire, SimPlan plan, CancellationToken cancellationToken)
    {
        SimSwarm swarm = wire switch
        {
            "ipfs" => new IpfsSwarm(plan),
            "v6" => new HyperSwarm(plan),
            "gen1" => new Gen1Swarm(plan),
            _ => new MainlineSwarm(plan),
        };
        long began = Stopwatch.GetTimestamp();
        int told = -1;
        swarm.Run(
            share =>
            {
                int percent = (int)(share * 100);
                if (percent != told)
                {
                    told = percent;
                    Terminal.ShowProgress(string.Create(CultureInfo.InvariantCulture, $"{wire}: {percent} % of {plan.Nodes} nodes' time"));
                }
            },
            cancellationToken);
        return SimOutcome.Of(wire, plan, swarm, Stopwatch.GetElapsedTime(began));
    }

    private static string Wire(string text) => text switch
    {
        "mainline" or "v6" or "gen1" or "ipfs" => text,
        _ => throw new FormatException("is no wire; mainline, v6, gen1 and ipfs are"),
    };

    private static int? Number(string text, int least, int most, string what) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int number) && number >= least && number <= most
            ? number
            : throw new FormatException($"is not allowed; {least} to {most} {what} are");

    internal static double? Percent(string text, double most) =>
        double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double percent) && percent <= most
            ? percent
            : throw new FormatException(string.Create(CultureInfo.InvariantCulture, $"is no percentage that is allowed; 0 to {most} is"));
}
