using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Kadstone.Kademlia;

/// <summary>How many entries of a table stand on each host and in each prefix.</summary>
internal sealed class DiversityCounts
{
    private readonly Dictionary<ulong, int> _hosts = [];
    private readonly Dictionary<ulong, int> _prefixes = [];

    public int OnHost(ulong host) => _hosts.GetValueOrDefault(host);

    public int InPrefix(ulong prefix) => _prefixes.GetValueOrDefault(prefix);

    public void Add(ulong host, ulong prefix)
    {
        CollectionsMarshal.GetValueRefOrAddDefault(_hosts, host, out _)++;
        CollectionsMarshal.GetValueRefOrAddDefault(_prefixes, prefix, out _)++;
    }

    public void Remove(ulong host, ulong prefix)
    {
        Decrement(_hosts, host);
        Decrement(_prefixes, prefix);
    }

    private static void Decrement(Dictionary<ulong, int> counts, ulong key)
    {
        int left = counts.GetValueOrDefault(key) - 1;
        Debug.Assert(left >= 0);
        if (left > 0)
        {
            counts[key] = left;
        }
        else
        {
            counts.Remove(key);
        }
    }
}
