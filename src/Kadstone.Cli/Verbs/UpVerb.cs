using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using Kadstone.Cli.Parsing;
using Kadstone.Cli.Up;
using Kadstone.Datagrams;
using Kadstone.Hyperswarm;
using Kadstone.Mainline;

namespace Kadstone.Cli.Verbs;

/// <summary><c>dht up</c>: this machine's own nodes, one in each network, in the public ones or in private ones of its own making.</summary>
internal sealed class UpVerb : Verb
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(1);

    private readonly Option<bool> _devnet = new("--devnet") { Description = "Private networks in this process, on loopback." };

    private readonly Option<string?> _data =
        CommonOptions.Create("--data", "DIR", "Where key, state and store are kept. Default ./data/public or ./data/devnet.", text => (string?)Choices.FilePath(text));

    private readonly Option<int?> _nodes = CommonOptions.Create("--nodes", "N", $"How many nodes each network of the devnet has, 1 to {Devnet.MaxNodes}. Default 20.", ParseNodes);
    private readonly Option<int?> _port = CommonOptions.Create("--port", "N", "The UDP port in the public network of Mainline; 0 is the kernel's choice. Default 6881.", Endpoints.Port);
    private readonly Option<int?> _hyperPort =
        CommonOptions.Create("--hyper-port", "N", "The UDP port in the public network of Hyperswarm; 0 is the kernel's choice. Default 49737.", Endpoints.Port);

    private readonly Option<OutputFormat?> _format = CommonOptions.Format();

    internal UpVerb(Terminal terminal)
        : base(terminal, "up", "Starts this machine's nodes and keeps them up until Ctrl-C or SIGTERM.", "dht up --devnet", "dht up --devnet --nodes 50 -o json", "dht up --data /var/lib/kadstone")
    {
        Add(_devnet);
        Add(_data);
        Add(_nodes);
        Add(_port);
        Add(_hyperPort);
        Add(_format);
        Validators.Add(result =>
        {
            if (result.GetResult(_nodes) is not null && !result.GetValue(_devnet))
            {
                result.AddError("--nodes goes with --devnet: the public network has its own.");
            }
            else if (result.GetValue(_devnet) && ((Option[])[_port, _hyperPort]).FirstOrDefault(option => result.GetResult(option) is not null) is Option port)
            {
                result.AddError($"{port.Name} goes without --devnet: the devnet's ports are the kernel's choice.");
            }
        });
    }

    protected override async Task<int> RunAsync(ParseResult arguments, CancellationToken cancellationToken)
    {
        bool isDevnet = arguments.GetValue(_devnet);
        UpEvents events = new(new Output(Terminal, arguments.GetValue(_format) == OutputFormat.Json));
        using DataFolder data = DataFolder.Open(arguments.GetValue(_data) ?? Path.Combine(".", "data", isDevnet ? "devnet" : "public"));
        OwnNodes own = new(data, Terminal);
        try
        {
            await (isDevnet
                ? RunDevnetAsync(own, arguments.GetValue(_nodes) ?? 20, events, cancellationToken)
                : RunPublicAsync(own, arguments.GetValue(_port) ?? NodeVerb.DefaultPort, arguments.GetValue(_hyperPort) ?? HostPort.DefaultPort, events, cancellationToken));
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // Told to stop while it was starting.
        }
        finally
        {
            await own.DisposeAsync();
        }

        events.Tell("stopped", "stopped");
        return ExitCode.Found;
    }

    private async Task RunDevnetAsync(OwnNodes own, int count, UpEvents events, CancellationToken cancellationToken)
    {
        long begin = Stopwatch.GetTimestamp();
        await using MainlineDevnet mainline = new();
        await using HyperDevnet hyper = new();
        Devnet[] networks = [mainline, hyper];
        try
        {
            await WhenAllAsync(networks.Select(network => network.StartAsync(count, (n, node) => TellListening(events, n, $"{node.Network} node {n}", node), cancellationToken)));

            // The contacts of an earlier devnet are gone with their ports; what lasts is the id.
            await own.StartMainlineAsync(
                new MainlineOptions { Addresses = [Devnet.OwnAddress], Scope = AddressScope.Private, Bootstrap = [mainline.Bootstrap] },
                keepsContacts: false,
                tellsOfRouters: true,
                cancellationToken);
            await own.StartHyperAsync(HyperDevnet.OptionsOf(Devnet.OwnAddress, [hyper.Bootstrap]), keepsContacts: false, tellsOfRouters: true, cancellationToken);
            await WhenAllAsync(networks.Select((network, index) => JoinDevnetAsync(network, own.Nodes[index], events, cancellationToken)));
            own.TrySave();
            double seconds = Stopwatch.GetElapsedTime(begin).TotalSeconds;
            events.Tell("ready", $"ready: {count} nodes and this one in each network; what one announced another found, after {seconds:0.0} s", json =>
            {
                json.WriteNumber("seconds", Math.Round(seconds, 3));
                json.WriteNumber("nodes", count);
                json.WriteString("bootstrap", mainline.Bootstrap);
                json.WriteString("own", own.Nodes[0].Endpoints[0].ToString());
                json.WriteString("hyper_bootstrap", hyper.Bootstrap);
                json.WriteString("hyper_own", own.Nodes[1].Endpoints[0].ToString());
            });
            Advise(events, mainline.Bootstrap, hyper.Bootstrap);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // The end below is the same.
        }

        await ServeAsync(own, [.. networks.Select(network => network.Nodes).Where(nodes => nodes.Count > 0)], events, cancellationToken);
    }

    private async Task JoinDevnetAsync(Devnet network, UpNode own, UpEvents events, CancellationToken cancellationToken)
    {
        TellListening(events, 0, $"{own.Network}: this node", own);
        TellJoined(events, own, await own.WaitForNetworkAsync(cancellationToken));
        while (!await network.AnswersAsync(own, cancellationToken))
        {
            Terminal.Complain($"dht: {own.Network}: an announcement was not found by another node; trying again.");
            await Task.Delay(s_patience, cancellationToken);
        }
    }

    private async Task RunPublicAsync(OwnNodes own, int port, int hyperPort, UpEvents events, CancellationToken cancellationToken)
    {
        try
        {
            events.Tell("starting", "looking for the routers of the public networks");
            await own.StartMainlineAsync(
                new MainlineOptions { Port = port, Bootstrap = MainlineOptions.PublicRouters },
                keepsContacts: true,
                tellsOfRouters: false,
                cancellationToken);
            await own.StartHyperAsync(new HyperDhtOptions { Port = hyperPort, Bootstrap = RpcOptions.PublicBootstrap }, keepsContacts: true, tellsOfRouters: false, cancellationToken);
            int[] contacts = await WhenAllAsync(own.Nodes.Select(node => JoinPublicAsync(node, events, cancellationToken)));
            own.TrySave();
            events.Tell("ready", $"ready: {contacts[0]} nodes of Mainline and {contacts[1]} of Hyperswarm answered", json =>
            {
                json.WriteNumber("contacts", contacts[0]);
                json.WriteNumber("hyper_contacts", contacts[1]);
            });
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // The end below is the same.
        }

        await ServeAsync(own, [], events, cancellationToken);
    }

    private static async Task<int> JoinPublicAsync(UpNode node, UpEvents events, CancellationToken cancellationToken)
    {
        TellListening(events, 0, $"{node.Network}: this node", node);
        int contacts = await node.WaitForNetworkAsync(cancellationToken);
        if (contacts == 0)
        {
            events.Tell(
                "no_network",
                $"{node.Network}: nobody answers: what is missing is a way to the Internet over UDP (a connection, name resolution, a firewall that lets UDP pass); the node stays up and goes on asking",
                json =>
                {
                    json.WriteString("network", node.Network);
                    json.WriteString("missing", "internet access over UDP");
                });
            while ((contacts = node.Status.Contacts) == 0)
            {
                await Task.Delay(s_patience, cancellationToken);
            }
        }

        TellJoined(events, node, contacts);
        return contacts;
    }

    private async Task ServeAsync(OwnNodes own, IReadOnlyList<IReadOnlyList<UpNode>> others, UpEvents events, CancellationToken cancellationToken)
    {
        Task status = Terminal.OutputIsTerminal && !events.IsJson
            ? LiveStatus.ShowAsync(own.Nodes, others, cancellationToken)
            : PlainStatus.ShowAsync(own.Nodes, events, cancellationToken);
        await RunningNode.ServeAsync(own, own.TrySave, cancellationToken, beforeClosing: status);
    }

    // The first failure ends the waiting for the others: they may never be over.
    private static async Task WhenAllAsync(IEnumerable<Task> tasks)
    {
        List<Task> left = [.. tasks];
        while (left.Count > 0)
        {
            Task ended = await Task.WhenAny(left);
            left.Remove(ended);
            await ended;
        }
    }

    private static async Task<T[]> WhenAllAsync<T>(IEnumerable<Task<T>> tasks)
    {
        Task<T>[] all = [.. tasks];
        await WhenAllAsync((IEnumerable<Task>)all);
        return await Task.WhenAll(all);
    }

    private static void TellJoined(UpEvents events, UpNode node, int contacts) => events.Tell("joined", $"{node.Network}: joined, {contacts} nodes answered", json =>
    {
        json.WriteString("network", node.Network);
        json.WriteNumber("contacts", contacts);
    });

    private static void TellListening(UpEvents events, int number, string name, UpNode node)
    {
        foreach (IPEndPoint endpoint in node.Endpoints)
        {
            events.Tell("listening", $"{name} listening on {endpoint}", json =>
            {
                json.WriteString("network", node.Network);
                json.WriteNumber("node", number);
                json.WriteString("endpoint", endpoint.ToString());
                json.WriteString("id", node.Id);
            });
        }
    }

    private static void Advise(UpEvents events, string bootstrap, string hyperBootstrap)
    {
        string network = $"--private --bootstrap {bootstrap}";
        string hyperNetwork = $"--private --bootstrap {hyperBootstrap}";
        const string InfoHash = "2b66980093bc11806fab50cb3cb41835b95a0362";
        const string Topic = "3031323334353637303132333435363730313233343536373031323334353637";
        events.Advise("try in another terminal:");
        events.Advise($"  ./dht mainline announce {InfoHash} --peer-port 51413 {network}");
        events.Advise($"  ./dht mainline peers {InfoHash} {network}");
        events.Advise($"  ./dht mainline trace {InfoHash} {network}");
        events.Advise($"  ./dht mainline put 'hello world' {network}");
        events.Advise($"  ./dht hyper announce {Topic} --peer-port 10000 {hyperNetwork}");
        events.Advise($"  ./dht hyper lookup {Topic} {hyperNetwork}");
        events.Advise($"  ./dht hyper put 'hello world' {hyperNetwork}");
        events.Advise("Ctrl-C ends it.");
    }

    private static int? ParseNodes(string text) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int nodes) && nodes is >= 1 and <= Devnet.MaxNodes
            ? nodes
            : throw new FormatException($"is not allowed; a devnet has 1 to {Devnet.MaxNodes} nodes");
}
