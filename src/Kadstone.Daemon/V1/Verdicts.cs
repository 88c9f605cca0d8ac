using System.Globalization;
using Kadstone.Daemon.V1.Answers;
using Kadstone.Daemon.V1.Networks;

namespace Kadstone.Daemon.V1;

/// <summary>One sentence on how it stands, and the next thing to do.</summary>
internal static class Verdicts
{
    // A node that nobody reaches by then will not be reached.
    private static readonly TimeSpan s_probation = TimeSpan.FromMinutes(30);

    public static VerdictAnswer Of(DaemonNetwork network, NetworkFacts facts, TimeSpan uptime, TimeSpan? silentFor)
    {
        string title = network.Title;
        if (facts.Contacts == 0)
        {
            return facts.IsReady
                ? new VerdictAnswer(Level.Fail, $"{title}: nobody answers, no contact is known.", $"Check the connection and that {facts.Door} may reach out, or name a node to join through with --bootstrap.")
                : new VerdictAnswer(Level.Warn, $"{title}: joining, nobody has answered yet.", "Wait a few seconds.");
        }

        if (facts.Trouble is { } trouble)
        {
            return trouble;
        }

        if (silentFor is { } silence)
        {
            return new VerdictAnswer(
                Level.Fail,
                $"{title}: offline, nobody has answered for {Seconds(silence)}; {Count(facts.Contacts, "contact")} known from before.",
                $"Check this machine's connection to the network, and that {facts.Door} may reach out; the node finds back by itself.");
        }

        string works = $"{title}: works, with {Count(facts.Contacts, "contact")}{(facts.IsReady ? "" : ", and is still joining")}";
        return facts.Reachable switch
        {
            false => new VerdictAnswer(Level.Warn, $"{works}, but others do not reach it.", $"Let {facts.Door} through from outside: forward it in the router, allow it in the firewall."),
            null when uptime > s_probation && facts.Mode is ("client" or "ephemeral") =>
                new VerdictAnswer(Level.Warn, $"{works}, but after {Minutes(uptime)} nobody has reached it from outside.", $"To serve others, let {facts.Door} through from outside."),
            true => new VerdictAnswer(Level.Ok, $"{works}, and others reach it.", null),
            null => new VerdictAnswer(Level.Ok, $"{works}.", null),
        };
    }

    /// <summary>The worst of all.</summary>
    public static VerdictAnswer Of(IReadOnlyList<NetworkAnswer> networks, StoreAnswer store)
    {
        if (store.Error is not null)
        {
            return new VerdictAnswer(Level.Fail, $"The store is unavailable: {store.Error}", "Look at the disk or the database; the nodes answer from memory meanwhile, and what is to last is refused.");
        }

        if (networks.Count == 0)
        {
            return new VerdictAnswer(Level.Fail, "No network runs.", "Name networks in the configuration.");
        }

        NetworkAnswer worst = networks.Aggregate((left, right) => Level.Rank(right.Level) > Level.Rank(left.Level) ? right : left);
        return worst.Level != Level.Ok ? new VerdictAnswer(worst.Level, worst.Verdict, worst.Next)
            : new VerdictAnswer(Level.Ok, networks.Count == 1 ? worst.Verdict : $"All {networks.Count} networks work, with {Count(networks.Sum(network => network.Contacts), "contact")}.", null);
    }

    private static string Count(int count, string what) => string.Create(CultureInfo.InvariantCulture, $"{count} {what}{(count == 1 ? "" : "s")}");

    private static string Seconds(TimeSpan time) => time < TimeSpan.FromMinutes(2) ? string.Create(CultureInfo.InvariantCulture, $"{(int)time.TotalSeconds} seconds") : Minutes(time);

    private static string Minutes(TimeSpan time) => string.Create(CultureInfo.InvariantCulture, $"{(int)time.TotalMinutes} minutes");
}
