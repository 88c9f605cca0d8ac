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

    internal long RateLimited;
    internal long OverAllowance;
    internal long OutboxFull;
    internal long InboxFull;
    internal long DelayedFull;
    internal long BadToken;
    internal long ForbiddenAddress;

    private readonly long[] _malformed = new long[Enum.GetValues<RpcMalformed>().Length];

    internal long TotalMalformed => _malformed.Sum();

    internal void CountMalformed(RpcMalformed why) => _malformed[(int)why]++;

    internal long MalformedBy(RpcMalformed why) => _malformed[(int)why];
}
