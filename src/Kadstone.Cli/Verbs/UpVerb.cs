using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using Kadstone.Cli.Parsing;
using Kadstone.Cli.Up;
using Kadstone.Datagrams;
using Kadstone.Mainline;

namespace Kadstone.Cli.Verbs;

/// <summary><c>dht up</c>: this machine's own node, in the public network or in a private one of its own making.</summary>
internal sealed class UpVerb : Verb
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(1);

    private readonly Option<bool> _devnet = new("--devnet") { Description = "A private network in this process, on loopback." };

    private readonly Option<string?> _data =
        CommonOptions.Create("--data", "DIR", "Where key, state and store are kept. Default ./data/public or ./data/devnet.", text => (string?)Choices.FilePath(text));

    private readonly Option<int?> _nodes = CommonOptions.Create("--nodes", "N", $"How many nodes the devnet has, 1 to {Devnet.MaxNodes}. Default 20.", ParseNodes);
    private readonly Option<int?> _port = CommonOptions.Create("--port", "N", "The UDP port in the public network; 0 is the kernel's choice. Default 6881.", Endpoints.Port);
    private readonly Option<OutputFormat?> _format = CommonOptions.Format();

    internal UpVerb(Terminal terminal)
        : base(terminal, "up", "Starts this machine's node and keeps it up until Ctrl-C or SIGTERM.", "dht up --devnet", "dht up --devnet --nodes 50 -o json", "dht up --data /var/lib/kadstone")
    {
        Add(_devnet);
        Add(_data);
        Add(_nodes);
        Add(_port);
        Add(_format);
        Validators.Add(result =>
        {
            if (result.GetResult(_nodes) is not null && !result.GetValue(_devnet))
            {
                result.AddError("--nodes goes with --devnet: the public network has its own.");
            }
            else if (result.GetResult(_port) is not null && result.GetValue(_devnet))
            {
                result.AddError("--port goes without --devnet: the devnet's ports are the kernel's choice.");
            }
        });
    }

    protected override async Task<int> RunAsync(ParseResult arguments, CancellationToken cancellationToken)
    {
        bool isDevnet = arguments.GetValue(_devnet);
        UpEvents events = new(new Output(Terminal, arguments.GetValue(_format) == OutputFormat.Json));
        using DataFolder data = DataFolder.Open(arguments.GetValue(_data) ?? Path.Combine(".", "data", isDevnet ? "devnet" : "public"));
        try
        {
            await (isDevnet
                ? RunDevnetAsync(data, arguments.GetValue(_nodes) ?? 20, events, cancellationToken)
                : RunPublicAsync(data, arguments.GetValue(_port) ?? NodeVerb.DefaultPort, events, cancellationToken));
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // Told to stop while it was starting.
        }

        events.Tell("stopped", "stopped");
        return ExitCode.Found;
    }

    private async Task RunDevnetAsync(DataFolder data, int count, UpEvents events, CancellationToken cancellationToken)
    {
        long begin = Stopwatch.GetTimestamp();
        await using Devnet devnet = await Devnet.StartAsync(count, (n, node) => TellListening(events, n, $"node {n}", node), cancellationToken);
        StateFile stateFile = new(data.StateFile, Terminal);

        // The contacts of an earlier devnet are gone with their ports; what lasts is the id.
        MainlineState? saved = stateFile.ReadOwn();
        MainlineOptions options = new()
        {
            Addresses = [Devnet.OwnAddress],
            Scope = AddressScope.Private,
            Bootstrap = [devnet.Bootstrap],
            Store = await Stores.OpenAsync(new StoreChoice(data.Store), cancellationToken),
        };
        MainlineDht own = await NodeVerb.StartAsync(options, saved is null ? null : saved with { Nodes = [] }, Terminal, cancellationToken);
        try
        {
            TellListening(events, 0, "this node", own);
            int contacts = await own.WaitForNetworkAsync(cancellationToken);
            events.Tell("joined", $"joined: {contacts} nodes answered", json => json.WriteNumber("contacts", contacts));
            while (!await devnet.AnswersAsync(own, cancellationToken))
            {
                Terminal.Complain("dht: an announcement was not found by another node; trying again.");
                await Task.Delay(s_patience, cancellationToken);
            }

            stateFile.TrySave(own.Save());
            double seconds = Stopwatch.GetElapsedTime(begin).TotalSeconds;
            events.Tell("ready", $"ready: {count} nodes and this one; what one announced another found, after {seconds:0.0} s", json =>
            {
                json.WriteNumber("seconds", Math.Round(seconds, 3));
                json.WriteNumber("nodes", count);
                json.WriteString("bootstrap", devnet.Bootstrap);
                json.WriteString("own", own.LocalEndpoints[0].ToString());
            });
            Advise(events, devnet.Bootstrap);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // The end below is the same.
        }

        await ServeAsync(own, devnet.Nodes, stateFile, events, cancellationToken);
    }

    private async Task RunPublicAsync(DataFolder data, int port, UpEvents events, CancellationToken cancellationToken)
    {
        StateFile stateFile = new(data.StateFile, Terminal);
        MainlineState? saved = stateFile.ReadOwn();
        MainlineOptions options = new()
        {
            Port = port,
            Bootstrap = MainlineOptions.PublicRouters,
            Store = await Stores.OpenAsync(new StoreChoice(data.Store), cancellationToken),
        };
        events.Tell("starting", "looking for the routers of the public network");
        MainlineDht own = await NodeVerb.StartAsync(options, saved, Terminal, cancellationToken, tellsOfRouters: false);
        try
        {
            TellListening(events, 0, "this node", own);
            int contacts = await own.WaitForNetworkAsync(cancellationToken);
            if (contacts == 0)
            {
                events.Tell(
                    "no_network",
                    "nobody answers: what is missing is a way to the Internet over UDP (a connection, name resolution, a firewall that lets UDP pass); the node stays up and goes on asking",
                    json => json.WriteString("missing", "internet access over UDP"));
                while ((contacts = own.Status().Contacts) == 0)
                {
                    await Task.Delay(s_patience, cancellationToken);
                }
            }

            stateFile.TrySave(own.Save());
            events.Tell("ready", $"ready: {contacts} nodes of the public network answered", json => json.WriteNumber("contacts", contacts));
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // The end below is the same.
        }

        await ServeAsync(own, [], stateFile, events, cancellationToken);
    }

    private async Task ServeAsync(MainlineDht own, IReadOnlyList<MainlineDht> others, StateFile stateFile, UpEvents events, CancellationToken cancellationToken)
    {
        Task status = Terminal.OutputIsTerminal && !events.IsJson
            ? LiveStatus.ShowAsync(own, others, cancellationToken)
            : PlainStatus.ShowAsync(own, events, cancellationToken);
        await RunningNode.ServeAsync(own, stateFile, cancellationToken, beforeClosing: status);
    }

    private static void TellListening(UpEvents events, int number, string name, MainlineDht node)
    {
        foreach (IPEndPoint endpoint in node.LocalEndpoints)
        {
            events.Tell("listening", $"{name} listening on {endpoint}", json =>
            {
                json.WriteNumber("node", number);
                json.WriteString("endpoint", endpoint.ToString());
                json.WriteString("id", node.Id.ToString());
            });
        }
    }

    private static void Advise(UpEvents events, string bootstrap)
    {
        string network = $"--private --bootstrap {bootstrap}";
        const string InfoHash = "2b66980093bc11806fab50cb3cb41835b95a0362";
        events.Advise("try in another terminal:");
        events.Advise($"  ./dht mainline announce {InfoHash} --peer-port 51413 {network}");
        events.Advise($"  ./dht mainline peers {InfoHash} {network}");
        events.Advise($"  ./dht mainline trace {InfoHash} {network}");
        events.Advise($"  ./dht mainline put 'hello world' {network}");
        events.Advise("Ctrl-C ends it.");
    }

    private static int? ParseNodes(string text) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int nodes) && nodes is >= 1 and <= Devnet.MaxNodes
            ? nodes
            : throw new FormatException($"is not allowed; a devnet has 1 to {Devnet.MaxNodes} nodes");
}
