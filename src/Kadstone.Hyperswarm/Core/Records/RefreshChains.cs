using System.Runtime.CompilerServices;
using Kadstone.Kademlia;

namespace Kadstone.Hyperswarm.Core.Records;

/// <summary>Which record a refresh token renews. A token is the hash of the one that comes after it, so that who shows the next one need not sign.</summary>
internal sealed class RefreshChains(HyperLimits limits, SecretKeyComparer comparer)
{
    private readonly ExpiringMap<Link> _links = new(limits.Routes, limits.RecordLifetime, comparer);

    public int Count => _links.Count;

    public Instant NextDeadline => _links.NextDeadline;

    /// <summary>From now on whoever shows what hashes to this token renews the record.</summary>
    /// <returns>False when there is no room: then the record is renewed by a new announce only.</returns>
    public bool Begin(in Key256 token, in Key256 target, in Key256 publicKey, Instant now) => _links.Put(token, new Link(target, publicKey), now);

    /// <summary>Takes the next token of a chain.</summary>
    public bool TryAdvance(in Key256 token, in Key256 hashOfToken, Instant now, out Link link)
    {
        ref Link found = ref _links.Find(hashOfToken, now);
        link = Unsafe.IsNullRef(ref found) ? default : found;
        return !Unsafe.IsNullRef(ref found) && _links.Remove(hashOfToken) && _links.Put(token, link, now);
    }

    public void Expire(Instant now) => _links.Expire(now);

    /// <summary>Whose record.</summary>
    internal readonly record struct Link(Key256 Target, Key256 PublicKey);
}
