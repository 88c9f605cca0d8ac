using System.CommandLine;
using System.Net;
using Kadstone.Cli.Parsing;
using Kadstone.Hyperswarm;
using Kadstone.Kademlia;

namespace Kadstone.Cli.Verbs.Hyper;

/// <summary>As what one announces, and what is to be taken back: the same options for both.</summary>
internal abstract class HyperAnnouncingVerb : HyperClientVerb
{
    private readonly Argument<Key256?> _topic = HyperOptions.Topic();
    private readonly Option<IPEndPoint?> _local = HyperOptions.LocalAddress();
    private readonly Option<string?> _key;
    private byte[]? _seed;

    protected HyperAnnouncingVerb(Terminal terminal, string name, string description, string portDescription, string keyDescription, params string[] examples)
        : base(terminal, name, description, examples)
    {
        PeerPort = CommonOptions.Create("--peer-port", "N", portDescription, Endpoints.PeerPort);
        _key = HyperOptions.KeyFile(keyDescription);
        Add(_topic);
        Add(PeerPort);
        Add(_local);
        Add(_key);
    }

    protected Option<int?> PeerPort { get; }

    protected sealed override byte[]? Seed => _seed;

    protected override Task PrepareAsync(RpcWire wire, ParseResult arguments, CancellationToken cancellationToken)
    {
        string? path = arguments.GetValue(_key);
        if (wire == RpcWire.Gen1 && path is not null)
        {
            throw CommandFailedException.Usage("--key goes with --wire v6: the first generation signs nothing.");
        }

        _seed = path is null ? null : KeyFile.Read(path, "--key", Terminal);
        return Task.CompletedTask;
    }

    protected Key256 TopicOf(ParseResult arguments) => arguments.GetRequiredValue(_topic) ?? default;

    /// <summary>Port 0 is our own UDP port, as on the wire of the first generation.</summary>
    protected AnnounceOptions AsWhat(ParseResult arguments) => new()
    {
        Port = arguments.GetValue(PeerPort) is > 0 and int port ? port : null,
        LocalAddress = arguments.GetValue(_local),
    };
}
