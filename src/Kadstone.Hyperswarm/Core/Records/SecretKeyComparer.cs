using System.Runtime.InteropServices;
using Kadstone.Kademlia;

namespace Kadstone.Hyperswarm.Core.Records;

/// <summary>Hashes keys under secrets, so that strangers, who choose the keys, cannot choose who shares a slot with whom.</summary>
/// <remarks>Folded 64 x 64-bit multiplications, as wyhash does it. Not a MAC.</remarks>
internal sealed class SecretKeyComparer : IEqualityComparer<Key256>
{
    private readonly ulong[] _secrets = new ulong[4];

    public SecretKeyComparer(Random chance) => chance.NextBytes(MemoryMarshal.AsBytes(_secrets.AsSpan()));

    public bool Equals(Key256 x, Key256 y) => x == y;

    public int GetHashCode(Key256 obj)
    {
        ulong high = Fold((ulong)(obj.High >> 64) ^ _secrets[0], (ulong)obj.High ^ _secrets[1]);
        ulong low = Fold((ulong)(obj.Low >> 64) ^ _secrets[2], (ulong)obj.Low ^ _secrets[3]);
        ulong hash = Fold(high ^ _secrets[3], low ^ _secrets[0]);
        return (int)(hash ^ (hash >> 32));
    }

    private static ulong Fold(ulong left, ulong right)
    {
        ulong high = Math.BigMul(left, right, out ulong low);
        return high ^ low;
    }
}
