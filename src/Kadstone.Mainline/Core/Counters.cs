
namespace Kadstone.Mainline.Core;

/// <summary>What came, went and was dropped, and why. Every cap of the node has its number here.</summary>
internal sealed class Counters
{
    internal long Received;
    internal long Sent;
    internal long Queries;
    internal long Answers;
    internal long Errors;

    /// <summary>Answers that fit no open request: wrong transaction, address, port or socket.</summary>
    internal long Unmatched;

    /// <summary>Answers whose node id is not the one asked.</summary>
    internal long WrongId;

    internal long NotKrpc;
    internal long TooLong;
    internal long RateLimited;
    internal long OutboxFull;
    internal long InboxFull;
    internal long NotServing;
    internal long BadToken;
    internal long AnnouncesRefused;
    internal long ForbiddenAddress;
    internal long CandidatePingsHeld;

    /// <summary>Contacts that a lookup did not ask because their host had not answered lately.</summary>
    internal long SilentHostsSpared;

    private readonly long[] _malformed = new long[Enum.GetValues<Malformed>().Length];

    internal long TotalMalformed
    {
        get
        {
            long sum = 0;
            foreach (long count in _malformed)
            {
                sum += count;
            }

            return sum;
        }
    }

    internal void CountMalformed(Malformed why) => _malformed[(int)why]++;

    internal long MalformedBy(Malformed why) => _malformed[(int)why];
}
