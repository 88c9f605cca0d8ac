using Kadstone.Datagrams;

namespace Kadstone.Hyperswarm.Core;

/// <summary>Answers under numbers that nobody was asked under, counted by the endpoint that they seem to come from.</summary>
/// <remarks>
/// A number has 16 bits: whoever forges the address of one whom we asked could try them all. So after 64 wrong ones no answer of that endpoint
/// is waited for, and earlier where many requests to it are open: a forger hits with a chance of at most 256 / 65,536.
/// </remarks>
internal sealed class WrongAnswers
{
    private const int Most = 64;
    private const int Fewest = 8;
    private const int MostTries = 256;
    private const int MaxEndpoints = 1_024;

    private readonly Dictionary<UdpEndpoint, int> _counts = [];

    /// <summary>Endpoints that sent a wrong answer and were not heard rightly since.</summary>
    internal int Count => _counts.Count;

    /// <summary>Counts one; true when nothing that comes from there is to be believed. Where too many endpoints err at once that is so from the first on.</summary>
    /// <param name="from">Where it seems to come from.</param>
    /// <param name="open">How many requests to it are open.</param>
    internal bool IsTooMany(UdpEndpoint from, int open)
    {
        if (open == 0)
        {
            return false;
        }

        int count = _counts.GetValueOrDefault(from) + 1;
        if (count >= Math.Clamp(MostTries / open, Fewest, Most) || (count == 1 && _counts.Count >= MaxEndpoints))
        {
            _counts.Remove(from);
            return true;
        }

        _counts[from] = count;
        return false;
    }

    /// <summary>It has answered rightly, or is not asked any more.</summary>
    internal void Forget(UdpEndpoint endpoint)
    {
        if (_counts.Count > 0)
        {
            _counts.Remove(endpoint);
        }
    }
}
