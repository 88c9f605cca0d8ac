using System.CommandLine;
using System.Net;
using Kadstone.Cli.Parsing;
using Kadstone.Datagrams;
using Kadstone.Hyperswarm;

namespace Kadstone.Cli.Verbs.Hyper;

/// <summary>A verb that asks the network: it embeds an ephemeral node for as long as the question takes.</summary>
internal abstract class HyperClientVerb : Verb
{
    private readonly Option<RpcWire?> _wire = HyperOptions.Wire();
    private readonly Option<string[][]> _bootstrap = HyperOptions.Bootstrap("the public nodes with --wire v6, unless --private");
    private readonly Option<IPAddress?> _host = HyperOptions.Host();
    private readonly Option<int?> _port = HyperOptions.ServerPort("0");
    private readonly Option<bool> _private = CommonOptions.Private();
    private readonly Option<OnOff?> _diversity = CommonOptions.Diversity();
    private readonly Option<TimeSpan?> _timeout = CommonOptions.Timeout();
    private readonly Option<string?> _state = CommonOptions.StateFile("A node's state file, read for contacts when it is there.");
    private readonly Option<bool> _embed = CommonOptions.Embed();
    private readonly Option<OutputFormat?> _format = CommonOptions.Format();

    protected HyperClientVerb(Terminal terminal, string name, string description, params string[] examples)
        : base(terminal, name, description, examples)
    {
        Add(_wire);
        Add(_bootstrap);
        Add(_host);
        Add(_port);
        Add(_private);
        Add(_diversity);
        Add(_timeout);
        Add(_state);
        Add(_embed);
        Add(_format);
    }

    /// <summary>Whether the verb asks nodes that the user names, and needs no network.</summary>
    protected virtual bool AsksNamedNodesOnly(ParseResult arguments) => false;

    /// <summary>Checks and reads what needs no network, before one is looked for; on a wire that has no such verb it says so.</summary>
    protected virtual Task PrepareAsync(RpcWire wire, ParseResult arguments, CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>The 32-byte seed of the key pair that signs; null for a random one.</summary>
    protected virtual byte[]? Seed => null;

    protected abstract Task<int> AskAsync(IHyperDht dht, ParseResult arguments, Output output, CancellationToken cancellationToken);

    protected bool IsGen1(ParseResult arguments) => arguments.GetValue(_wire) == RpcWire.Gen1;

    protected sealed override async Task<int> RunAsync(ParseResult arguments, CancellationToken cancellationToken)
    {
        RpcWire wire = arguments.GetValue(_wire) ?? RpcWire.V6;
        await PrepareAsync(wire, arguments, cancellationToken);
        Output output = new(Terminal, arguments.GetValue(_format) == OutputFormat.Json);
        HyperDhtOptions options = OptionsOf(wire, arguments);
        using WarningLogger logger = new(Terminal);
        try
        {
            await using IHyperDht dht = HyperNodes.Create(wire, options, logger);
            await dht.Node.ListenOrExplainAsync(options, _port.Name, cancellationToken);
            Terminal.ShowProgress("asking the network …");
            try
            {
                return await AskAsync(dht, arguments, output, cancellationToken);
            }
            catch (Exception exception) when (exception is TimeoutException or NoAnswerException && !AsksNamedNodesOnly(arguments) && dht.Node is RpcNode node && node.Status().Contacts == 0)
            {
                // Whoever had answered would be known.
                throw new CommandFailedException(ExitCode.NoNetwork, ReferenceEquals(options.Bootstrap, RpcOptions.PublicBootstrap) ? NetworkNotices.NobodyInPublic("UDP") : exception is NoAnswerException
                    ? exception.Message
                    : $"nobody answered within {TimeoutOf(arguments).TotalSeconds:0.###} s: none of {options.Bootstrap.Count} that were given to join through.");
            }
        }
        catch (ArgumentException exception)
        {
            // What the library refuses to ask came from the command line.
            throw CommandFailedException.Usage(exception.Message.Split(" (Parameter")[0]);
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
            throw new TimeoutException($"{what} did not end within {timeout.TotalSeconds:0.###} s.");
        }
        catch (NoAnswerException exception)
        {
            // Of one node that was named: it was given its time.
            throw new TimeoutException(exception.Message);
        }
    }

    private TimeSpan TimeoutOf(ParseResult arguments) => arguments.GetValue(_timeout) ?? TimeSpan.FromSeconds(30);

    private HyperDhtOptions OptionsOf(RpcWire wire, ParseResult arguments)
    {
        bool isPrivate = arguments.GetValue(_private);
        string[] bootstrap = [.. (arguments.GetValue(_bootstrap) ?? []).SelectMany(each => each)];
        NetworkNotices.WarnOfPrivateAddresses(bootstrap, isPrivate, Terminal);
        if (wire == RpcWire.Gen1 && arguments.GetValue(_state) is not null)
        {
            throw CommandFailedException.Usage("--state goes with --wire v6: nodes of the first generation save nothing.");
        }

        RpcState? saved = arguments.GetValue(_state) is string path ? new StateFile<RpcState>(path, StateFormats.Hyperswarm, Terminal).Read() : null;
        IReadOnlyList<string> fallback = isPrivate || wire == RpcWire.Gen1 ? [] : RpcOptions.PublicBootstrap;
        return new HyperDhtOptions
        {
            Host = arguments.GetValue(_host) ?? IPAddress.Any,
            Port = arguments.GetValue(_port) ?? 0,
            Ephemeral = true,
            Bootstrap = AsksNamedNodesOnly(arguments) ? [] : bootstrap.Length > 0 ? bootstrap : fallback,
            Scope = isPrivate ? AddressScope.Private : AddressScope.Public,
            Diversity = arguments.GetValue(_diversity) != OnOff.Off,
            QueryTimeout = TimeoutOf(arguments),
            Seed = Seed is byte[] seed ? seed : default(ReadOnlyMemory<byte>?),
            SavedState = AsksNamedNodesOnly(arguments) ? null : saved?.ToJson(),
        };
    }
}
