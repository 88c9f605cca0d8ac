using System.CommandLine;
using Kadstone.Cli.Parsing;
using Kadstone.Daemon.V1.Answers;

namespace Kadstone.Cli.Verbs.Product.Embedding;

/// <summary>Whether a verb asks with a node of its own, where that joins, and how long it may take.</summary>
internal sealed class EmbedOptions
{
    private readonly Option<bool> _embed = new("--embed") { Description = "Ask with a node of its own, though a daemon runs." };
    private readonly Option<BootstrapPlace[]> _bootstrap = CommonOptions.Repeatable(
        "--bootstrap", "[NETWORK=]ADDRESS", "Ask with a node of its own that joins here; repeatable. HOST:PORT, or for IPFS a multiaddr with /p2p/.", BootstrapPlace.Parse);

    private readonly Option<bool> _private = CommonOptions.Private();
    private readonly Option<TimeSpan?> _timeout;

    internal EmbedOptions(Command verb, string timeout)
    {
        _timeout = CommonOptions.Create("--timeout", "DURATION", $"{timeout}: 500ms, 30s, 2m. Default 30s.", Durations.Parse);
        verb.Add(_embed);
        verb.Add(_bootstrap);
        verb.Add(_private);
        verb.Add(_timeout);
    }

    internal TimeSpan Timeout(ParseResult arguments) => arguments.GetValue(_timeout) ?? TimeSpan.FromSeconds(30);

    /// <summary>Whether the user asks for a node of its own.</summary>
    /// <exception cref="CommandFailedException">And names a daemon as well.</exception>
    internal bool AreGiven(ParseResult arguments, DaemonOptions daemon)
    {
        bool isBootstrapped = arguments.GetValue(_bootstrap) is { Length: > 0 };
        return !arguments.GetValue(_embed) && !isBootstrapped ? false
            : daemon.AreGiven(arguments) ? throw CommandFailedException.Usage($"{(isBootstrapped ? "--bootstrap" : "--embed")} asks with a node of its own, and --data and --api name a daemon to ask; one of the two is allowed.")
            : true;
    }

    internal Task<EmbeddedDaemon> StartAsync(IReadOnlyList<string> networks, ParseResult arguments, Terminal terminal, CancellationToken cancellationToken)
    {
        terminal.ShowProgress("joining the network …");
        return EmbeddedDaemon.StartAsync(networks, arguments.GetValue(_bootstrap) ?? [], arguments.GetValue(_private), Timeout(arguments), terminal, cancellationToken);
    }

    /// <summary>Starts a node that knows somebody and has looked up something, so that there is what to tell of.</summary>
    /// <exception cref="CommandFailedException">Nobody answers.</exception>
    internal async Task<EmbeddedDaemon> StartJoinedAsync(IReadOnlyList<string> networks, ParseResult arguments, Terminal terminal, CancellationToken cancellationToken)
    {
        EmbeddedDaemon embedded = await StartAsync(networks, arguments, terminal, cancellationToken);
        try
        {
            terminal.ShowProgress("asking the network …");
            await LookUpAsync(embedded.Client, Timeout(arguments), cancellationToken);
            StatusAnswer status = await embedded.Client.GetAsync("/v1/status", DaemonClient.Json.StatusAnswer, cancellationToken);
            return status.Networks.Any(network => network.Contacts > 0)
                ? embedded
                : throw new CommandFailedException(ExitCode.NoNetwork, $"nobody on {string.Join(" or ", status.Networks.Select(network => network.Name))} answered a node of its own within {Timeout(arguments).TotalSeconds:0.###} s; --bootstrap names somebody, and --timeout gives it longer.");
        }
        catch
        {
            await embedded.DisposeAsync();
            throw;
        }
    }

    private static async Task LookUpAsync(DaemonClient client, TimeSpan patience, CancellationToken cancellationToken)
    {
        using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        either.CancelAfter(patience);
        try
        {
            await client.GetTextAsync("/health/reachable", either.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            // What the status says of it is enough.
        }
        catch (CommandFailedException)
        {
            // As above: one network that does not answer is no reason to keep quiet about the others.
        }
    }
}
