using System.Globalization;
using Kadstone.Daemon.V1.Answers;

namespace Kadstone.Cli.Verbs.Product.Check;

/// <summary><c>dht check self</c>: whether this machine's nodes work, are reached, and hold in the network what they are to hold there.</summary>
internal sealed class SelfCheck(DaemonClient daemon, bool isEmbedded, CheckReport report, TimeSpan patience)
{
    // Each is a lookup of its own.
    private const int MaxPublications = 20;

    // What expires by the clock lives for hours; certificates and others' records bear a minute.
    private static readonly TimeSpan s_clockTolerance = TimeSpan.FromMinutes(1);

    private bool _isReachable;

    internal async Task<int> RunAsync(CancellationToken cancellationToken)
    {
        _isReachable = await ProbeAsync(cancellationToken);
        StatusAnswer status = await daemon.GetAsync("/v1/status", DaemonClient.Json.StatusAnswer, cancellationToken);
        foreach (NetworkAnswer network in status.Networks)
        {
            Tell(network);
        }

        if (status.Store.Error is string error)
        {
            report.Fail("store", $"{status.Store.Kind}: {error}", "look at the disk or the database");
        }
        else
        {
            report.Ok("store", $"{status.Store.Kind}, {Counted.Of(status.Store.Records, "record")}");
        }

        await TellPublicationsAsync(cancellationToken);
        TellClock();
        return !_isReachable || status.Networks.Any(network => LevelOf(network) == Level.Fail) ? report.End(ExitCode.NoNetwork, "not every network answers")
            : status.Store.Error is not null ? report.End(ExitCode.Error, "the networks answer, and the store does not")
            : report.End(ExitCode.Found, report.Warned == 0 ? "all works" : $"it works, with {Counted.Of(report.Warned, "warning")}");
    }

    // Nobody needs to reach an embedded node; and the verdict on a node that asked little says less than a lookup that was answered just now.
    private string LevelOf(NetworkAnswer network) =>
        isEmbedded && network.Contacts > 0 ? Level.Ok
        : network.Level == Level.Fail && network.Contacts > 0 && _isReachable ? Level.Warn
        : network.Level;

    private void Tell(NetworkAnswer network)
    {
        string level = LevelOf(network);
        report.Tell(level, network.Name, network.Verdict, level == Level.Ok ? null : network.Next);
        if (isEmbedded)
        {
            return;
        }

        string where = network.Addresses.Count == 0 ? "it listens nowhere" : network.Addresses[^1].Split("/p2p/")[0];
        string step = $"{network.Name} reachability";
        switch (network.Reachable)
        {
            case true:
                report.Ok(step, $"others reach it at {where}");
                break;
            case false:
                report.Warn(step, $"nobody reached it yet at {where}", "open or forward its port in router and firewall; it asks and serves nobody until then");
                break;
            default:
                report.Ok(step, $"neither proved nor refuted, at {where}");
                break;
        }
    }

    private async Task<bool> ProbeAsync(CancellationToken cancellationToken)
    {
        using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        either.CancelAfter(patience);
        try
        {
            await daemon.GetTextAsync("/health/reachable", either.Token);
            report.Ok("lookups", "a random key is answered in every network");
            return true;
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            report.Fail("lookups", $"not over after {patience.TotalSeconds:0.###} s", "--timeout gives them longer");
        }
        catch (CommandFailedException exception)
        {
            report.Fail("lookups", exception.Message, "look at this machine's connection and its firewall");
        }

        return false;
    }

    private async Task TellPublicationsAsync(CancellationToken cancellationToken)
    {
        PublicationsAnswer answer = await daemon.GetAsync("/v1/publications", DaemonClient.Json.PublicationsAnswer, cancellationToken);
        if (answer.Publications.Count == 0)
        {
            report.Ok("own records", "nothing is kept published");
            return;
        }

        foreach (PublicationAnswer publication in answer.Publications.Take(MaxPublications))
        {
            await TellAsync(publication, cancellationToken);
        }

        if (answer.Publications.Count > MaxPublications)
        {
            report.Ok("own records", $"{answer.Publications.Count - MaxPublications} more were not looked up");
        }
    }

    private async Task TellAsync(PublicationAnswer publication, CancellationToken cancellationToken)
    {
        string step = $"own {publication.Kind}";
        string what = $"{publication.Network} {publication.Key}";
        string taken = string.Create(CultureInfo.InvariantCulture, $"{publication.Acknowledged} of {publication.Asked} nodes took it");
        const string Hint = "it is told again by itself; 'dht status' says whether the network works";
        if (publication.Kind == "pkarr")
        {
            report.Tell(publication.Acknowledged > 0 ? Level.Ok : Level.Warn, step, $"{what}: {taken}", publication.Acknowledged > 0 ? null : Hint);
            return;
        }

        using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        either.CancelAfter(patience);
        try
        {
            CheckAnswer check = await daemon.PostAsync($"/v1/publications/{publication.Id}/check", DaemonClient.Json.CheckAnswer, either.Token);
            report.Tell(check.Ok ? Level.Ok : Level.Warn, step, $"{what}: {taken}; {check.Text}", check.Ok ? null : Hint);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            report.Warn(step, $"{what}: {taken}; looking it up was not over after {patience.TotalSeconds:0.###} s", "--timeout gives it longer");
        }
        catch (CommandFailedException exception)
        {
            report.Warn(step, $"{what}: {taken}; {exception.Message}", Hint);
        }
    }

    /// <summary>Nobody in a DHT tells the time: what can be seen is a clock before this build, and one that is not the daemon's.</summary>
    private void TellClock()
    {
        DateTimeOffset now = TimeProvider.System.GetUtcNow();
        DateTimeOffset built = File.GetLastWriteTimeUtc(Environment.ProcessPath ?? AppContext.BaseDirectory);
        string text = now.ToString("yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture);
        if (now < built - TimeSpan.FromDays(1))
        {
            report.Warn("clock", $"{text} is before this program was made", "set the clock: records and names expire by it");
        }
        else if (daemon.Date is DateTimeOffset its && (its - now).Duration() > s_clockTolerance)
        {
            report.Warn("clock", string.Create(CultureInfo.InvariantCulture, $"{text}, and the daemon's is {(its - now).TotalSeconds:+0;-0} s away from it"), "set the clock of both machines: records and names expire by it");
        }
        else
        {
            report.Ok("clock", text);
        }
    }
}
