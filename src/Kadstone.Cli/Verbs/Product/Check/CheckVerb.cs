using System.CommandLine;
using Kadstone.Cli.Parsing;
using Kadstone.Cli.Verbs.Product.Embedding;
using Kadstone.Daemon.V1.Answers;

namespace Kadstone.Cli.Verbs.Product.Check;

/// <summary><c>dht check</c>: why something is found, or not.</summary>
internal sealed class CheckVerb : Verb
{
    private readonly Argument<CheckSubject> _subject = CommonOptions.Argument(
        "SUBJECT", "An infohash, magnet link, topic, key, CID, peer id, pkarr key, HOST:PORT, multiaddr, or self.", CheckSubject.Parse);

    private readonly DaemonOptions _daemon;
    private readonly EmbedOptions _embed;
    private readonly Option<OutputFormat?> _format = CommonOptions.Format();

    internal CheckVerb(Terminal terminal)
        : base(
            terminal,
            "check",
            "Says step by step whether something is found and reached, and why not. Asks the running daemon; without one it embeds a node.",
            "dht check self",
            "dht check 2b66980093bc11806fab50cb3cb41835b95a0362",
            "dht check bafkreigh2akiscaildcqabsyg3dfr6chu3fgpregiymsck7e7aqa4s52zy",
            "dht check 127.77.1.1:6881",
            "dht check 2b66980093bc11806fab50cb3cb41835b95a0362 --private --bootstrap 127.77.1.1:6881 -o json")
    {
        Add(_subject);
        _daemon = new DaemonOptions(this);
        _embed = new EmbedOptions(this, "How long a step may take");
        Add(_format);
    }

    protected override async Task<int> RunAsync(ParseResult arguments, CancellationToken cancellationToken)
    {
        CheckSubject subject = arguments.GetRequiredValue(_subject);
        CheckReport report = new(new Output(Terminal, arguments.GetValue(_format) == OutputFormat.Json));
        TimeSpan patience = _embed.Timeout(arguments);
        try
        {
            return subject.Kind is SubjectKind.Endpoint or SubjectKind.Address
                ? await EndpointCheck.RunAsync(subject, report, patience, cancellationToken)
                : await AskAsync(subject, report, patience, arguments, cancellationToken);
        }
        finally
        {
            Terminal.EndProgress();
        }
    }

    private async Task<int> AskAsync(CheckSubject subject, CheckReport report, TimeSpan patience, ParseResult arguments, CancellationToken cancellationToken)
    {
        if (!_embed.AreGiven(arguments, _daemon))
        {
            using DaemonClient? running = _daemon.Find(arguments, out string why);
            if (running is not null)
            {
                return await AskAsync(running, isEmbedded: false, subject, report, patience, cancellationToken);
            }

            if (_daemon.AreGiven(arguments))
            {
                report.Fail("daemon", why);
                return report.End(ExitCode.NoNetwork, "there is nobody to ask");
            }

            report.Warn("daemon", why, "a node of its own asks instead");
        }

        await using EmbeddedDaemon embedded = await _embed.StartAsync(subject.Networks, arguments, Terminal, cancellationToken);
        return await AskAsync(embedded.Client, isEmbedded: true, subject, report, patience, cancellationToken);
    }

    private async Task<int> AskAsync(DaemonClient daemon, bool isEmbedded, CheckSubject subject, CheckReport report, TimeSpan patience, CancellationToken cancellationToken)
    {
        Terminal.ShowProgress("asking the network …");

        // The steps have their own patience, and are to say so themselves.
        daemon.Patience = patience + TimeSpan.FromSeconds(5);
        StatusAnswer status;
        try
        {
            status = await daemon.GetAsync("/v1/status", DaemonClient.Json.StatusAnswer, cancellationToken);
        }
        catch (CommandFailedException exception) when (exception.ExitCode == ExitCode.NoNetwork)
        {
            report.Fail("daemon", exception.Message, "'dht up' starts one");
            return report.End(ExitCode.NoNetwork, "there is nobody to ask");
        }

        report.Ok(isEmbedded ? "node" : "daemon", isEmbedded ? $"embedded, version {status.Version}" : $"{daemon.Place}, version {status.Version}, up {TimeSpan.FromSeconds(Math.Round(status.UptimeSeconds)):c}");
        return subject.Kind == SubjectKind.Self
            ? await new SelfCheck(daemon, isEmbedded, report, patience).RunAsync(cancellationToken)
            : await new DaemonCheck(daemon, status, isEmbedded, report, patience).RunAsync(subject, cancellationToken);
    }
}
