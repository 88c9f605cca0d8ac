using Kadstone.Kademlia;

namespace Kadstone.Ipfs.Core;

/// <summary>How long the last answers took: who takes longer than nearly all of them gives up its slot, so that another is asked meanwhile.</summary>
/// <remarks>A slow one is still waited for: dials that lose a packet or two come through, and nobody is asked again.</remarks>
internal sealed class AnswerTimes(TimeSpan longest)
{
    private const int Kept = 128;
    private const int LeastKept = 16;
    private const double NearlyAll = 0.9;

    // A dial and its request take five round trips: of the slowest healthy peers a second.
    private static readonly TimeSpan s_least = TimeSpan.FromSeconds(1);

    private readonly TimeSpan[] _times = new TimeSpan[Kept];
    private int _taken;

    /// <summary>The time within which nine of ten came; a second at least, and before there are some the longest.</summary>
    public TimeSpan Patience
    {
        get
        {
            int count = Math.Min(_taken, Kept);
            if (count < LeastKept)
            {
                return longest;
            }

            TimeSpan[] sorted = [.. _times.AsSpan(0, count)];
            Array.Sort(sorted);
            TimeSpan usual = sorted[(int)(count * NearlyAll)];
            return usual < s_least ? s_least : usual < longest ? usual : longest;
        }
    }

    public void Sample(TimeSpan time)
    {
        _times[_taken % Kept] = time;
        _taken = _taken + 1 < 2 * Kept ? _taken + 1 : Kept;
    }
}
