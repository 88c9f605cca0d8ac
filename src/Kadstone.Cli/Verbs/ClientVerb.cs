using System.CommandLine;
using System.Net;
using Kadstone.Cli.Parsing;
using Kadstone.Datagrams;
using Kadstone.Mainline;

namespace Kadstone.Cli.Verbs;

/// <summary>A verb that asks the network: it embeds a read-only node for as long as the question takes.</summary>
internal abstract class ClientVerb : Verb
{
    private readonly Option<IPAddress[]> _host = CommonOptions.Host();
    private readonly Option<string[]> _bootstrap = CommonOptions.Bootstrap("the public routers, unless --private");
    private readonly Option<bool> _private = CommonOptions.Private();
    private readonly Option<OnOff?> _diversity = CommonOptions.Diversity();
    private readonly Option<TimeSpan?> _timeout = CommonOptions.Timeout();
    private readonly Option<string?> _state = CommonOptions.StateFile("A node's state file, read for contacts when it is there.");
    private readonly Option<bool> _embed = CommonOptions.Embed();
    private readonly Option<OutputFormat?> _format = CommonOptions.Format();

    protected ClientVerb(Terminal terminal, string name, string description, params string[] examples)
        : base(terminal, name, description, examples)
    {
        Add(_bootstrap);
        Add(_host);
        Add(_private);
        Add(_diversity);
        Add(_timeout);
        Add(_state);
        Add(_embed);
        Add(_format);
    }

    /// <summary>Whether the verb asks one node that the user names, and needs no network.</summary>
    protected virtual bool AsksNamedNodesOnly(ParseResult arguments) => false;

    /// <summary>Checks and reads what needs no network, before one is looked for.</summary>
    protected virtual Task PrepareAsync(ParseResult arguments, CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>Asks somebody else than the network, if the arguments say so; null: a node is needed.</summary>
    protected virtual Task<int>? AskWithoutNode(ParseResult arguments, Output output, CancellationToken cancellationToken) => null;

    protected abstract Task<int> AskAsync(MainlineDht dht, ParseResult arguments, Output output, CancellationToken cancellationToken);

    protected TimeSpan TimeoutOf(ParseResult arguments) => arguments.GetValue(_timeout) ?? TimeSpan.FromSeconds(30);

    protected bool IsPrivate(ParseResult arguments) => arguments.GetValue(_private);

    protected sealed override async Task<int> RunAsync(ParseResult arguments, CancellationToken cancellationToken)
    {
        await PrepareAsync(arguments, cancellationToken);
        Output output = new(Terminal, arguments.GetValue(_format) == OutputFormat.Json);
        try
        {
            if (AskWithoutNode(arguments, output, cancellationToken) is Task<int> elsewhere)
            {
                return await elsewhere;
            }

            await using MainlineDht dht = await EmbedAsync(arguments, cancellationToken);
            Terminal.ShowProgress("asking the network …");
            try
            {
                return await AskAsync(dht, arguments, output, cancellationToken);
            }
            catch (NoNetworkException) when (AsksRouters(arguments))
            {
                throw new CommandFailedException(ExitCode.NoNetwork, NetworkNotices.NobodyInPublic("UDP"));
            }
        }
        finally
        {
            Terminal.EndProgress();
        }
    }

    /// <summary>For questions to one node, which the library does not time: the verb's timeout.</summary>
    protected async Task<TResult> WithinTimeoutAsync<TResult>(ParseResult arguments, Func<CancellationToken, Task<TResult>> ask, string what, CancellationToken cancellationToken)
    {
        TimeSpan timeout = TimeoutOf(arguments);
        using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        either.CancelAfter(timeout);
        try
        {
            return await ask(either.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new DhtTimeoutException($"{what} did not end within {timeout.TotalSeconds:0.###} s.");
        }
    }

    private bool AsksRouters(ParseResult arguments) =>
        !AsksNamedNodesOnly(arguments) && arguments.GetValue(_bootstrap) is not { Length: > 0 } && !arguments.GetValue(_private) && arguments.GetValue(_state) is null;

    private async Task<MainlineDht> EmbedAsync(ParseResult arguments, CancellationToken cancellationToken)
    {
        bool isPrivate = arguments.GetValue(_private);
        string[] bootstrap = arguments.GetValue(_bootstrap) ?? [];
        NetworkNotices.WarnOfPrivateAddresses(bootstrap, isPrivate, Terminal);
        MainlineState? saved = arguments.GetValue(_state) is string path ? new StateFile<MainlineState>(path, StateFormats.Mainline, Terminal).Read() : null;
        IPAddress[] hosts = arguments.GetValue(_host) is { Length: > 0 } given ? given : [IPAddress.Any];
        NetworkNotices.RequireFamily(bootstrap, hosts);
        MainlineOptions options = new()
        {
            Addresses = hosts,
            Bootstrap = AsksNamedNodesOnly(arguments) ? [] : bootstrap.Length > 0 || isPrivate ? bootstrap : MainlineOptions.PublicRouters,
            Scope = isPrivate ? AddressScope.Private : AddressScope.Public,
            Diversity = arguments.GetValue(_diversity) != OnOff.Off,
            Serving = ServingMode.ReadOnly,
            LookupTimeout = TimeoutOf(arguments),
        };

        // The contacts only: id and port are those of the node that saved them.
        MainlineState? contacts = saved is null || AsksNamedNodesOnly(arguments) ? null : new MainlineState([], 0, saved.Nodes);
        using WarningLogger logger = new(Terminal, tellsOfRouters: bootstrap.Length > 0);
        return await WithinTimeoutAsync(
            arguments,
            token => Sockets.OrExplainAsync(() => MainlineDht.CreateAsync(options, contacts, logger, cancellationToken: token), hosts, 0),
            "Looking for the bootstrap hosts",
            cancellationToken);
    }
}
