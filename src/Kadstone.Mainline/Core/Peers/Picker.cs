namespace Kadstone.Mainline.Core.Peers;

/// <summary>Fast random numbers from a seed that chance gave. They choose among peers and keys; nothing secret depends on them.</summary>
/// <remarks>splitmix64: Steele, Lea, Flood, "Fast splittable pseudorandom number generators" (2014).</remarks>
internal sealed class Picker(Random chance)
{
    private ulong _state = (ulong)chance.NextInt64();

    /// <summary>A number from 0 up to, not including, <paramref name="bound"/>.</summary>
    public int Below(int bound)
    {
        ulong mixed = unchecked(_state += 0x9E3779B97F4A7C15);
        mixed = unchecked((mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9);
        mixed = unchecked((mixed ^ (mixed >> 27)) * 0x94D049BB133111EB);
        return (int)(((mixed >> 32) * (uint)bound) >> 32);
    }
}
