using System.Buffers.Binary;

namespace Kadstone.Kademlia;

/// <summary>Estimates how many nodes a network has from how near the closest ones are to looked-up keys.</summary>
/// <typeparam name="TKey">The key type of the network.</typeparam>
/// <remarks>
/// <para>Keys are spread evenly, so with n nodes the i-th closest to a key lies, as a part of the keyspace, at i / (n + 1) in the
/// mean. Public estimators fit that line by weighted least squares (go-libp2p-kad-dht, package netsize) or average n per i
/// (pubky/mainline, docs/dht_size_estimate.md).</para>
/// <para>The gaps between neighbours in distance are independent and alike, so the least squares fit with the true covariances,
/// min(i, j) / n^2, uses nothing but the farthest of the k: it has Beta(k, n - k + 1), and (k - 1) / d_k is
/// without bias. Over several lookups with K = sum of k and D = sum of d_k the estimate is n = (K - 1) / D, and its
/// standard deviation n / sqrt(K - 2), as for the rate of a Poisson process.</para>
/// <para>The lookups must be for keys that do not depend on the nodes (random ones, infohashes) and must have found the true closest.</para>
/// </remarks>
public sealed class NetworkSizeEstimator<TKey>
    where TKey : struct, IKey<TKey>
{
    private readonly int _window;
    private readonly Queue<Observation> _observations = new();
    private double _distances;
    private int _contacts;

    /// <summary>An estimator that has observed nothing.</summary>
    /// <param name="window">How many of the last lookups count. Default 64: 4.5 % deviation at k = 8, and an answer to growth.</param>
    public NetworkSizeEstimator(int window = 64)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(window, 1);
        _window = window;
    }

    /// <summary>What is known now.</summary>
    public NetworkSize Estimate
    {
        get
        {
            if (_distances <= 0)
            {
                return new NetworkSize(_contacts, double.PositiveInfinity, _observations.Count);
            }

            double nodes = Math.Max((_contacts - 1) / _distances, 1);
            double deviation = _contacts > 2 ? nodes / Math.Sqrt(_contacts - 2) : double.PositiveInfinity;
            return new NetworkSize(nodes, deviation, _observations.Count);
        }
    }

    /// <summary>Adds the result of a lookup that ended with its quorum.</summary>
    /// <param name="target">The key that was looked up.</param>
    /// <param name="closest">The keys of all the k closest, in any order. None is no observation.</param>
    public void Observe(TKey target, ReadOnlySpan<TKey> closest)
    {
        if (closest.IsEmpty)
        {
            return;
        }

        double farthest = 0;
        foreach (TKey key in closest)
        {
            farthest = Math.Max(farthest, PartOfKeyspace(key ^ target));
        }

        _observations.Enqueue(new Observation(closest.Length, farthest));
        if (_observations.Count > _window)
        {
            _observations.Dequeue();
        }

        // Summed anew: taking old terms off a running sum of doubles would leave their rounding behind.
        _contacts = 0;
        _distances = 0;
        foreach (Observation observation in _observations)
        {
            _contacts += observation.Contacts;
            _distances += observation.Farthest;
        }
    }

    private static double PartOfKeyspace(TKey distance)
    {
        Span<byte> bytes = stackalloc byte[TKey.ByteLength];
        distance.Write(bytes);
        return (double)BinaryPrimitives.ReadUInt128BigEndian(bytes) / Math.Pow(2, 128);
    }

    private readonly record struct Observation(int Contacts, double Farthest);
}
