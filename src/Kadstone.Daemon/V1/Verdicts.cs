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
                ? new VerdictAnswer(Level.Fail, $"{title}: nobody answers, no contact is known.", $"Check this machine's connection and that its firewall lets {facts.Door} through; or name another node to join through: {Setting(network)} in the configuration.")
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
            return new VerdictAnswer(Level.Fail, OfStore(store.Error), "Look at the disk or the database. The nodes still answer from memory; nothing new is kept until the store is back.");
        }

        if (networks.Count == 0)
        {
            return new VerdictAnswer(Level.Fail, "No network runs.", "Name networks in the configuration.");
        }

        if (networks.Count > 1 && networks.All(network => network.Contacts == 0 && network.Level == Level.Fail))
        {
            return new VerdictAnswer(Level.Fail, $"Nobody answers on any of the {networks.Count} networks.", "Check this machine's connection: is it online, and does its firewall let UDP and TCP out? The node goes on asking by itself.");
        }

        NetworkAnswer worst = networks.Aggregate((left, right) => Level.Rank(right.Level) > Level.Rank(left.Level) ? right : left);
        return worst.Level != Level.Ok ? new VerdictAnswer(worst.Level, worst.Verdict, worst.Next)
            : new VerdictAnswer(Level.Ok, networks.Count == 1 ? worst.Verdict : $"All {networks.Count} networks work, with {Count(networks.Sum(network => network.Contacts), "contact")}.", null);
    }

    /// <summary>What is wrong with the store. Our own stores say it in a whole sentence.</summary>
    public static string OfStore(string error) => error.StartsWith("The store ", StringComparison.Ordinal) ? error : $"The store is unavailable: {error}";

    // mainline: Mainline:Bootstrap.
    private static string Setting(DaemonNetwork network) => $"{char.ToUpperInvariant(network.Name[0])}{network.Name[1..]}:Bootstrap";

    private static string Count(int count, string what) => string.Create(CultureInfo.InvariantCulture, $"{count} {what}{(count == 1 ? "" : "s")}");

    private static string Seconds(TimeSpan time) => time < TimeSpan.FromMinutes(2) ? string.Create(CultureInfo.InvariantCulture, $"{(int)time.TotalSeconds} seconds") : Minutes(time);

    private static string Minutes(TimeSpan time) => string.Create(CultureInfo.InvariantCulture, $"{(int)time.TotalMinutes} minutes");
}
