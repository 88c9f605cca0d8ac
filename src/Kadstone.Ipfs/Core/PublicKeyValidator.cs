namespace Kadstone.Ipfs.Core;

/// <summary>The namespace <c>pk</c>: public keys under the peer ids that they make.</summary>
internal sealed class PublicKeyValidator : IRecordValidator
{
    public string Namespace => "pk";

    public bool IsValid(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value, DateTimeOffset now) =>
        key.StartsWith("/pk/"u8) && PeerId.TryRead(key["/pk/".Length..], out PeerId? peer) && PublicKey.TryRead(value, out PublicKey? publicKey) && publicKey.PeerId == peer;

    // All that are valid say the same.
    public int SelectBest(ReadOnlySpan<byte> key, IReadOnlyList<ReadOnlyMemory<byte>> values) => 0;
}
