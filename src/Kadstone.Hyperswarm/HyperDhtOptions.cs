using Kadstone.Crypto;
using Kadstone.Storage;

namespace Kadstone.Hyperswarm;

/// <summary>How a <see cref="HyperDht"/> is set up: as the node underneath, and what is stored for others.</summary>
public sealed record HyperDhtOptions : RpcOptions
{
    /// <summary>The 32-byte Ed25519 seed of the node's own key pair. Null, the default, is a random one for each run.</summary>
    public ReadOnlyMemory<byte>? Seed { get; init; }

    /// <summary>Where mutable and immutable values of others are kept, 32,768 of each for 48 hours. Null, the default, is memory; it is disposed with the node.</summary>
    public IRecordStore? Store { get; init; }

    internal void ValidateSeed()
    {
        if (Seed is { Length: not Ed25519.SeedLength })
        {
            throw new ArgumentException($"HyperDhtOptions.{nameof(Seed)} is out of range: a seed has 32 bytes.", nameof(Seed));
        }
    }
}
