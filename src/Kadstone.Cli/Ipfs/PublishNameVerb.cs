using System.CommandLine;
using Kadstone.Cli.Parsing;
using Kadstone.Ipfs;
using Kadstone.Libp2p;

namespace Kadstone.Cli.Ipfs;

/// <summary><c>dht ipfs name publish</c>: lets the name of a key lead to a path.</summary>
internal sealed class PublishNameVerb : IpfsClientVerb
{
    private readonly Argument<string> _path = CommonOptions.Argument("PATH", "A CID, /ipfs/CID or /ipns/NAME.", IpfsArguments.Path);
    private readonly Option<string?> _key = CommonOptions.KeyFile();
    private readonly Option<TimeSpan?> _lifetime = CommonOptions.Create("--lifetime", "DURATION", "How long the record is valid. Default 24h, which is the most here.", Durations.Parse);
    private readonly Option<TimeSpan?> _ttl = CommonOptions.Create("--ttl", "DURATION", "How long resolvers may keep it. Default 5m.", Durations.Parse);
    private readonly Option<long?> _sequence = CommonOptions.Create("--seq", "N", "The record's number. Default: one more than the network has.", Keys.Sequence);
    private PrivateKey? _signer;

    internal PublishNameVerb(Terminal terminal)
        : base(terminal, "publish", "Lets the name of a key lead to a path.", "dht key new me.key", "dht ipfs name publish bafkreigh2akiscaildcqabsyg3dfr6chu3fgpregiymsck7e7aqa4s52zy --key me.key")
    {
        Add(_path);
        Add(_key);
        Add(_lifetime);
        Add(_ttl);
        Add(_sequence);
        _key.Required = true;
    }

    protected override Task PrepareAsync(ParseResult arguments, CancellationToken cancellationToken)
    {
        _signer = IpfsNodeSettings.Identity(arguments.GetRequiredValue(_key), Terminal);
        return Task.CompletedTask;
    }

    protected override async Task<int> AskAsync(IpfsDht dht, ParseResult arguments, Output output, CancellationToken cancellationToken)
    {
        PublishOptions options = new()
        {
            Lifetime = arguments.GetValue(_lifetime) ?? TimeSpan.FromHours(24),
            TimeToLive = arguments.GetValue(_ttl) ?? TimeSpan.FromMinutes(5),
            Sequence = (ulong?)arguments.GetValue(_sequence),
            Keep = false,
        };
        PrivateKey signer = _signer ?? throw new InvalidOperationException("The key is read before the network is asked.");
        IpnsName name = await dht.PublishNameAsync(signer, arguments.GetRequiredValue(_path), options, cancellationToken);
        ResolveNameVerb.Write(output, name, $"{ResolveNameVerb.NameOf(name)} {name.Path}\nseq {name.Sequence}");
        return ExitCode.Found;
    }
}
