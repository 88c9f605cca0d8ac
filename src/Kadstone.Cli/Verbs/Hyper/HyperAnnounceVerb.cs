using System.CommandLine;
using Kadstone.Cli.Parsing;
using Kadstone.Hyperswarm;
using Kadstone.Kademlia;

namespace Kadstone.Cli.Verbs.Hyper;

/// <summary><c>dht hyper announce</c>: says that this machine is there under a topic.</summary>
internal sealed class HyperAnnounceVerb : HyperAnnouncingVerb
{
    // A command that is told to stop ends within seconds, also in a network that answers no more.
    private static readonly TimeSpan s_patienceAtTheEnd = TimeSpan.FromSeconds(3);

    private readonly Option<bool> _keep = new("--keep") { Description = "Announce again every 4 to 5 minutes until Ctrl-C, then take it back." };
    private readonly Option<int?> _min = CommonOptions.Min("fewer than N nodes stored it");

    internal HyperAnnounceVerb(Terminal terminal)
        : base(
            terminal,
            "announce",
            "Announces that this machine is there under a topic.",
            "The port that peers find, 1 to 65535. Default: our UDP port as nodes see it.",
            "The key file that signs (--wire v6). Default: a random key for each run, whose announce nobody can take back.",
            "dht hyper announce 3031323334353637303132333435363730313233343536373031323334353637 --peer-port 10000 --key me.key",
            "dht hyper announce 3031323334353637303132333435363730313233343536373031323334353637 --peer-port 10000 --keep",
            "dht hyper announce 3031323334353637303132333435363730313233343536373031323334353637 --peer-port 10000 --local 192.168.1.2:8888 --wire gen1 --private -b 127.0.0.1:10000")
    {
        Add(_keep);
        Add(_min);
    }

    protected override async Task<int> AskAsync(IHyperDht dht, ParseResult arguments, Output output, CancellationToken cancellationToken)
    {
        Key256 topic = TopicOf(arguments);
        AnnounceOptions options = AsWhat(arguments);
        if (arguments.GetValue(_keep))
        {
            return await KeepAsync(dht, topic, options, output, cancellationToken);
        }

        RpcCommit commit = await dht.AnnounceOnceAsync(topic, options, cancellationToken);
        output.Write($"stored at {commit.Stored} nodes", json =>
        {
            json.WriteString("topic", topic.ToString());
            json.WriteCommit(commit);
        });
        return HyperOutcomes.Of(commit, arguments.GetValue(_min), string.Empty, Terminal);
    }

    private static async Task<int> KeepAsync(IHyperDht dht, Key256 topic, AnnounceOptions options, Output output, CancellationToken cancellationToken)
    {
        IAnnouncement announcement = dht.KeepAnnounced(topic, options);
        try
        {
            await announcement.Announced.WaitAsync(cancellationToken);
            output.Write("announced", json =>
            {
                json.WriteString("topic", topic.ToString());
                json.WriteBoolean("announced", true);
            });
            await Task.Delay(Timeout.Infinite, cancellationToken);
            return ExitCode.Found;
        }
        finally
        {
            await ((Task)announcement.DisposeAsync().AsTask().WaitAsync(s_patienceAtTheEnd, CancellationToken.None)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }
}
