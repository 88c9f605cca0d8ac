using System.CommandLine;
using Kadstone.Cli.Parsing;
using Kadstone.Daemon.Content;
using Kadstone.Ipfs;
using Kadstone.Libp2p;

namespace Kadstone.Cli.Ipfs;

/// <summary><c>dht ipfs provide</c>: says that this machine has content.</summary>
internal sealed class ProvideVerb : IpfsClientVerb
{
    private readonly Argument<string[]> _contents = new("CID")
    {
        HelpName = "CID|@FILE…",
        Description = "Which content: its CID, or a file that is cut into blocks as 'ipfs add' does it.",
        Arity = ArgumentArity.OneOrMore,
    };

    private readonly Option<bool> _recursive = new("--recursive", "-r") { Description = "The blocks below a file's root as well." };
    private readonly Option<bool> _advertise = new("--advertise") { Description = "Stay, and say so again every 22 hours, until Ctrl-C." };
    private readonly Option<string?> _key = CommonOptions.KeyFile();
    private readonly List<Cid> _cids = [];

    internal ProvideVerb(Terminal terminal)
        : base(terminal, "provide", "Says that this machine provides content.", "dht ipfs provide bafkreigh2akiscaildcqabsyg3dfr6chu3fgpregiymsck7e7aqa4s52zy", "dht ipfs provide @movie.mkv -r --advertise --listen /ip4/0.0.0.0/tcp/4001")
    {
        Add(_contents);
        Add(_recursive);
        Add(_advertise);
        Add(_key);
        Validators.Add(result =>
        {
            foreach (string text in result.GetValue(_contents) ?? [])
            {
                if (!text.StartsWith('@') && !Cid.TryParse(text, out _))
                {
                    result.AddError($"CID: '{text}' is no CID; Qm…, bafy… or @FILE is expected.");
                }
                else if (!text.StartsWith('@') && result.GetValue(_recursive))
                {
                    result.AddError($"--recursive goes with @FILE: of '{text}' this node has no blocks that could be read for their links.");
                }
            }
        });
    }

    // A provider without an address is told of by nobody.
    protected override IReadOnlyList<Multiaddr> Listens { get; } = [Multiaddr.FromTcp(System.Net.IPAddress.Any, 0)];

    protected override PrivateKey Identity(ParseResult arguments) => IpfsNodeSettings.Identity(arguments.GetValue(_key), Terminal);

    protected override async Task PrepareAsync(ParseResult arguments, CancellationToken cancellationToken)
    {
        foreach (string text in arguments.GetRequiredValue(_contents))
        {
            if (!text.StartsWith('@'))
            {
                _cids.Add(Cid.Parse(text));
                continue;
            }

            IReadOnlyList<Block> blocks = UnixFs.Cut(await GivenBytes.ReadAsync(text, "CID", UnixFs.MaxFileLength, Terminal, cancellationToken), version: 1, rawLeaves: true);
            _cids.AddRange(arguments.GetValue(_recursive) ? blocks.Reverse().Select(block => block.Cid) : [blocks[^1].Cid]);
        }
    }

    protected override async Task<int> AskAsync(IpfsDht dht, ParseResult arguments, Output output, CancellationToken cancellationToken)
    {
        bool stays = arguments.GetValue(_advertise);
        int provided = 0;
        foreach (Cid cid in _cids.Distinct())
        {
            ProvideOutcome outcome = await dht.ProvideAsync(cid, new ProvideOptions { Keep = stays }, cancellationToken);
            provided += outcome.Provided;
            output.Write($"{cid} told to {outcome.Told} nodes", json =>
            {
                json.WriteString("cid", cid.ToString());
                json.WriteNumber("told", outcome.Told);
                json.WriteNumber("failed", outcome.Failed);
            });
        }

        if (provided > 0 && stays)
        {
            await Task.Delay(Timeout.Infinite, cancellationToken);
        }

        return provided == _cids.Distinct().Count() ? ExitCode.Found : ExitCode.FewerThanAsked;
    }
}
