using System.CommandLine;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Kadstone.Cli.Parsing;
using Kadstone.Datagrams;
using Kadstone.Kademlia;
using Kadstone.Mainline;

namespace Kadstone.Cli.Verbs;

/// <summary><c>dht mainline trace</c>: a get_peers lookup as a picture: who led to whom, how near, how fast, and why it stopped.</summary>
internal sealed class TraceVerb : ClientVerb
{
    private readonly Argument<Topic> _topic = TopicArguments.Create();

    internal TraceVerb(Terminal terminal)
        : base(
            terminal,
            "trace",
            "Shows how a lookup goes: hops, distance, round trips, why it stopped.",
            "dht mainline trace 2b66980093bc11806fab50cb3cb41835b95a0362",
            "dht mainline trace 2b66980093bc11806fab50cb3cb41835b95a0362 --private --bootstrap 127.77.1.1:6881 -o json")
    {
        Add(_topic);
    }

    protected override async Task<int> AskAsync(MainlineDht dht, ParseResult arguments, Output output, CancellationToken cancellationToken)
    {
        foreach (Key160 infoHash in await TopicArguments.ResolveAsync(dht, arguments.GetRequiredValue(_topic), cancellationToken))
        {
            PeerLookup lookup = dht.GetPeersAsync(infoHash);
            List<UdpEndpoint> peers = [];
            await foreach (UdpEndpoint peer in lookup.WithCancellation(cancellationToken))
            {
                peers.Add(peer);
            }

            if (output.IsJson)
            {
                output.WriteJson(json => Write(json, infoHash, lookup, peers));
                continue;
            }

            foreach (LookupTrace trace in lookup.Traces)
            {
                foreach (string line in Draw(trace))
                {
                    output.WriteText(line);
                }
            }

            output.WriteText(Summarize(lookup, peers));
        }

        return ExitCode.Found;
    }

    private static string Hops(LookupTrace trace)
    {
        int hops = trace.Steps.Count == 0 ? 0 : trace.Steps.Max(step => step.Hop) + 1;
        return hops == 1 ? "1 hop" : $"{hops} hops";
    }

    private static IEnumerable<string> Draw(LookupTrace trace)
    {
        yield return $"get_peers {trace.Target} over IPv{(trace.IsIPv4 ? 4 : 6)}";
        yield return "when asked  shared bits   round trip  node";
        Dictionary<int, List<int>> children = [];
        for (int i = 0; i < trace.Steps.Count; i++)
        {
            int parent = trace.Steps[i].IntroducedBy;
            if (!children.TryGetValue(parent, out List<int>? list))
            {
                children[parent] = list = [];
            }

            list.Add(i);
        }

        HashSet<UdpEndpoint> nearest = [.. trace.Closest.Select(node => node.Endpoint)];
        int deepest = trace.Steps.Count == 0 ? 0 : trace.Steps.Max(step => step.SharedBits);
        foreach (string line in DrawBranch(trace, children, nearest, deepest, -1, string.Empty))
        {
            yield return line;
        }

        yield return $"stopped after {trace.Took.TotalMilliseconds:0.0} ms and {Hops(trace)}: {Why(trace.End)}  (* is one of the {trace.Closest.Count} nearest)";
    }

    private static IEnumerable<string> DrawBranch(
        LookupTrace trace,
        Dictionary<int, List<int>> children,
        HashSet<UdpEndpoint> nearest,
        int deepest,
        int parent,
        string indent)
    {
        if (!children.TryGetValue(parent, out List<int>? steps))
        {
            yield break;
        }

        foreach (int index in steps)
        {
            TraceStep step = trace.Steps[index];
            bool isLast = index == steps[^1];
            string roundTrip = step.RoundTrip is TimeSpan time ? $"{time.TotalMilliseconds,8:0.0} ms" : State(step.State).PadLeft(11);
            char mark = nearest.Contains(step.Node.Endpoint) ? '*' : ' ';
            yield return $"{step.AskedAfter.TotalMilliseconds,8:0.0} ms  {Bar(step.SharedBits, deepest)} {step.SharedBits,3}  {roundTrip}  {mark}{indent}{(isLast ? "└─" : "├─")} {step.Node.Endpoint} {step.Node.Id.ToString()[..8]}";
            foreach (string line in DrawBranch(trace, children, nearest, deepest, index, indent + (isLast ? "   " : "│  ")))
            {
                yield return line;
            }
        }
    }

    private static string Bar(int bits, int deepest)
    {
        int length = deepest == 0 ? 0 : (int)Math.Round(8.0 * bits / deepest);
        return new string('█', length) + new string('·', 8 - length);
    }

    private static string Summarize(PeerLookup lookup, List<UdpEndpoint> peers)
    {
        LookupOutcome outcome = lookup.Outcome;
        StringBuilder line = new();
        line.Append(CultureInfo.InvariantCulture, $"{peers.Count} {(peers.Count == 1 ? "peer" : "peers")}");
        if (lookup.FirstPeerAfter is TimeSpan first)
        {
            line.Append(CultureInfo.InvariantCulture, $", the first after {first.TotalMilliseconds:0.0} ms");
        }

        line.Append(CultureInfo.InvariantCulture, $"; asked {outcome.Asked}, answered {outcome.Answered}, silent {outcome.Silent}, refused {outcome.Refused}");
        return line.ToString();
    }

    private static string Why(LookupEnd end) => end switch
    {
        LookupEnd.Quorum => "the nearest nodes have all answered",
        LookupEnd.Exhausted => "nobody is left to ask",
        LookupEnd.RequestLimit => "it used up its questions",
        LookupEnd.Stopped => "it was stopped",
        _ => "it still runs",
    };

    private static string State(LookupStepState state) => state switch
    {
        LookupStepState.Asked => "asked",
        LookupStepState.Late => "late",
        LookupStepState.Answered => "answered",
        _ => "failed",
    };

    private static void Write(Utf8JsonWriter json, Key160 infoHash, PeerLookup lookup, List<UdpEndpoint> peers)
    {
        json.WriteString("infohash", infoHash.ToString());
        json.WriteStartArray("peers");
        peers.ForEach(peer => json.WriteStringValue(peer.ToString()));
        json.WriteEndArray();
        if (lookup.FirstPeerAfter is TimeSpan first)
        {
            json.WriteNumber("first_peer_ms", Milliseconds(first));
        }
        else
        {
            json.WriteNull("first_peer_ms");
        }

        json.WriteLookup(lookup.Outcome);
        json.WriteStartArray("traces");
        foreach (LookupTrace trace in lookup.Traces)
        {
            json.WriteStartObject();
            json.WriteNumber("ip_version", trace.IsIPv4 ? 4 : 6);
            json.WriteString("end", JsonNamingPolicy.SnakeCaseLower.ConvertName(trace.End.ToString()));
            json.WriteNumber("took_ms", Milliseconds(trace.Took));
            json.WriteStartArray("steps");
            foreach (TraceStep step in trace.Steps)
            {
                json.WriteStartObject();
                json.WriteString("id", step.Node.Id.ToString());
                json.WriteString("endpoint", step.Node.Endpoint.ToString());
                json.WriteNumber("hop", step.Hop);
                json.WriteNumber("introduced_by", step.IntroducedBy);
                json.WriteNumber("shared_bits", step.SharedBits);
                json.WriteNumber("asked_after_ms", Milliseconds(step.AskedAfter));
                if (step.RoundTrip is TimeSpan roundTrip)
                {
                    json.WriteNumber("round_trip_ms", Milliseconds(roundTrip));
                }
                else
                {
                    json.WriteNull("round_trip_ms");
                }

                json.WriteString("state", State(step.State));
                json.WriteEndObject();
            }

            json.WriteEndArray();
            json.WriteStartArray("closest");
            foreach (NodeContact node in trace.Closest)
            {
                json.WriteStringValue(node.Endpoint.ToString());
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private static double Milliseconds(TimeSpan time) => Math.Round(time.TotalMilliseconds, 3);
}
