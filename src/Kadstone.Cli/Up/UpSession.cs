using System.Diagnostics;
using System.Globalization;
using Kadstone.Hosting;

namespace Kadstone.Cli.Up;

/// <summary>One run of <c>dht up</c>: starts, tells, serves, ends.</summary>
/// <param name="terminal">Where trouble goes.</param>
/// <param name="layers">Where the options came from, for their names in errors.</param>
/// <param name="options">The options; their folder is opened.</param>
/// <param name="folder">The data folder.</param>
/// <param name="events">Where it tells what happens.</param>
internal sealed class UpSession(Terminal terminal, ConfigurationLayers layers, KadstoneOptions options, string folder, UpEvents events) : IAsyncDisposable
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(1);

    // Together the five seconds that a service manager is promised.
    private static readonly TimeSpan s_httpDrain = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan s_nodeDrain = TimeSpan.FromSeconds(3);

    private readonly List<Devnet> _devnets = [];
    private KadstoneNode? _node;
    private HttpSide _http = HttpSide.None;

    internal async Task RunDevnetAsync(int count, CancellationToken cancellationToken)
    {
        long begin = Stopwatch.GetTimestamp();
        if (options.Mainline is not null)
        {
            _devnets.Add(new MainlineDevnet());
        }

        if (options.Hyperswarm is not null)
        {
            _devnets.Add(new HyperDevnet());
        }

        if (options.Ipfs is not null)
        {
            _devnets.Add(new IpfsDevnet());
        }

        try
        {
            await Tasks.WhenAllAsync(_devnets.Select(network => network.StartAsync(count, (n, node) => TellListening(n, $"{node.Network} node {n}", node), cancellationToken)));

            // The contacts of an earlier devnet are gone with their ports; what lasts is who we are.
            options.KeepsContacts = false;
            _devnets.ForEach(network => network.Join(options));
            KadstoneNode own = await StartAsync(tellsOfRouters: true, cancellationToken);
            await Tasks.WhenAllAsync(_devnets.Select((network, index) => JoinDevnetAsync(network, own, own.Networks[index], cancellationToken)));
            own.TrySave();
            double seconds = Stopwatch.GetElapsedTime(begin).TotalSeconds;
            events.Tell("ready", string.Create(CultureInfo.InvariantCulture, $"ready: {count} nodes and this one in each network; what one announced another found, after {seconds:0.0} s"), json =>
            {
                json.WriteNumber("seconds", Math.Round(seconds, 3));
                json.WriteNumber("nodes", count);
                json.WriteNumber("packet_budget", own.PacketBudget);
                for (int i = 0; i < _devnets.Count; i++)
                {
                    string prefix = Prefix(own.Networks[i]);
                    json.WriteString($"{prefix}bootstrap", _devnets[i].Bootstrap);
                    json.WriteString($"{prefix}own", own.Networks[i].Endpoints[0]);
                }
            });
            TellServed(own);
            UpAdvice.Give(events, [.. own.Networks.Select((network, index) => (network.Network, _devnets[index].Bootstrap))]);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // The end below is the same.
        }

        await ServeAsync(cancellationToken);
    }

    internal async Task RunPublicAsync(CancellationToken cancellationToken)
    {
        try
        {
            events.Tell("starting", "looking for the routers of the public networks");
            KadstoneNode own = await StartAsync(tellsOfRouters: false, cancellationToken);
            TellServed(own);
            int[] contacts = await Tasks.WhenAllAsync(own.Networks.Select(node => JoinPublicAsync(node, cancellationToken)));
            own.TrySave();
            string[] answered = [.. own.Networks.Select((network, index) => $"{contacts[index]} {(index == 0 ? "nodes " : "")}of {NameOf(network.Network)}")];
            events.Tell("ready", $"ready: {Listed(answered)} answered", json =>
            {
                json.WriteNumber("packet_budget", own.PacketBudget);
                for (int i = 0; i < contacts.Length; i++)
                {
                    json.WriteNumber($"{Prefix(own.Networks[i])}contacts", contacts[i]);
                }
            });
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // The end below is the same.
        }

        await ServeAsync(cancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        await DrainAsync(_http.DisposeAsync().AsTask(), s_httpDrain, "HTTP");
        IAsyncDisposable[] nodes = [.. _devnets, .. _node is null ? [] : new IAsyncDisposable[] { _node }];
        await DrainAsync(Task.WhenAll(nodes.Select(node => node.DisposeAsync().AsTask())), s_nodeDrain, "a network or the store");
    }

    private async Task DrainAsync(Task ending, TimeSpan patience, string who)
    {
        try
        {
            await ending.WaitAsync(patience);
        }
        catch (TimeoutException)
        {
            terminal.Complain($"dht: {who} did not end within {patience.TotalSeconds:0} s and was left.");
        }
    }

    private async Task<KadstoneNode> StartAsync(bool tellsOfRouters, CancellationToken cancellationToken)
    {
        WarningLogger logger = new(terminal, tellsOfRouters);
        try
        {
            _node = await KadstoneNode.CreateAsync(options, logger, cancellationToken: cancellationToken);
            _http = await HttpSide.StartAsync(_node, _devnets, logger, cancellationToken);
        }
        catch (KadstoneSetupException exception)
        {
            throw layers.Explain(exception);
        }

        new DaemonFile(Environment.ProcessId, _http.Api is null ? null : $"http://{_http.Api}", _http.Token).Write(folder);
        return _node;
    }

    private async Task JoinDevnetAsync(Devnet devnet, KadstoneNode own, NetworkNode network, CancellationToken cancellationToken)
    {
        TellListening(0, $"{network.Network}: this node", network);
        TellJoined(network, await network.WaitForNetworkAsync(cancellationToken));
        while (!await devnet.AnswersAsync(own, cancellationToken))
        {
            terminal.Complain($"dht: {network.Network}: an announcement was not found by another node; trying again.");
            await Task.Delay(s_patience, cancellationToken);
        }
    }

    private async Task<int> JoinPublicAsync(NetworkNode node, CancellationToken cancellationToken)
    {
        TellListening(0, $"{node.Network}: this node", node);
        int contacts = await node.WaitForNetworkAsync(cancellationToken);
        if (contacts == 0 && !BeginsHere(node.Network))
        {
            string transport = node.Network == "ipfs" ? "TCP" : "UDP";
            events.Tell(
                "no_network",
                $"{node.Network}: nobody answers: what is missing is a way to the Internet over {transport} (a connection, name resolution, a firewall that lets {transport} pass); the node stays up and goes on asking",
                json =>
                {
                    json.WriteString("network", node.Network);
                    json.WriteString("missing", $"internet access over {transport}");
                });
            while ((contacts = node.Status.Contacts) == 0)
            {
                await Task.Delay(s_patience, cancellationToken);
            }
        }

        TellJoined(node, contacts);
        return contacts;
    }

    // Who has nobody to ask waits for nobody.
    private bool BeginsHere(string network) => network switch
    {
        "mainline" => options.Mainline is { Bootstrap.Count: 0 },
        "hyperswarm" => options.Hyperswarm is { Bootstrap.Count: 0 },
        _ => options.Ipfs is { Bootstrap.Count: 0 },
    };

    private async Task ServeAsync(CancellationToken cancellationToken)
    {
        if (_node is not KadstoneNode own)
        {
            return;
        }

        Task status = terminal.OutputIsTerminal && !events.IsJson ? LiveStatus.ShowAsync(own, _devnets, cancellationToken) : PlainStatus.ShowAsync(own, events, cancellationToken);

        // The session closes what it started, each in its time.
        await RunningNode.ServeAsync(NothingToClose.Instance, own.TrySave, cancellationToken, beforeClosing: status);
    }

    private void TellServed(KadstoneNode own)
    {
        if (_http.Api is not null)
        {
            events.Advise($"the page and the API are at http://{_http.Api}");
        }

        if (_http.Gateway is not null)
        {
            events.Advise($"the gateway answers everybody at http://{_http.Gateway}");
        }

        events.Advise($"at most {own.PacketBudget} packets a second leave this machine's own nodes (profile {own.Profile.ToString().ToLowerInvariant()})");
    }

    private void TellJoined(NetworkNode node, int contacts) => events.Tell("joined", $"{node.Network}: joined, {contacts} nodes answered", json =>
    {
        json.WriteString("network", node.Network);
        json.WriteNumber("contacts", contacts);
    });

    private void TellListening(int number, string name, NetworkNode node)
    {
        foreach (string endpoint in node.Endpoints)
        {
            events.Tell("listening", $"{name} listening on {endpoint}", json =>
            {
                json.WriteString("network", node.Network);
                json.WriteNumber("node", number);
                json.WriteString("endpoint", endpoint);
                json.WriteString("id", node.Id);
            });
        }
    }

    private static string Prefix(NetworkNode node) => node.Network switch
    {
        "mainline" => "",
        "hyperswarm" => "hyper_",
        _ => "ipfs_",
    };

    private static string NameOf(string network) => network switch
    {
        "mainline" => "Mainline",
        "hyperswarm" => "Hyperswarm",
        _ => "IPFS",
    };

    private static string Listed(string[] parts) => parts.Length == 1 ? parts[0] : $"{string.Join(", ", parts[..^1])} and {parts[^1]}";

    private sealed class NothingToClose : IAsyncDisposable
    {
        internal static NothingToClose Instance { get; } = new();

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
