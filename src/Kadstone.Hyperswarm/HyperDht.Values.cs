using Kadstone.Crypto;
using Kadstone.Kademlia;

namespace Kadstone.Hyperswarm;

/// <summary>Values in the network: immutable ones under their own hash, mutable ones under the hash of a public key.</summary>
public sealed partial class HyperDht
{
    /// <summary>Puts a value at the 20 nodes closest to its hash. They keep it for about 48 hours.</summary>
    /// <param name="value">1 to 1,200 bytes: what fits into one datagram everywhere.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="ArgumentException">The value is empty or too long.</exception>
    /// <exception cref="NoAnswerException">Nobody answered.</exception>
    public async Task<HyperPut> ImmutablePutAsync(ReadOnlyMemory<byte> value, CancellationToken cancellationToken = default)
    {
        if (value.Length is < 1 or > ImmutableValue.MaxLength)
        {
            throw new ArgumentException($"An immutable value has 1 to {ImmutableValue.MaxLength} bytes, this one {value.Length}.", nameof(value));
        }

        Key256 target = HyperHash.Of(value.Span);
        ClosestAnswers closest = await FindClosestAsync(target, HyperCommand.ImmutableGet, null, null, cancellationToken).ConfigureAwait(false);
        return await PutAsync(closest, HyperCommand.ImmutablePut, target, value, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Gets a value by its hash.</summary>
    /// <returns>The value, which has this hash; null when no node has it.</returns>
    /// <exception cref="NoAnswerException">Nobody answered.</exception>
    public async Task<ReadOnlyMemory<byte>?> ImmutableGetAsync(Key256 target, CancellationToken cancellationToken = default)
    {
        await foreach (RpcAnswer answer in QueryAsync(target, HyperCommand.ImmutableGet, null, null).WithCancellation(cancellationToken).ConfigureAwait(false))
        {
            if (answer.Value is ReadOnlyMemory<byte> value && HyperHash.Of(value.Span) == target)
            {
                return value;
            }
        }

        return null;
    }

    /// <summary>Signs a value and puts it at the 20 nodes closest to the hash of the public key. They keep it for about 48 hours.</summary>
    /// <param name="seed">The 32-byte Ed25519 seed of the key pair that owns it.</param>
    /// <param name="value">At most 1,100 bytes: what fits into one datagram everywhere.</param>
    /// <param name="sequence">Its version, 0 to 2^53 - 1: nodes keep the highest, and refuse another value under the same.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="ArgumentException">The seed has not 32 bytes, or the value is too long.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The sequence is out of range.</exception>
    /// <exception cref="NoAnswerException">Nobody answered.</exception>
    public async Task<HyperPut> MutablePutAsync(ReadOnlyMemory<byte> seed, ReadOnlyMemory<byte> value, long sequence, CancellationToken cancellationToken = default)
    {
        if (seed.Length != Ed25519.SeedLength)
        {
            throw new ArgumentException("A seed has 32 bytes.", nameof(seed));
        }

        if (value.Length > MutableItem.MaxValueLength)
        {
            throw new ArgumentException($"A mutable value has at most {MutableItem.MaxValueLength} bytes, this one {value.Length}.", nameof(value));
        }

        ArgumentOutOfRangeException.ThrowIfNegative(sequence);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(sequence, CompactReader.MaxUInt);
        HyperKeyPair keys = new(seed.Span);
        Key256 target = HyperHash.Of(keys.PublicKey);
        byte[] signed = SignValue(keys, value.Span, sequence);

        // Whatever there is: only the tokens count.
        ClosestAnswers closest = await FindClosestAsync(target, HyperCommand.MutableGet, Encode(0), null, cancellationToken).ConfigureAwait(false);
        return await PutAsync(closest, HyperCommand.MutablePut, target, signed, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Gets the value of a public key.</summary>
    /// <param name="publicKey">32 bytes, Ed25519.</param>
    /// <param name="minimumSequence">Versions below are not wanted. Default 0.</param>
    /// <param name="latest">Whether all of the closest nodes are asked, and the highest version wins; if not, the first valid one does. Default true.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>The value, whose signature has been checked; null when no node has one.</returns>
    /// <exception cref="ArgumentException">A public key has 32 bytes.</exception>
    /// <exception cref="NoAnswerException">Nobody answered.</exception>
    public async Task<MutableValue?> MutableGetAsync(
        ReadOnlyMemory<byte> publicKey,
        long minimumSequence = 0,
        bool latest = true,
        CancellationToken cancellationToken = default)
    {
        RequireKey(publicKey);
        ArgumentOutOfRangeException.ThrowIfNegative(minimumSequence);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(minimumSequence, CompactReader.MaxUInt);
        MutableValue? best = null;
        await foreach (RpcAnswer answer in QueryAsync(HyperHash.Of(publicKey.Span), HyperCommand.MutableGet, Encode(minimumSequence), null).WithCancellation(cancellationToken).ConfigureAwait(false))
        {
            long wanted = best is null ? minimumSequence : best.Sequence + 1;
            if (ReadValue(answer, publicKey.Span, wanted) is not MutableValue found)
            {
                continue;
            }

            best = found;
            if (!latest)
            {
                break;
            }
        }

        return best;
    }

    private async Task<HyperPut> PutAsync(ClosestAnswers closest, HyperCommand command, Key256 target, ReadOnlyMemory<byte> value, CancellationToken cancellationToken)
    {
        CommitOutcome[] outcomes = await Task.WhenAll(closest.Answers.Select(answer => CommitAsync(closest.Lookup, answer, command, target, _ => value, cancellationToken))).ConfigureAwait(false);
        return new HyperPut(target, Count(closest.Answers, outcomes));
    }

    private static byte[] Encode(long sequence)
    {
        CompactWriter writer = new(stackalloc byte[9]);
        writer.UInt(sequence);
        return writer.Written.ToArray();
    }

    private static byte[] SignValue(HyperKeyPair keys, ReadOnlySpan<byte> value, long sequence)
    {
        Span<byte> signable = stackalloc byte[HyperSignable.Length];
        Span<byte> signature = stackalloc byte[Ed25519.SignatureLength];
        HyperSignable.WriteMutable(signable, sequence, value);
        keys.Sign(signable, signature);
        CompactWriter writer = new(stackalloc byte[RpcReader.MaxDatagramLength]);
        new MutablePut(keys.PublicKey, new MutableItem(sequence, value, signature)).Write(ref writer);
        return writer.Written.ToArray();
    }

    // The signature last: a check costs more than all else.
    private static MutableValue? ReadValue(RpcAnswer answer, ReadOnlySpan<byte> publicKey, long wanted) =>
        answer.Value is ReadOnlyMemory<byte> value
        && MutableItem.TryRead(value.Span, out MutableItem item)
        && item.Sequence >= wanted
        && item.IsSigned(publicKey)
            ? new MutableValue(item.Value.ToArray(), item.Sequence, item.Signature.ToArray(), answer.From)
            : null;
}
