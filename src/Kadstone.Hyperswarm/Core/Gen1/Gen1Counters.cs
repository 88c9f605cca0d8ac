namespace Kadstone.Hyperswarm.Core.Gen1;

/// <summary>What came, went and was dropped, and why. Every cap of the node has its number here.</summary>
internal sealed class Gen1Counters
{
    internal long Received;
    internal long Sent;
    internal long Requests;
    internal long Answers;

    /// <summary>Responses that fit no open request: wrong transaction, address or port.</summary>
    internal long Unmatched;

    /// <summary>Requests whose answers were not waited for any more, since somebody tried numbers.</summary>
    internal long GivenUp;

    internal long RateLimited;
    internal long OverAllowance;
    internal long OutboxFull;
    internal long InboxFull;
    internal long ForbiddenAddress;

    /// <summary>Tokens that are not ours or too old: their requests were taken for plain queries.</summary>
    internal long BadToken;

    /// <summary>Pings passed on to a node that we know.</summary>
    internal long Forwarded;

    /// <summary>Pings that were not passed on, or not answered past their sender: an unknown node, a forbidden address, too many.</summary>
    internal long ForwardRefused;

    private readonly long[] _malformed = new long[Enum.GetValues<Gen1Malformed>().Length];

    internal long TotalMalformed => _malformed.Sum();

    internal void CountMalformed(Gen1Malformed why) => _malformed[(int)why]++;

    internal long MalformedBy(Gen1Malformed why) => _malformed[(int)why];
}
