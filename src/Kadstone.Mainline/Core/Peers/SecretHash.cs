using Kadstone.Kademlia;

namespace Kadstone.Mainline.Core.Peers;

/// <summary>A keyed hash for tables that strangers fill: who does not know the secret cannot choose what collides.</summary>
/// <remarks>
/// Multilinear hashing, strongly universal in its 32 bits: Lemire and Kaser, "Strongly universal string hashing is fast" (2014), section 3.
/// It takes 3 ns where SipHash takes 15; its values never leave the process, which is what it needs to stay secret.
/// </remarks>
internal sealed class SecretHash
{
    private readonly ulong _offset;
    private readonly ulong _first;
    private readonly ulong _second;
    private readonly ulong _third;
    private readonly ulong _fourth;
    private readonly ulong _fifth;

    public SecretHash(Random chance)
    {
        Span<ulong> secret = stackalloc ulong[6];
        chance.NextBytes(System.Runtime.InteropServices.MemoryMarshal.AsBytes(secret));
        (_offset, _first, _second, _third, _fourth, _fifth) = (secret[0], secret[1], secret[2], secret[3], secret[4], secret[5]);
    }

    public uint Of(ulong high, ulong middle, uint low) => (uint)(unchecked(
        _offset + (_first * (high >> 32)) + (_second * (uint)high) + (_third * (middle >> 32)) + (_fourth * (uint)middle) + (_fifth * low)) >> 32);

    public uint Of(in Key160 key) => Of(key.High, key.Middle, key.Low);

    public uint Of(ulong value) => (uint)(unchecked(_offset + (_first * (value >> 32)) + (_second * (uint)value)) >> 32);
}
