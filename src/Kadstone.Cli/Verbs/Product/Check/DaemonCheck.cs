using System.Globalization;
using System.Text.Json;
using Kadstone.Cli.Verbs.Product.Traces;
using Kadstone.Daemon.V1.Answers;

namespace Kadstone.Cli.Verbs.Product.Check;

/// <summary>Checks what a key leads to in the networks, through a daemon.</summary>
internal sealed class DaemonCheck(DaemonClient daemon, StatusAnswer status, bool isEmbedded, CheckReport report, TimeSpan patience)
{
    private const int MaxPeers = 100;

    // Whether any lookup had an answer: nothing found is otherwise a matter of the network.
    private bool _wasAnswered;

    internal async Task<int> RunAsync(CheckSubject subject, CancellationToken cancellationToken)
    {
        string[] networks = [.. subject.Networks.Where(CanBeAsked)];
        if (networks.Length == 0)
        {
            return report.End(ExitCode.NoNetwork, $"{string.Join(" and ", subject.Networks)} cannot be asked");
        }

        string? found = null;
        IReadOnlyList<PeerAnswer> peers = [];
        if (subject.Kind != SubjectKind.Pkarr && networks[0] == subject.Networks[0])
        {
            string noun = subject.Kind == SubjectKind.Content ? "provider" : "peer";
            peers = await PeersAsync(networks[0], subject.Key, noun, cancellationToken);
            found = peers.Count > 0 ? $"{Counted.Of(peers.Count, noun)} found on {networks[0]}" : null;
        }

        if (subject.Kind is SubjectKind.Content or SubjectKind.Peer)
        {
            return peers.Count == 0 ? NotFound() : await DialAsync(subject, peers, cancellationToken);
        }

        foreach (string network in networks)
        {
            found ??= await ValueAsync(network, subject, cancellationToken);
        }

        return found is null ? NotFound() : report.End(ExitCode.Found, found);
    }

    private bool CanBeAsked(string name)
    {
        if (status.Networks.FirstOrDefault(network => network.Name == name) is not NetworkAnswer network)
        {
            if (!isEmbedded)
            {
                report.Warn(name, "does not run in this daemon", "--networks of 'dht up' says which run");
            }

            return false;
        }

        if (network.Contacts == 0)
        {
            report.Fail(name, isEmbedded ? "nobody answers" : network.Verdict, network.Next ?? "look at this machine's connection, its firewall, and --bootstrap");
            return false;
        }

        // That others do not reach it is as it should be for an embedded node; and where there are contacts the lookup says more than a verdict.
        string level = isEmbedded || network.Level == Level.Ok ? Level.Ok : Level.Warn;
        report.Tell(level, name, isEmbedded ? $"joined, {Counted.Of(network.Contacts, "contact")}" : network.Verdict, level == Level.Ok ? null : network.Next);
        return true;
    }

    private int NotFound() => _wasAnswered
        ? report.End(ExitCode.NothingFound, "the network answers, and knows nothing of it")
        : report.End(ExitCode.NoNetwork, "the network does not answer");

    private async Task<IReadOnlyList<PeerAnswer>> PeersAsync(string network, string key, string noun, CancellationToken cancellationToken)
    {
        List<PeerAnswer> peers = [];
        PeersEnd? end = null;
        string step = $"{network} lookup";
        using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        either.CancelAfter(patience);
        try
        {
            await foreach (string line in daemon.GetLinesAsync($"/v1/{network}/peers/{Uri.EscapeDataString(key)}", either.Token))
            {
                if (IsEnd(line))
                {
                    end = daemon.Parse(line, DaemonClient.Json.PeersEnd);
                }
                else if (peers.Count < MaxPeers)
                {
                    peers.Add(daemon.Parse(line, DaemonClient.Json.PeerAnswer));
                }
            }
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            report.Warn(step, $"not over after {patience.TotalSeconds:0.###} s", "--timeout gives it longer");
        }
        catch (CommandFailedException exception) when (exception.ExitCode is ExitCode.NoNetwork or ExitCode.TimedOut)
        {
            report.Fail(step, exception.Message, "'dht check self' says what this machine lacks");
            return [];
        }

        _wasAnswered |= peers.Count > 0;
        if (end?.Lookup is string id)
        {
            await TellLookupAsync(step, id, cancellationToken);
        }

        if (peers.Count > 0)
        {
            report.Ok($"{noun}s", $"{Counted.Of(peers.Count, noun)}: {string.Join(", ", peers.Take(3).Select(peer => peer.Peer))}{(peers.Count > 3 ? ", …" : "")}");
        }
        else
        {
            report.Warn($"{noun}s", $"no {noun} is known", noun == "peer" ? "announcements expire when nobody repeats them: whoever takes part has to be online and to announce" : "content is found while somebody provides it");
        }

        return peers;
    }

    private async Task TellLookupAsync(string step, string id, CancellationToken cancellationToken)
    {
        if (await daemon.FindAsync($"/v1/lookups/{id}", DaemonClient.Json.LookupAnswer, cancellationToken) is not LookupAnswer lookup)
        {
            return;
        }

        _wasAnswered |= lookup.Answers > 0;
        (int answered, int all) = Trace.Closest(lookup);
        string text = Invariant($"{Counted.Of(lookup.Requests, "request")}, {Counted.Of(lookup.Answers, "answer")}, {Counted.Of(lookup.Hops, "hop")}, {lookup.Milliseconds:0.#} ms; {answered} of the {all} closest answered");
        if (lookup.Answers == 0)
        {
            report.Fail(step, text, "'dht check self' says what this machine lacks");
        }
        else if (answered * 2 < all)
        {
            report.Warn(step, text, "the lookup ended before most of the closest had answered; 'dht trace last' shows it");
        }
        else
        {
            report.Ok(step, text);
        }
    }

    private async Task<string?> ValueAsync(string network, CheckSubject subject, CancellationToken cancellationToken)
    {
        string[] kinds = (network, subject.Kind) switch
        {
            ("mainline", SubjectKind.InfoHash) => ["immutable"],
            ("hyperswarm", _) => ["immutable", "mutable"],
            _ => ["mutable"],
        };
        foreach (string kind in kinds)
        {
            string step = $"{network} {kind} value";
            using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            either.CancelAfter(patience);
            try
            {
                if (await daemon.FindAsync($"/v1/{network}/values/{subject.Key}?kind={kind}", DaemonClient.Json.ValueAnswer, either.Token) is ValueAnswer value)
                {
                    string version = value.Sequence is long sequence ? Invariant($", version {sequence}") : string.Empty;
                    string from = value.From is null ? string.Empty : $", from {value.From}";
                    report.Ok(step, $"{Counted.Of(value.Value.Length, "byte")}{version}{from}");
                    return $"a value of {Counted.Of(value.Value.Length, "byte")} found on {network}";
                }

                _wasAnswered = true;
                report.Warn(step, "none is stored");
            }
            catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
            {
                report.Fail(step, $"not over after {patience.TotalSeconds:0.###} s", "--timeout gives it longer");
            }
            catch (CommandFailedException exception) when (exception.ExitCode is ExitCode.NoNetwork or ExitCode.TimedOut)
            {
                report.Fail(step, exception.Message, "'dht check self' says what this machine lacks");
            }
        }

        return null;
    }

    private async Task<int> DialAsync(CheckSubject subject, IReadOnlyList<PeerAnswer> peers, CancellationToken cancellationToken)
    {
        string noun = subject.Kind == SubjectKind.Content ? "provider" : "peer";
        await using PeerDial dial = await PeerDial.StartAsync(patience, cancellationToken);
        const int Most = 3;
        int reached = 0;
        foreach (PeerAnswer peer in peers.Take(Most))
        {
            // Records of providers may name them without an address.
            PeerAnswer known = peer.Addresses.Count > 0 || subject.Kind == SubjectKind.Peer ? peer
                : await PeersAsync("ipfs", peer.Peer, "peer", cancellationToken) is [PeerAnswer found, ..] ? found : peer;
            reached += await dial.TryAsync(known, report, cancellationToken) ? 1 : 0;
        }

        int tried = Math.Min(peers.Count, Most);
        if (reached > 0)
        {
            return report.End(ExitCode.Found, $"{Counted.Of(peers.Count, noun)} found, {reached} of {tried} dialed answer");
        }

        report.Fail("dial", $"none of {Counted.Of(tried, noun)} can be reached from here", "they are offline, or behind a NAT without a relay that we could use");
        return report.End(ExitCode.NoNetwork, $"{Counted.Of(peers.Count, noun)} found, and none can be reached");
    }

    private static bool IsEnd(string line)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(line);
            return document.RootElement.ValueKind == JsonValueKind.Object && document.RootElement.TryGetProperty("done", out _);
        }
        catch (JsonException)
        {
            return false;
        }
    }

    private static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
