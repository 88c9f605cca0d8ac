using Kadstone.Ipfs.Core;
using Kadstone.Ipfs.Wire;
using Kadstone.Storage;

namespace Kadstone.Ipfs;

/// <summary>Values in the store: valid when they go in, and looked at again when they come out.</summary>
/// <remarks>What replaces what, the namespace says, not the store: its sequence counts our writes, so that of two at once one has to look again.</remarks>
internal sealed class RecordDesk(IRecordStore store, RecordRules rules, TimeProvider time)
{
    /// <summary>48 hours: how long a value is served after it came.</summary>
    public static readonly TimeSpan Lifetime = TimeSpan.FromHours(48);

    private const int MaxTries = 8;

    public RecordRules Rules => rules;

    /// <summary>The value under a key, if there is a valid one.</summary>
    public async ValueTask<KadRecord?> GetAsync(ReadOnlyMemory<byte> key, CancellationToken cancellationToken)
    {
        if (await store.GetAsync(Shelf.IpfsValues, key, cancellationToken).ConfigureAwait(false) is StoredRecord stored && rules.IsValid(key.Span, stored.Value.Span, time.GetUtcNow()))
        {
            return new KadRecord(key, stored.Value, Rfc3339Time.From(stored.StoredAt));
        }

        return PublicKeyUnder(key.Span) is PublicKey inlined ? new KadRecord(key, inlined.Encoded, Rfc3339Time.From(time.GetUtcNow())) : null;
    }

    /// <summary>Stores a value unless it is not valid, or a better one stands there.</summary>
    public async ValueTask<RecordVerdict> PutAsync(ReadOnlyMemory<byte> key, ReadOnlyMemory<byte> value, CancellationToken cancellationToken)
    {
        DateTimeOffset now = time.GetUtcNow();
        if (key.Length > RecordLimits.MaxKeyLength || value.Length > RecordLimits.MaxValueLength || !rules.IsValid(key.Span, value.Span, now))
        {
            return RecordVerdict.Invalid;
        }

        for (int tries = 0; tries < MaxTries; tries++)
        {
            StoredRecord? stored = await store.GetAsync(Shelf.IpfsValues, key, cancellationToken).ConfigureAwait(false);
            bool isSame = stored is not null && stored.Value.Span.SequenceEqual(value.Span);
            if (stored is not null && !isSame && rules.IsValid(key.Span, stored.Value.Span, now) && !rules.IsBetter(key.Span, value, stored.Value))
            {
                return RecordVerdict.Worse;
            }

            long sequence = (stored?.Sequence ?? 0) + (isSame ? 0 : 1);
            PutResult result = await store.PutAsync(Shelf.IpfsValues, key, new StoredRecord(value, sequence, now + Lifetime, now), stored?.Sequence, cancellationToken).ConfigureAwait(false);
            if (result is PutResult.Stored or PutResult.Full)
            {
                return result == PutResult.Stored ? RecordVerdict.Stored : RecordVerdict.Full;
            }
        }

        return RecordVerdict.Worse;
    }

    // A short key stands in the peer id itself: nobody has to have put it.
    private static PublicKey? PublicKeyUnder(ReadOnlySpan<byte> key) =>
        key.StartsWith("/pk/"u8) && PeerId.TryRead(key["/pk/".Length..], out PeerId? peer) && peer.TryGetPublicKey(out PublicKey? inlined) ? inlined : null;
}
