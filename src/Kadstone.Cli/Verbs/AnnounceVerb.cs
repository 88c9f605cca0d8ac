using System.CommandLine;
using Kadstone.Cli.Parsing;
using Kadstone.Kademlia;
using Kadstone.Mainline;

namespace Kadstone.Cli.Verbs;

/// <summary><c>dht mainline announce</c>: says that this machine takes part in a torrent.</summary>
internal sealed class AnnounceVerb : ClientVerb
{
    private readonly Argument<Topic> _topic = TopicArguments.Create();
    private readonly Option<int?> _peerPort = CommonOptions.Create("--peer-port", "N", "The port of the service, 1 to 65535; 0 as --implied-port.", Endpoints.PeerPort);
    private readonly Option<bool> _impliedPort = new("--implied-port") { Description = "Announce the UDP port that the network sees us at." };
    private readonly Option<bool> _seed = new("--seed") { Description = "This peer has it all (BEP 33)." };
    private readonly Option<bool> _advertise = new("--advertise") { Description = "Announce again every 15 minutes until Ctrl-C." };
    private readonly Option<int?> _min = CommonOptions.Min("fewer than N nodes stored it");

    internal AnnounceVerb(Terminal terminal)
        : base(
            terminal,
            "announce",
            "Announces that this machine takes part in a torrent.",
            "dht mainline announce 2b66980093bc11806fab50cb3cb41835b95a0362 --peer-port 51413",
            "dht mainline announce 2b66980093bc11806fab50cb3cb41835b95a0362 --peer-port 51413 --seed --advertise",
            "dht mainline announce 2b66980093bc11806fab50cb3cb41835b95a0362 --peer-port 51413 --min 8 --private --bootstrap 127.77.1.1:6881")
    {
        Add(_topic);
        Add(_peerPort);
        Add(_impliedPort);
        Add(_seed);
        Add(_advertise);
        Add(_min);
        Validators.Add(result =>
        {
            bool hasPort = result.GetResult(_peerPort) is { Errors: var errors } && !errors.Any();
            if (result.GetResult(_peerPort) is null && !result.GetValue(_impliedPort))
            {
                result.AddError("--peer-port is missing: the port of the service, 1 to 65535, or --implied-port.");
            }
            else if (hasPort && result.GetValue(_impliedPort) && result.GetValue(_peerPort) is > 0)
            {
                result.AddError("--peer-port and --implied-port exclude each other; one of them is allowed.");
            }
        });
    }

    protected override async Task<int> AskAsync(MainlineDht dht, ParseResult arguments, Output output, CancellationToken cancellationToken)
    {
        int port = arguments.GetValue(_impliedPort) ? 0 : arguments.GetValue(_peerPort) ?? 0;
        bool isSeed = arguments.GetValue(_seed);
        IReadOnlyList<Key160> infoHashes = await TopicArguments.ResolveAsync(dht, arguments.GetRequiredValue(_topic), cancellationToken);
        if (arguments.GetValue(_advertise))
        {
            return await AdvertiseAsync(dht, infoHashes, port, isSeed, arguments, output, cancellationToken);
        }

        int code = ExitCode.Found;
        foreach (Key160 infoHash in infoHashes)
        {
            AnnounceResult result = await dht.AnnouncePeerAsync(infoHash, port, isSeed, cancellationToken);
            output.Write($"stored at {result.Commit.Stored} nodes", json =>
            {
                json.WriteString("infohash", infoHash.ToString());
                json.WriteCommit(result.Commit);
                json.WriteLookup(result.Lookup);
            });
            code = Math.Max(code, Outcomes.Of(result.Commit, arguments.GetValue(_min), Terminal));
        }

        return code;
    }

    private async Task<int> AdvertiseAsync(
        MainlineDht dht,
        IReadOnlyList<Key160> infoHashes,
        int port,
        bool isSeed,
        ParseResult arguments,
        Output output,
        CancellationToken cancellationToken)
    {
        // An advertisement that begins before the node has joined finds nobody, and tries again only a minute later.
        if (await WithinTimeoutAsync(arguments, dht.WaitForNetworkAsync, "Joining the network", cancellationToken) == 0)
        {
            throw new NoNetworkException("No node of the network answered.");
        }

        List<Advertisement> advertisements = [];
        try
        {
            foreach (Key160 infoHash in infoHashes)
            {
                Advertisement advertisement = dht.Advertise(infoHash, port, isSeed);
                advertisements.Add(advertisement);
                int stored = await WithinTimeoutAsync(arguments, advertisement.WaitForFirstAsync, "The first announcement", cancellationToken);
                if (stored == 0)
                {
                    throw new NoNetworkException("No node stored the announcement.");
                }

                output.Write($"stored at {stored} nodes", json =>
                {
                    json.WriteString("infohash", infoHash.ToString());
                    json.WriteNumber("stored", stored);
                });
            }

            await Task.Delay(Timeout.Infinite, cancellationToken);
            return ExitCode.Found;
        }
        finally
        {
            foreach (Advertisement advertisement in advertisements)
            {
                await advertisement.DisposeAsync();
            }
        }
    }
}
