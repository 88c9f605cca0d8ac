using Kadstone.Crypto;
using Kadstone.Kademlia;
using Kadstone.Mainline.Core;
using Kadstone.Mainline.Core.Queries;

namespace Kadstone.Mainline;

/// <summary>Items: small values under their hash, or under a key that signs them (BEP 44, BEP 46).</summary>
public sealed partial class MainlineDht
{
    // A lookup asks about a dozen nodes; with more copies than this among them nobody needs another (BEP 44).
    private const int EnoughCopies = 8;

    /// <summary>Stores a value under its own hash at the nearest nodes.</summary>
    /// <exception cref="NoNetworkException">Nobody answered.</exception>
    /// <exception cref="DhtTimeoutException">It took longer than <see cref="MainlineOptions.LookupTimeout"/>.</exception>
    public Task<PutItemResult> PutImmutableAsync(ItemValue value, CancellationToken cancellationToken = default)
    {
        Item item = new() { Value = value.Bencoded };
        return PutAsync(item.Target, default, _ => item, null, cancellationToken);
    }

    /// <summary>Signs a value and stores it under the key (and the salt) at the nearest nodes.</summary>
    /// <param name="seed">The Ed25519 seed, 32 bytes.</param>
    /// <param name="value">The value.</param>
    /// <param name="salt">What else the target depends on, so that a key can have many items; at most 64 bytes.</param>
    /// <param name="sequence">The version; null: one more than the newest that the network has.</param>
    /// <param name="cas">Only where this version is stored; null: anywhere.</param>
    /// <param name="cancellationToken">Gives up; nodes may have stored it already.</param>
    /// <exception cref="ArgumentException">The seed has not 32 bytes, the salt more than 64, or the version is negative.</exception>
    /// <exception cref="RejectedException">No version was given, and the newest in the network is the highest there is.</exception>
    /// <exception cref="NoNetworkException">Nobody answered.</exception>
    /// <exception cref="DhtTimeoutException">It took longer than <see cref="MainlineOptions.LookupTimeout"/>.</exception>
    public Task<PutItemResult> PutMutableAsync(
        ReadOnlyMemory<byte> seed,
        ItemValue value,
        ReadOnlyMemory<byte> salt = default,
        long? sequence = null,
        long? cas = null,
        CancellationToken cancellationToken = default)
    {
        CheckSalt(salt);
        ArgumentOutOfRangeException.ThrowIfNegative(sequence ?? 0, nameof(sequence));
        byte[] publicKey = Ed25519.CreateKeyPair(seed.Span);
        Key160 target = ItemTarget.Mutable(publicKey, salt.Span);
        return PutAsync(target, salt, newest => (sequence ?? Next(newest)) is long version ? Sign(seed.Span, publicKey, value, salt, version) : null, cas, cancellationToken);
    }

    /// <summary>Stores an item that somebody has signed: of the key's owner, or of anybody who keeps it alive.</summary>
    /// <exception cref="ArgumentException">The signature does not fit.</exception>
    public Task<PutItemResult> PutSignedAsync(SignedItem signed, long? cas = null, CancellationToken cancellationToken = default)
    {
        Item item = signed.ToItem();
        return PutAsync(item.Target, item.Salt, _ => item, cas, cancellationToken);
    }

    /// <summary>The value under its hash; null when nobody has it.</summary>
    /// <exception cref="NoNetworkException">Nobody answered.</exception>
    /// <exception cref="DhtTimeoutException">It took longer than <see cref="MainlineOptions.LookupTimeout"/>.</exception>
    public Task<FoundItem?> GetImmutableAsync(Key160 target, CancellationToken cancellationToken = default) =>
        GetAsync(target, default, null, cancellationToken);

    /// <summary>The newest value under a key; null when nobody has one.</summary>
    /// <param name="publicKey">32 bytes.</param>
    /// <param name="salt">The salt it was stored with.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <remarks>All nearest nodes are asked and the highest version wins: the first answer may be an old one.</remarks>
    /// <exception cref="NoNetworkException">Nobody answered.</exception>
    /// <exception cref="DhtTimeoutException">It took longer than <see cref="MainlineOptions.LookupTimeout"/>.</exception>
    public Task<FoundItem?> GetMutableAsync(ReadOnlyMemory<byte> publicKey, ReadOnlyMemory<byte> salt = default, CancellationToken cancellationToken = default)
    {
        CheckKey(publicKey, salt);
        return GetAsync(ItemTarget.Mutable(publicKey.Span, salt.Span), salt, null, cancellationToken);
    }

    /// <summary>The newest value under a key; null when nobody has one. Each version that is newer than those before it is told as it comes.</summary>
    /// <param name="publicKey">32 bytes.</param>
    /// <param name="salt">The salt it was stored with.</param>
    /// <param name="newer">Told of what nodes give, on the way; its copies and counts are those so far. For who would rather be early than sure.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="NoNetworkException">Nobody answered.</exception>
    /// <exception cref="DhtTimeoutException">It took longer than <see cref="MainlineOptions.LookupTimeout"/>.</exception>
    public Task<FoundItem?> GetMutableAsync(ReadOnlyMemory<byte> publicKey, ReadOnlyMemory<byte> salt, IProgress<FoundItem> newer, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(newer);
        CheckKey(publicKey, salt);
        return GetAsync(ItemTarget.Mutable(publicKey.Span, salt.Span), salt, newer, cancellationToken);
    }

    /// <summary>Puts an immutable value now and again each hour, until disposed.</summary>
    public KeptItem Keep(ItemValue value) => Keep(new Item { Value = value.Bencoded });

    /// <summary>Puts a signed item now and again each hour, until disposed. Newer versions of the key's owner win.</summary>
    /// <exception cref="ArgumentException">The signature does not fit.</exception>
    public KeptItem Keep(SignedItem signed) => Keep(signed.ToItem());

    private KeptItem Keep(Item item)
    {
        ObjectDisposedException.ThrowIf(_closing.IsCancellationRequested, this);
        Key160 target = item.Target;
        return new KeptItem(_driver, target, _options.RepublishInterval, () =>
        {
            GetItemQuery query = null!;
            query = new GetItemQuery(target, item.Salt, newest =>
                newest?.Sequence > item.Sequence || (newest?.Sequence == item.Sequence && query.Copies > EnoughCopies) ? null : item);
            return query;
        });
    }

    private async Task<PutItemResult> PutAsync(Key160 target, ReadOnlyMemory<byte> salt, Func<Item?, Item?> create, long? cas, CancellationToken cancellationToken)
    {
        Item? stored = await _items.ReadOrNothingAsync(target, cancellationToken).ConfigureAwait(false);
        GetItemQuery query = new(target, salt, newest => create(Newer(newest, stored)), cas);
        await RunAsync(query, cancellationToken).ConfigureAwait(false);
        return _driver.Run(query, static (_, ended, _) => ended.Put is Item put
            ? new PutItemResult(ended.Target, put.Sequence, ended.Outcome(), ended.Committed())
            : throw new RejectedException("The stored version is the highest there is: nothing can follow it.", KrpcErrorCode.SequenceNotNewer));
    }

    private async Task<FoundItem?> GetAsync(Key160 target, ReadOnlyMemory<byte> salt, IProgress<FoundItem>? newer, CancellationToken cancellationToken)
    {
        Item? stored = await _items.ReadOrNothingAsync(target, cancellationToken).ConfigureAwait(false);
        GetItemQuery query = new(target, salt);
        try
        {
            Item? told = null;
            await foreach (bool _ in ProgressAsync(query, cancellationToken).ConfigureAwait(false))
            {
                // What is older than what lies here is no news.
                if (newer is not null && TryLook(query, told, stored) is (Item item, FoundItem news))
                {
                    told = item;
                    newer.Report(news);
                }
            }
        }
        catch (NoNetworkException) when (stored is not null)
        {
            // What strangers stored with us is as good as their answer.
        }

        return _driver.Run(0, (_, _, _) =>
        {
            Item? newest = Newer(query.Newest, stored);
            return newest is null ? null : Found(newest, query, ReferenceEquals(newest, stored) ? 0 : query.Copies);
        });
    }

    private (Item Item, FoundItem Found)? TryLook(GetItemQuery query, Item? told, Item? stored) => _driver.Run(0, (_, _, _) =>
        query.Newest is Item newest && !ReferenceEquals(newest, told) && ReferenceEquals(Newer(newest, stored), newest) ? (newest, Found(newest, query, query.Copies)) : ((Item, FoundItem)?)null);

    private static FoundItem Found(Item item, GetItemQuery query, int copies) =>
        new(ItemValue.FromWire(item.Value), item.IsMutable, item.Sequence, item.PublicKey, item.Signature, copies, query.Forged, query.Outcome());

    private static Item? Newer(Item? found, Item? stored) =>
        found is null || (stored is not null && stored.Sequence > found.Sequence) ? stored : found;

    // Called in the core, which must not throw: null is what the caller is told about.
    private static long? Next(Item? newest) => newest is null ? 1 : newest.Sequence < long.MaxValue ? newest.Sequence + 1 : null;

    private static Item Sign(ReadOnlySpan<byte> seed, byte[] publicKey, ItemValue value, ReadOnlyMemory<byte> salt, long sequence)
    {
        Span<byte> signed = stackalloc byte[ItemSignature.MaxSignedLength];
        int length = ItemSignature.Write(signed, salt.Span, sequence, value.Bencoded.Span);
        byte[] signature = new byte[Ed25519.SignatureLength];
        Ed25519.Sign(signed[..length], seed, signature);
        return new Item { Value = value.Bencoded, PublicKey = publicKey, Salt = salt, Signature = signature, Sequence = sequence };
    }

    private static void CheckKey(ReadOnlyMemory<byte> publicKey, ReadOnlyMemory<byte> salt)
    {
        CheckSalt(salt);
        if (publicKey.Length != Ed25519.PublicKeyLength)
        {
            throw new ArgumentException("An Ed25519 public key has 32 bytes.", nameof(publicKey));
        }
    }

    private static void CheckSalt(ReadOnlyMemory<byte> salt)
    {
        if (salt.Length > ItemSignature.MaxSaltLength)
        {
            throw new ArgumentException($"The salt has {salt.Length} bytes; at most {ItemSignature.MaxSaltLength} are allowed (BEP 44).", nameof(salt));
        }
    }
}
