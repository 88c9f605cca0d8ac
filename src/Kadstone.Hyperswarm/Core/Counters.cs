namespace Kadstone.Hyperswarm.Core;

/// <summary>What came, went and was dropped, and why. Every cap of the node has its number here.</summary>
internal sealed class Counters
{
    internal long Received;
    internal long Sent;
    internal long Requests;
    internal long Answers;

    /// <summary>Responses that fit no open request: wrong transaction, address, port or socket.</summary>
    internal long Unmatched;

    /// <summary>Requests whose answers were not waited for any more, since somebody tried numbers.</summary>
    internal long GivenUp;

    internal long RateLimited;
    internal long OverAllowance;
    internal long OutboxFull;

    /// <summary>Requests that found the window closed and the queue before it full.</summary>
    internal long WindowFull;

    internal long InboxFull;
    internal long DelayedFull;
    internal long BadToken;
    internal long ForbiddenAddress;
    internal long Hints;

    private readonly long[] _malformed = new long[Enum.GetValues<RpcMalformed>().Length];

    internal long TotalMalformed => _malformed.Sum();

    internal void CountMalformed(RpcMalformed why) => _malformed[(int)why]++;

    internal long MalformedBy(RpcMalformed why) => _malformed[(int)why];

    /// <summary>What was dropped, by reason; reasons that never occurred are left out.</summary>
    internal IReadOnlyDictionary<string, long> Dropped()
    {
        Dictionary<string, long> dropped = new()
        {
            ["unmatched"] = Unmatched,
            ["given_up"] = GivenUp,
            ["rate_limited"] = RateLimited,
            ["over_allowance"] = OverAllowance,
            ["outbox_full"] = OutboxFull,
            ["window_full"] = WindowFull,
            ["inbox_full"] = InboxFull,
            ["delayed_full"] = DelayedFull,
            ["bad_token"] = BadToken,
            ["forbidden_address"] = ForbiddenAddress,
        };
        foreach (RpcMalformed why in Enum.GetValues<RpcMalformed>())
        {
            dropped[$"malformed.{why}"] = MalformedBy(why);
        }

        return dropped.Where(reason => reason.Value > 0).ToDictionary();
    }
}
