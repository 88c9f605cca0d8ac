using System.CommandLine;
using System.Net;
using Kadstone.Cli.Parsing;
using Kadstone.Cli.Verbs;
using Kadstone.Daemon;
using Kadstone.Ipfs;
using Kadstone.Libp2p;
using Kadstone.Storage;

namespace Kadstone.Cli.Ipfs;

/// <summary><c>dht ipfs daemon</c>: a node behind Kubo's RPC and Delegated Routing V1, until it is told to stop.</summary>
internal sealed class IpfsDaemonVerb : Verb
{
    private readonly IpfsNodeSettings _settings;
    private readonly Option<IPEndPoint?> _api = CommonOptions.Create("--api", "HOST:PORT", "Where the API listens. Default 127.0.0.1:5001.", IpfsArguments.Http);
    private readonly Option<IPEndPoint?> _gateway = CommonOptions.Create("--gateway", "HOST:PORT", "Where Delegated Routing alone is served, to everybody. Default: nowhere.", IpfsArguments.Http);
    private readonly Option<string?> _token = CommonOptions.Create("--token-file", "FILE", "A file whose first line every request to the API must carry as a bearer token.", text => (string?)Choices.FilePath(text));
    private readonly Option<string[]> _origins = CommonOptions.Repeatable("--allow-origin", "ORIGIN", "Whose web pages may use the API, such as http://localhost:3000; repeatable. Default: nobody's.", IpfsArguments.Origin);
    private readonly Option<string[]> _hosts = CommonOptions.Repeatable("--allow-host", "NAME", "A name under which the API may be asked; repeatable. Default: localhost and its addresses.", IpfsArguments.HostName);
    private readonly Option<KadMode?> _mode = CommonOptions.Create("--mode", "auto|client|server", "Whether others are served. Default auto.", IpfsArguments.Mode);
    private readonly Option<string?> _key = CommonOptions.KeyFile();
    private readonly Option<StoreChoice> _store = CommonOptions.Create("--store", "memory|sqlite:FILE", "Where records are kept. Default memory.", Choices.Store);

    internal IpfsDaemonVerb(Terminal terminal)
        : base(
            terminal,
            "daemon",
            "Runs a node behind Kubo's RPC and Delegated Routing, until Ctrl-C or SIGTERM.",
            "dht ipfs daemon --key node.key --store sqlite:ipfs.sqlite",
            "dht ipfs daemon --api 127.0.0.1:0 --listen /ip4/127.0.0.1/tcp/0 --protocol lan --private",
            "dht ipfs daemon --gateway 0.0.0.0:8080")
    {
        Add(_api);
        Add(_gateway);
        Add(_token);
        Add(_origins);
        Add(_hosts);
        Add(_mode);
        Add(_key);
        Add(_store);
        _settings = new IpfsNodeSettings(this, "/ip4/0.0.0.0/tcp/4001");
    }

    protected override bool OutlivesItsReader => true;

    protected override async Task<int> RunAsync(ParseResult arguments, CancellationToken cancellationToken)
    {
        HarnessEnvironment harness = HarnessEnvironment.Read();
        PrivateKey identity = harness.Identity(arguments.GetValue(_key), Terminal);
        IpfsOptions options = _settings.Read(arguments, identity, arguments.GetValue(_mode) ?? harness.Mode, [Multiaddr.FromTcp(IPAddress.Any, Libp2pOptions.DefaultPort)]);
        options = harness.HasRouting ? options : options with { Mode = KadMode.Client, ProtocolPrefix = "/kadstone/none", Bootstrap = [] };
        IpfsDaemonOptions daemonOptions = new()
        {
            Api = arguments.GetValue(_api) ?? new IPEndPoint(IPAddress.Loopback, IpfsDaemonOptions.DefaultApiPort),
            Gateway = arguments.GetValue(_gateway),
            Token = arguments.GetValue(_token) is string file ? ReadToken(file) : null,
            AllowedOrigins = arguments.GetValue(_origins) ?? [],
            AllowedHosts = arguments.GetValue(_hosts) ?? [],
            KeyFolder = harness.KeyFolder,
            HasRouting = harness.HasRouting,
        };
        using WarningLogger logger = new(Terminal);
        await using IRecordStore? store = await Stores.OpenAsync(arguments.GetValue(_store) ?? new StoreChoice(null), cancellationToken);
        await using IpfsDht dht = await IpfsNodeSettings.StartAsync(options, store, logger, cancellationToken);
        await using IpfsDaemon daemon = await OpenAsync(dht, options, daemonOptions, logger, cancellationToken);
        foreach (Multiaddr address in dht.Addresses)
        {
            Terminal.WriteLine($"Swarm listening on {address.WithPeer(dht.LocalPeer)}");
        }

        WriteListening("API", daemon.Api);
        WriteListening("Gateway", daemon.Gateway);
        Terminal.WriteLine("Daemon is ready");
        await Task.Delay(Timeout.Infinite, cancellationToken);
        return ExitCode.Found;
    }

    private void WriteListening(string surface, IPEndPoint? endpoint)
    {
        if (endpoint is not null)
        {
            Terminal.WriteLine($"{surface} server listening on {Multiaddr.FromTcp(endpoint.Address, endpoint.Port)}");
        }
    }

    private static async Task<IpfsDaemon> OpenAsync(IpfsDht dht, IpfsOptions options, IpfsDaemonOptions daemonOptions, WarningLogger logger, CancellationToken cancellationToken)
    {
        try
        {
            return await IpfsDaemon.StartAsync(dht, options, daemonOptions, logger, cancellationToken: cancellationToken);
        }
        catch (ArgumentException exception) when (exception.ParamName == nameof(IpfsDaemonOptions.Api))
        {
            throw CommandFailedException.Usage($"--api {daemonOptions.Api} can be reached by others; --token-file FILE is needed for that, and without it 127.0.0.1 or [::1] is allowed.");
        }
        catch (IOException exception)
        {
            throw CommandFailedException.Usage($"--api {daemonOptions.Api} or --gateway {daemonOptions.Gateway?.ToString() ?? "none"} cannot be opened: {Failure.OneLine(exception.Message)} Another port is needed, or 0 for the kernel's choice.");
        }
    }

    private static string ReadToken(string path)
    {
        try
        {
            string? line = File.ReadLines(path).FirstOrDefault()?.Trim();
            return line is { Length: >= 16 and <= 1024 } ? line : throw CommandFailedException.Usage($"--token-file '{path}' is not allowed; its first line must have 16 to 1024 characters.");
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw CommandFailedException.Usage($"--token-file '{path}' cannot be read: {Failure.OneLine(exception.Message)}");
        }
    }
}
