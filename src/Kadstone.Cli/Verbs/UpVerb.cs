using System.CommandLine;
using System.Globalization;
using Kadstone.Cli.Parsing;
using Kadstone.Cli.Up;
using Kadstone.Hosting;
using Kadstone.Hosting.Files;

namespace Kadstone.Cli.Verbs;

/// <summary><c>dht up</c>: this machine's own nodes, one in each network, in the public ones or in private ones of its own making.</summary>
internal sealed class UpVerb : Verb
{
    private readonly Option<bool> _devnet = new("--devnet") { Description = "Private networks in this process, on loopback." };
    private readonly Option<string?> _config = CommonOptions.Create(
        "--config", "FILE", $"The configuration, JSON with a section {KadstoneOptions.SectionName}. Default {ConfigurationLayers.UsualFile}, if it is here.", text => (string?)Choices.FilePath(text));

    private readonly Option<string?> _data =
        CommonOptions.Create("--data", "DIR", "Where key, state and store are kept. Default ./data/public or ./data/devnet.", text => (string?)Choices.FilePath(text));

    private readonly Option<string?> _networks = Setting("--networks", "LIST", "Networks");
    private readonly Option<string?> _profile = Setting("--profile", "laptop|server|router", "Profile");
    private readonly Option<string?> _store = Setting("--store", "sqlite|sqlite:FILE|postgres:CONNECTION|memory", "Store");
    private readonly Option<string?> _api = Setting("--api", "HOST:PORT|off", "Api");
    private readonly Option<string?> _gateway = Setting("--gateway", "HOST:PORT|off", "Gateway");
    private readonly Option<int?> _nodes = CommonOptions.Create("--nodes", "N", $"How many nodes each network of the devnet has, 1 to {Devnet.MaxNodes}. Default 20.", ParseNodes);
    private readonly Option<int?> _port = CommonOptions.Create("--port", "N", "The UDP port in the public network of Mainline; 0 is the kernel's choice. Default 6881.", Endpoints.Port);
    private readonly Option<int?> _hyperPort =
        CommonOptions.Create("--hyper-port", "N", "The UDP port in the public network of Hyperswarm; 0 is the kernel's choice. Default 49737.", Endpoints.Port);

    private readonly Option<OutputFormat?> _format = CommonOptions.Format();

    internal UpVerb(Terminal terminal)
        : base(
            terminal,
            "up",
            "Starts this machine's nodes and keeps them up until Ctrl-C or SIGTERM.",
            "dht up --devnet",
            "dht up --devnet --nodes 50 -o json",
            "dht up --data /var/lib/kadstone --profile server",
            "dht up --networks mainline,ipfs --store memory --api off")
    {
        Add(_devnet);
        Add(_config);
        Add(_data);
        Add(_networks);
        Add(_profile);
        Add(_store);
        Add(_api);
        Add(_gateway);
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

    protected override bool OutlivesItsReader => true;

    protected override async Task<int> RunAsync(ParseResult arguments, CancellationToken cancellationToken)
    {
        bool isDevnet = arguments.GetValue(_devnet);
        ConfigurationLayers layers = ConfigurationLayers.Load(arguments.GetValue(_config), Environment.GetEnvironmentVariables(), Said(arguments));
        KadstoneOptions options = layers.Read();

        // A devnet and the public networks share no folder, whatever a file says of one.
        if (isDevnet && arguments.GetValue(_data) is null)
        {
            options.DataFolder = Path.Combine(".", "data", "devnet");
        }

        // Several devnets on one machine are nobody's mistake.
        if (isDevnet && layers.Value("Api") is null)
        {
            options.Api = new System.Net.IPEndPoint(System.Net.IPAddress.Loopback, 0);
        }

        string folder = Folder(options, layers);
        UpEvents events = new(new Output(Terminal, arguments.GetValue(_format) == OutputFormat.Json));
        try
        {
            new DaemonFile(Environment.ProcessId, null, null).Write(folder);
            await using UpSession session = new(Terminal, layers, options, folder, events);
            await (isDevnet ? session.RunDevnetAsync(arguments.GetValue(_nodes) ?? 20, cancellationToken) : session.RunPublicAsync(cancellationToken));
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // Told to stop while it was starting.
        }
        finally
        {
            DaemonFile.TryDelete(folder);
            options.OpenedFolder?.Dispose();
        }

        events.Tell("stopped", "stopped");
        return ExitCode.Found;
    }

    /// <summary>Takes the folder before anything is started or told.</summary>
    private static string Folder(KadstoneOptions options, ConfigurationLayers layers)
    {
        string path = options.DataFolder ?? throw CommandFailedException.Usage("--data none is not allowed here: other commands find the daemon through its folder. The path of a folder is expected.");
        try
        {
            options.OpenedFolder = DataFolder.Open(path);
            options.OpenedFolder.OpenIdentity();
            return path;
        }
        catch (KadstoneSetupException exception)
        {
            options.OpenedFolder?.Dispose();
            throw layers.Explain(exception);
        }
    }

    private Dictionary<string, string> Said(ParseResult arguments)
    {
        Dictionary<string, string> said = [];
        foreach ((string key, string? value) in (IEnumerable<(string, string?)>)
        [
            ("DataFolder", arguments.GetValue(_data)),
            ("Networks", arguments.GetValue(_networks)),
            ("Profile", arguments.GetValue(_profile)),
            ("Store", arguments.GetValue(_store)),
            ("Api", arguments.GetValue(_api)),
            ("Gateway", arguments.GetValue(_gateway)),
            ("Mainline:Port", arguments.GetValue(_port)?.ToString(CultureInfo.InvariantCulture)),
            ("Hyperswarm:Port", arguments.GetValue(_hyperPort)?.ToString(CultureInfo.InvariantCulture)),
        ])
        {
            if (value is not null)
            {
                said[key] = value;
            }
        }

        return said;
    }

    // The configuration's own words and checks.
    private static Option<string?> Setting(string name, string helpName, string key)
    {
        KadstoneSetting setting = KadstoneSettings.Find(key) ?? throw new ArgumentException($"There is no setting {key}.", nameof(key));
        return CommonOptions.Create(name, helpName, $"{setting.Description} Default {setting.Default}.", text =>
        {
            setting.Check(text);
            return (string?)text;
        });
    }

    private static int? ParseNodes(string text) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int nodes) && nodes is >= 1 and <= Devnet.MaxNodes
            ? nodes
            : throw new FormatException($"is not allowed; a devnet has 1 to {Devnet.MaxNodes} nodes");
}
