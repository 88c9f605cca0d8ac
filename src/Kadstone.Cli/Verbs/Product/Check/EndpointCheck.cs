using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Kadstone.Cli.Parsing;
using Kadstone.Cli.Verbs.Hyper;
using Kadstone.Daemon.V1.Answers;
using Kadstone.Datagrams;
using Kadstone.Hyperswarm;
using Kadstone.Libp2p;
using Kadstone.Mainline;
using Microsoft.Extensions.Logging.Abstractions;

namespace Kadstone.Cli.Verbs.Product.Check;

/// <summary>Checks who answers at an address: a ping in each network, from nodes of its own that join nowhere.</summary>
internal static class EndpointCheck
{
    private static readonly TimeSpan s_longest = TimeSpan.FromSeconds(5);

    internal static async Task<int> RunAsync(CheckSubject subject, CheckReport report, TimeSpan patience, CancellationToken cancellationToken)
    {
        TimeSpan each = patience < s_longest ? patience : s_longest;
        return subject.Kind == SubjectKind.Address
            ? await DialAsync(Multiaddr.Parse(subject.Key), report, each, cancellationToken)
            : await PingAsync(subject.Key, report, each, cancellationToken);
    }

    private static async Task<int> DialAsync(Multiaddr address, CheckReport report, TimeSpan patience, CancellationToken cancellationToken)
    {
        await using PeerDial dial = await PeerDial.StartAsync(patience, cancellationToken);
        (bool isReached, string text) = await dial.TryAsync(address, cancellationToken);
        report.Tell(isReached ? Level.Ok : Level.Fail, "dial", text, isReached ? null : "the peer is offline, its port is closed, or another peer listens there");
        return isReached ? report.End(ExitCode.Found, "the peer answers") : report.End(ExitCode.NoNetwork, "the peer cannot be reached");
    }

    private static async Task<int> PingAsync(string hostAndPort, CheckReport report, TimeSpan patience, CancellationToken cancellationToken)
    {
        UdpEndpoint endpoint;
        try
        {
            endpoint = await Names.ResolveAsync(hostAndPort, [AddressFamily.InterNetwork, AddressFamily.InterNetworkV6], cancellationToken);
        }
        catch (NoNetworkException exception)
        {
            report.Fail("name", exception.Message, "look at the name and at this machine's name resolution");
            return report.End(ExitCode.NoNetwork, "the name leads nowhere");
        }

        report.Ok("name", endpoint.ToString() == hostAndPort ? $"{endpoint} is an address" : $"{hostAndPort} is {endpoint}");
        AddressScope scope = AddressScopes.IsLocal(endpoint) ? AddressScope.Private : AddressScope.Public;
        bool isIPv4 = endpoint.ToIPAddress().AddressFamily == AddressFamily.InterNetwork;
        List<Task<(string Step, bool IsAnswered, string Text)>> pings =
        [
            OrSilentAsync("mainline", token => PingMainlineAsync(endpoint, scope, token), patience, cancellationToken),
            OrSilentAsync("tcp", token => ConnectAsync(endpoint, token), patience, cancellationToken),
        ];
        if (isIPv4)
        {
            // Hyperswarm is IPv4 alone.
            pings.Insert(1, OrSilentAsync("hyperswarm", token => PingHyperAsync(RpcWire.V6, endpoint, scope, token), patience, cancellationToken));
            pings.Insert(2, OrSilentAsync("hyperswarm gen1", token => PingHyperAsync(RpcWire.Gen1, endpoint, scope, token), patience, cancellationToken));
        }

        List<string> answered = [];
        foreach (Task<(string Step, bool IsAnswered, string Text)> ping in pings)
        {
            (string step, bool isAnswered, string text) = await ping;
            report.Tell(isAnswered ? Level.Ok : Level.Warn, step, text, null);
            if (isAnswered)
            {
                answered.Add(step);
            }
        }

        return answered.Count > 0
            ? report.End(ExitCode.Found, $"{string.Join(" and ", answered)} answers")
            : report.End(ExitCode.NoNetwork, "nobody answers there: it is offline, or a firewall drops what comes");
    }

    private static async Task<(string Step, bool IsAnswered, string Text)> OrSilentAsync(string step, Func<CancellationToken, Task<string>> ask, TimeSpan patience, CancellationToken cancellationToken)
    {
        using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        either.CancelAfter(patience);
        try
        {
            return (step, true, await ask(either.Token));
        }
        catch (SocketException exception) when (exception.SocketErrorCode == SocketError.ConnectionRefused)
        {
            return (step, false, "refuses connections: nobody listens at the port");
        }
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested
            && exception is OperationCanceledException or NoNetworkException or DhtTimeoutException or NoAnswerException or RejectedException or TimeoutException or SocketException)
        {
            return (step, false, string.Create(CultureInfo.InvariantCulture, $"no answer within {patience.TotalSeconds:0.###} s"));
        }
    }

    private static async Task<string> PingMainlineAsync(UdpEndpoint endpoint, AddressScope scope, CancellationToken cancellationToken)
    {
        IPAddress any = endpoint.ToIPAddress().AddressFamily == AddressFamily.InterNetwork ? IPAddress.Any : IPAddress.IPv6Any;
        await using MainlineDht dht = await MainlineDht.CreateAsync(
            new MainlineOptions { Addresses = [any], Scope = scope, Serving = ServingMode.ReadOnly, Bootstrap = [] }, cancellationToken: cancellationToken);
        PingResult answer = await dht.PingAsync(endpoint, cancellationToken);
        return string.Create(CultureInfo.InvariantCulture, $"node {answer.Node.Id} answers within {answer.RoundTrip.TotalMilliseconds:0.#} ms{(answer.SeenAs is UdpEndpoint seen ? $", and sees us as {seen}" : "")}");
    }

    private static async Task<string> PingHyperAsync(RpcWire wire, UdpEndpoint endpoint, AddressScope scope, CancellationToken cancellationToken)
    {
        HyperDhtOptions options = new() { Port = 0, Ephemeral = true, Scope = scope, Bootstrap = [] };
        await using IHyperDht dht = HyperNodes.Create(wire, options, NullLoggerFactory.Instance);
        await dht.Node.ListenOrExplainAsync(options, "--port", cancellationToken);
        RpcAnswer answer = await dht.Node.PingAsync(endpoint, cancellationToken);
        return string.Create(CultureInfo.InvariantCulture, $"{(answer.FromId is { } id ? $"node {id}" : "a node without an id")} answers within {answer.RoundTrip.TotalMilliseconds:0.#} ms, and sees us as {answer.To}");
    }

    private static async Task<string> ConnectAsync(UdpEndpoint endpoint, CancellationToken cancellationToken)
    {
        using Socket socket = new(SocketType.Stream, ProtocolType.Tcp);
        long began = Stopwatch.GetTimestamp();
        await socket.ConnectAsync(new IPEndPoint(endpoint.ToIPAddress(), endpoint.Port), cancellationToken);
        return string.Create(CultureInfo.InvariantCulture, $"takes connections, within {Stopwatch.GetElapsedTime(began).TotalMilliseconds:0.#} ms; a multiaddr with /p2p/ checks whether a peer of IPFS is there");
    }
}
