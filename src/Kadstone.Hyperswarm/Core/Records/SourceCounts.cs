using System.Runtime.InteropServices;
using Kadstone.Datagrams;

namespace Kadstone.Hyperswarm.Core.Records;

/// <summary>How much of a table each IPv4 host and each /24 has put there. No larger than what it counts.</summary>
/// <remarks>Who stores has proved its address by a token, so nobody fills another's share.</remarks>
internal sealed class SourceCounts(SourceLimits? limits)
{
    private readonly Dictionary<uint, int> _hosts = [];
    private readonly Dictionary<uint, int> _prefixes = [];

    /// <summary>Whether a source may have one more.</summary>
    public bool HasRoom(uint host) =>
        limits is null || (_hosts.GetValueOrDefault(host) < limits.PerHost && _prefixes.GetValueOrDefault(host >> 8) < limits.PerPrefix);

    public void Add(uint host)
    {
        if (limits is not null)
        {
            CollectionsMarshal.GetValueRefOrAddDefault(_hosts, host, out _)++;
            CollectionsMarshal.GetValueRefOrAddDefault(_prefixes, host >> 8, out _)++;
        }
    }

    public void Remove(uint host)
    {
        if (limits is not null)
        {
            Decrease(_hosts, host);
            Decrease(_prefixes, host >> 8);
        }
    }

    public void Clear()
    {
        _hosts.Clear();
        _prefixes.Clear();
    }

    /// <summary>The number under which a host is counted.</summary>
    public static uint HostOf(UdpEndpoint source) => (uint)source.AddressLow;

    private static void Decrease(Dictionary<uint, int> counts, uint key)
    {
        if (--CollectionsMarshal.GetValueRefOrAddDefault(counts, key, out _) <= 0)
        {
            counts.Remove(key);
        }
    }
}

/// <summary>The most that one source has.</summary>
/// <param name="PerHost">One address.</param>
/// <param name="PerPrefix">One /24.</param>
internal sealed record SourceLimits(int PerHost, int PerPrefix);
