using System.CommandLine;
using System.Net.Sockets;
using Kadstone.Cli.Parsing;
using Kadstone.Crypto;
using Kadstone.Ipfs;
using Kadstone.Libp2p;
using Kadstone.Storage;

namespace Kadstone.Cli.Ipfs;

/// <summary>The options of every verb that runs a node of IPFS.</summary>
internal sealed class IpfsNodeSettings
{
    private readonly Option<Multiaddr[]> _listen;
    private readonly Option<Multiaddr[]> _bootstrap = CommonOptions.Repeatable(
        "--bootstrap", "MULTIADDR", "A peer to join through, with /p2p/ at its end; repeatable. Default: a public one, with --private or --addresses none.", IpfsArguments.Bootstrap);

    private readonly Option<KadProtocol?> _protocol = CommonOptions.Create(
        "--protocol", "wan|lan|both|ID", "Which DHT: an id, /ipfs/kad/1.0.0 by default.", text => (KadProtocol?)KadProtocol.Parse(text));

    private readonly Option<AddressPolicy?> _addresses = CommonOptions.Create(
        "--addresses", "public|lan|any", "Which addresses are dialed, kept and told. Default: public, with --protocol lan lan.", IpfsArguments.Addresses);

    private readonly Option<bool> _private = CommonOptions.Private();
    private readonly Option<OnOff?> _diversity = CommonOptions.Diversity();

    /// <param name="verb">Gets the options.</param>
    /// <param name="listens">What <c>--listen</c> is when it is not given, for the help.</param>
    internal IpfsNodeSettings(Command verb, string listens)
    {
        _listen = CommonOptions.Repeatable("--listen", "MULTIADDR", $"Where to listen; repeatable. Default {listens}.", IpfsArguments.Listen);
        verb.Add(_listen);
        verb.Add(_bootstrap);
        verb.Add(_protocol);
        verb.Add(_addresses);
        verb.Add(_private);
        verb.Add(_diversity);
        verb.Validators.Add(result =>
        {
            if (result.GetValue(_private) && result.GetValue(_addresses) is AddressPolicy.Public or AddressPolicy.Lan)
            {
                result.AddError("--private is --addresses any; one of both is allowed.");
            }
        });
    }

    /// <summary>The node's options: those given, and defaults.</summary>
    internal IpfsOptions Read(ParseResult arguments, PrivateKey identity, KadMode mode, IReadOnlyList<Multiaddr> listen)
    {
        KadProtocol protocol = arguments.GetValue(_protocol) ?? KadProtocol.Worldwide;
        AddressPolicy? policy = arguments.GetValue(_private) ? AddressPolicy.Any : arguments.GetValue(_addresses);
        Multiaddr[] bootstrap = arguments.GetValue(_bootstrap) ?? [];
        bool isPublic = policy is null or AddressPolicy.Public && protocol == KadProtocol.Worldwide;
        return new IpfsOptions
        {
            Host = new Libp2pOptions
            {
                Identity = identity,
                Listen = arguments.GetValue(_listen) is { Length: > 0 } given ? given : listen,
                Limits = arguments.GetValue(_diversity) == OnOff.Off ? HostLimits.OneMachine : new HostLimits(),
                AgentVersion = $"kadstone/{CommandLine.Version}",
            },
            Scope = protocol.Scope,
            ProtocolPrefix = protocol.Prefix,
            Policy = policy,
            Mode = mode,
            Bootstrap = bootstrap.Length > 0 || !isPublic ? bootstrap : IpfsOptions.PublicBootstrap,
        };
    }

    /// <summary>Starts a node, and says in the user's words why it cannot be.</summary>
    internal static async Task<IpfsDht> StartAsync(IpfsOptions options, IRecordStore? store, WarningLogger logger, CancellationToken cancellationToken)
    {
        try
        {
            return await IpfsDht.CreateAsync(options, store, logger, cancellationToken: cancellationToken);
        }
        catch (SocketException exception)
        {
            string reason = exception.SocketErrorCode switch
            {
                SocketError.AddressAlreadyInUse => "is in use; another port is needed, or 0 for the kernel's choice",
                SocketError.AddressNotAvailable => "is no address of this machine; one of its own is needed, or 0.0.0.0 for all",
                SocketError.AccessDenied => "is not allowed to this user; a port above 1023 is",
                _ => $"cannot be opened: {Failure.OneLine(exception.Message)}",
            };
            throw CommandFailedException.Usage($"--listen {string.Join(", ", options.Host.Listen)} {reason}.");
        }
    }

    /// <summary>The identity of a key file, or a new one.</summary>
    internal static PrivateKey Identity(string? keyFile, Terminal terminal) =>
        keyFile is null ? PrivateKey.Generate(new SecureRandom()) : PrivateKey.FromSeed(KeyFile.Read(keyFile, "--key", terminal));
}
