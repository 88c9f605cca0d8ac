namespace Kadstone.Bench;

/// <summary>What answering one query costs without a socket: the protocol is handed a datagram and hands back its answer.</summary>
internal static class AnswerBench
{
    internal sealed record AnswerFigures(string Query, long Answers, double NanosecondsPerAnswer, double BytesAllocatedPerAnswer, int AnswerBytes);

    private static readonly string[] Queries = ["ping", "find_node", "get_peers", "announce_peer"];

    public static int Run(Arguments arguments)
    {
        arguments.AllowOnly(operands: 0, "seconds", "contacts");
        TimeSpan duration = TimeSpan.FromSeconds(arguments.Number("seconds", byDefault: 2, atMost: 60));
        int contacts = arguments.Number("contacts", byDefault: 2000, atMost: 100_000);
        foreach (string query in Queries)
        {
            Report.Write(Answer(query, contacts, duration));
        }
        return 0;
    }

    /// <summary>Warms up first, then counts with GC.GetAllocatedBytesForCurrentThread around the window.</summary>
    private static AnswerFigures Answer(string query, int contacts, TimeSpan duration) =>
        throw new NotBuiltYetException($"a Mainline protocol with {contacts} contacts that answers {query} for {duration.TotalSeconds} s");
}
