using Kadstone.Datagrams;
using Kadstone.Kademlia;

namespace Kadstone.Mainline.Core;

/// <summary>When each node may be asked for a sample again: it names the interval itself (BEP 51, 0 to 21,600 s).</summary>
internal sealed class SampleSchedule
{
    private const int MaxNodes = 8_192;
    private const int MaxIntervalSeconds = 21_600;

    private readonly Dictionary<UdpEndpoint, Instant> _next = [];

    internal bool MaySample(UdpEndpoint node, Instant now) => !_next.TryGetValue(node, out Instant next) || next <= now;

    internal void Sampled(UdpEndpoint node, int intervalSeconds, Instant now)
    {
        if (_next.Count >= MaxNodes)
        {
            foreach (UdpEndpoint due in _next.Where(entry => entry.Value <= now).Select(entry => entry.Key).ToArray())
            {
                _next.Remove(due);
            }
        }

        if (_next.Count < MaxNodes)
        {
            _next[node] = now + TimeSpan.FromSeconds(Math.Clamp(intervalSeconds, 0, MaxIntervalSeconds));
        }
    }
}
