using Kadstone.Datagrams;

namespace Kadstone.Hyperswarm.Core;

/// <summary>What our address is, by what the last sixteen who answered saw.</summary>
/// <remarks>npm dht-rpc 6 believes an address when nearly all samples agree: all of three, all but one of seven, all but two of eleven, all but three of more.</remarks>
internal sealed class NatSampler
{
    /// <summary>16: the samples that count.</summary>
    internal const int Most = 16;

    private readonly UdpEndpoint[] _samples = new UdpEndpoint[Most];
    private int _next;

    /// <summary>How many samples there are: 0 to 16.</summary>
    internal int Count { get; private set; }

    /// <summary>Our address as others see it; port 0 when they see different ports. Null while they disagree or none spoke.</summary>
    internal UdpEndpoint? Seen { get; private set; }

    /// <summary>Whether others see one address and one port.</summary>
    internal bool IsConsistent => Seen is { Port: not 0 };

    internal void Add(UdpEndpoint seen)
    {
        _samples[_next] = seen;
        _next = (_next + 1) % Most;
        Count = Math.Min(Count + 1, Most);
        Judge();
    }

    internal void Clear()
    {
        Count = 0;
        _next = 0;
        Seen = null;
    }

    private void Judge()
    {
        int dissenters = Count switch { < 4 => 0, < 8 => 1, < 12 => 2, _ => 3 };
        Seen = null;
        ReadOnlySpan<UdpEndpoint> samples = _samples.AsSpan(0, Count);
        foreach (UdpEndpoint candidate in samples)
        {
            int hosts = 0;
            int endpoints = 0;
            foreach (UdpEndpoint other in samples)
            {
                hosts += other.Host == candidate.Host ? 1 : 0;
                endpoints += other == candidate ? 1 : 0;
            }

            if (endpoints >= Count - dissenters)
            {
                Seen = candidate;
                return;
            }

            if (hosts >= Count - dissenters)
            {
                Seen = candidate.WithPort(0);
            }
        }
    }
}
