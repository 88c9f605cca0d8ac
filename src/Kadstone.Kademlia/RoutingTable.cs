using System.Diagnostics;

namespace Kadstone.Kademlia;

/// <summary>The contacts a node knows to be alive, in buckets by the length of the prefix that their keys share with ours.</summary>
/// <typeparam name="TKey">The key type of the network.</typeparam>
/// <typeparam name="TContact">The contact type; its equality says what "the same node" is.</typeparam>
/// <remarks>
/// <para>Maymounkov and Mazières, "Kademlia", sections 2.2, 2.4 and 4.1; BEP 5, "Routing Table".</para>
/// <para>The table asks nobody. It names whom to check (<see cref="TryNextDoubtful"/>) and which key to look up
/// (<see cref="TryNextRefresh"/>); the network reports with <see cref="Answered"/> and <see cref="Failed"/>. A living entry is
/// never evicted for a new one: old contacts are the likeliest to stay.</para>
/// </remarks>
public sealed partial class RoutingTable<TKey, TContact>
    where TKey : struct, IKey<TKey>
    where TContact : struct, IContact<TContact, TKey>
{
    /// <summary>A bad entry that nothing replaces is dropped after so many failures more.</summary>
    private const int FurtherFailures = 3;

    /// <summary>Empty buckets are refreshed down to this depth: no network is deeper, and a liar with a key next to ours could
    /// otherwise make us look up a hundred of them.</summary>
    private const int EmptyReach = 24;

    private readonly TKey _self;
    private readonly RoutingTableOptions _options;
    private readonly Random _chance;
    private readonly DiversityCounts? _diversity;
    private readonly KeyChangers<TContact> _keyChangers;
    private readonly Presence<TContact> _presence = new();

    // Index = common prefix length. Both grow to the depth in use: log2 of the network, about 25 in the largest.
    private Bucket<TKey, TContact>?[] _buckets = [];
    private Instant[] _refreshAt = [];
    private int _depth;
    private int _sound;

    // Lower bounds: made exact by the scan that finds nothing due.
    private Instant _nextCheck = Instant.Never;
    private Instant _nextRefresh = Instant.Never;

    /// <summary>An empty table around <paramref name="self"/>.</summary>
    /// <param name="self">Our own key. It is never an entry.</param>
    /// <param name="options">Sizes and patience.</param>
    /// <param name="chance">Where random refresh keys come from.</param>
    /// <exception cref="ArgumentOutOfRangeException">An option is out of its range.</exception>
    public RoutingTable(TKey self, RoutingTableOptions options, Random chance)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(chance);
        options.Validate();
        _self = self;
        _options = options;
        _chance = chance;
        _diversity = options.Diversity is null ? null : new DiversityCounts();
        _keyChangers = new KeyChangers<TContact>(options.KeyChangeBan);
    }

    /// <summary>Our own key.</summary>
    public TKey Self => _self;

    /// <summary>How many entries there are, bad ones included; replacements are not.</summary>
    public int Count { get; private set; }

    /// <summary>How many entries have no failure since their last sign of life.</summary>
    public int SoundCount => _sound;

    /// <summary>How many contacts a diversity limit refused so far.</summary>
    public long RefusedByDiversity { get; private set; }

    /// <summary>How many answers came under another key than the contact had before.</summary>
    public long KeyChanges { get; private set; }

    /// <summary>The moment at which <see cref="TryNextDoubtful"/> or <see cref="TryNextRefresh"/> may have something; never too late, at times too early.</summary>
    public Instant NextDeadline => Instant.Earlier(_nextCheck, _nextRefresh);

    /// <summary>Every entry, nearest bucket last.</summary>
    public IEnumerable<TableEntry<TContact>> Entries
    {
        get
        {
            for (int index = 0; index < _depth; index++)
            {
                Bucket<TKey, TContact>? bucket = _buckets[index];
                for (int i = 0; bucket is not null && i < bucket.Count; i++)
                {
                    EntryHealth health = bucket.HealthAt(i);
                    yield return new TableEntry<TContact>(bucket.ContactAt(i), index, health.LastSeen, health.Failures, health.Added);
                }
            }
        }
    }

    /// <summary>All of it, for people.</summary>
    public TableView<TKey, TContact> View(Instant now)
    {
        int[] capacities = new int[_depth];
        for (int index = 0; index < _depth; index++)
        {
            capacities[index] = _options.SizeOf(index);
        }

        return new TableView<TKey, TContact>(_self, now, capacities, _options.MaxFailures, _options.DoubtfulAfter, [.. Entries]);
    }

    /// <summary>Offers a contact that has just answered us. Hearsay does not belong here.</summary>
    public Admission<TContact> Admit(TContact contact, Instant now)
    {
        int index = BucketOf(contact.Key);
        if (index == TKey.ByteLength * 8 || _keyChangers.Contains(contact, now))
        {
            return Outcome(AdmissionKind.Refused);
        }

        if (TryFind(contact, out int at, out int i))
        {
            bool isRenewed = Renew(at, i, contact, now);
            if (isRenewed || _keyChangers.Contains(contact, now))
            {
                return Outcome(isRenewed ? AdmissionKind.Refreshed : AdmissionKind.Refused);
            }
        }

        if (!ForgetReplacement(contact, now))
        {
            return Outcome(AdmissionKind.Refused);
        }

        Bucket<TKey, TContact> bucket = Reach(index, now);
        int namesake = bucket.IndexOfKey(contact.Key);
        if (namesake >= 0 && bucket.HealthAt(namesake).Failures < _options.MaxFailures)
        {
            return Contest(bucket, namesake, contact, now);
        }

        bool full = namesake >= 0 || bucket.Count >= _options.SizeOf(index);
        int bad = namesake >= 0 ? namesake : full ? bucket.WorstWith(_options.MaxFailures) : -1;
        if (!Fits(bucket, contact, leaving: bad))
        {
            RefusedByDiversity++;
            return Outcome(AdmissionKind.Refused);
        }

        if (full && bad < 0)
        {
            return KeepAsReplacement(bucket, contact, now);
        }

        if (full)
        {
            RemoveEntry(bucket, bad);
        }

        AddEntry(index, bucket, contact, now);
        return Outcome(AdmissionKind.Added);
    }

    /// <summary>A contact answered a request. Unknown contacts are ignored: <see cref="Admit"/> is the way in.</summary>
    public void Answered(TContact contact, Instant now)
    {
        if (TryFind(contact, out int index, out int i))
        {
            Renew(index, i, contact, now);
        }
    }

    /// <summary>A contact sent us a query: a sign of life, but no proof that it answers, so its failures stay.</summary>
    /// <remarks>BEP 5: "A node is also good if it has ever responded to one of our queries and has sent us a query within the last 15 minutes."</remarks>
    public void Queried(TContact contact, Instant now)
    {
        if (TryFind(contact, out int index, out int i) && _buckets[index]!.ContactAt(i).Key.Equals(contact.Key))
        {
            ref EntryHealth health = ref _buckets[index]!.HealthAt(i);
            health.LastSeen = now;
            if (health.Failures == 0)
            {
                health.CheckAt = now + _options.DoubtfulAfter;
            }
        }
    }

    /// <summary>A contact left a request unanswered. A bad one gives its place to the freshest replacement.</summary>
    /// <returns>True when it was an entry and is none any more.</returns>
    public bool Failed(TContact contact, Instant now)
    {
        if (!TryFind(contact, out int index, out int i))
        {
            DropReplacement(contact);
            return false;
        }

        Bucket<TKey, TContact> bucket = _buckets[index]!;
        int failures = bucket.HealthAt(i).Failures + 1;
        if (failures >= _options.MaxFailures)
        {
            int replacement = FreshestFitting(bucket, leaving: i);
            if (replacement >= 0 || failures >= _options.MaxFailures + FurtherFailures)
            {
                RemoveEntry(bucket, i);
                Promote(index, bucket, replacement);
                return true;
            }
        }

        bucket.HealthAt(i).CheckAt = now + RetryDelay(failures);
        _nextCheck = Instant.Earlier(_nextCheck, bucket.HealthAt(i).CheckAt);
        SetFailures(bucket, i, failures);
        return false;
    }

    /// <summary>Whether a contact is an entry.</summary>
    public bool Contains(TContact contact) => TryFind(contact, out _, out _);

    /// <summary>Whether an entry with this key would have room in its bucket without anybody's leaving; the limits of diversity are not asked.</summary>
    public bool HasRoomFor(TKey key)
    {
        int index = BucketOf(key);
        return index >= _depth || _buckets[index] is not { } bucket || bucket.Count < _options.SizeOf(index);
    }

    /// <summary>The entry that is equal to a contact, under whatever key it stands here; null: none.</summary>
    public TContact? Find(TContact contact) => TryFind(contact, out int index, out int i) ? _buckets[index]?.ContactAt(i) : null;

    /// <summary>Drops a contact; the freshest replacement takes its place.</summary>
    /// <returns>False when it was no entry.</returns>
    public bool Remove(TContact contact)
    {
        if (!TryFind(contact, out int index, out int i))
        {
            DropReplacement(contact);
            return false;
        }

        Bucket<TKey, TContact> bucket = _buckets[index]!;
        int replacement = FreshestFitting(bucket, leaving: i);
        RemoveEntry(bucket, i);
        Promote(index, bucket, replacement);
        return true;
    }

    /// <summary>Names the next entry that was silent too long or is due for another try, and counts it as being checked until
    /// <see cref="Answered"/> or <see cref="Failed"/>.</summary>
    /// <remarks>A check that nobody reports on is due again after <see cref="RoutingTableOptions.DoubtfulAfter"/>.</remarks>
    public bool TryNextDoubtful(Instant now, out TContact contact)
    {
        contact = default;
        if (now < _nextCheck)
        {
            return false;
        }

        Instant next = Instant.Never;
        for (int index = _depth - 1; index >= 0; index--)
        {
            Bucket<TKey, TContact>? bucket = _buckets[index];
            for (int i = 0; bucket is not null && i < bucket.Count; i++)
            {
                if (bucket.HealthAt(i).CheckAt <= now)
                {
                    bucket.HealthAt(i).CheckAt = now + _options.DoubtfulAfter;
                    contact = bucket.ContactAt(i);
                    return true;
                }

                next = Instant.Earlier(next, bucket.HealthAt(i).CheckAt);
            }
        }

        _nextCheck = next;
        return false;
    }

    /// <summary>Names a random key in the next bucket that did not change for <see cref="RoutingTableOptions.RefreshAfter"/>, and
    /// counts the bucket as changed. Empty buckets above the deepest entry count too, down to depth 24.</summary>
    public bool TryNextRefresh(Instant now, out TKey target)
    {
        target = default;
        if (now < _nextRefresh)
        {
            return false;
        }

        Instant next = Instant.Never;
        for (int index = _depth - 1; index >= 0; index--)
        {
            if (index >= EmptyReach && _buckets[index] is not { Count: > 0 })
            {
                continue;
            }

            if (_refreshAt[index] <= now)
            {
                _refreshAt[index] = now + _options.RefreshAfter;
                target = Keyspace.RandomInBucket(_self, index, _chance);
                return true;
            }

            next = Instant.Earlier(next, _refreshAt[index]);
        }

        _nextRefresh = next;
        return false;
    }

    private static Admission<TContact> Outcome(AdmissionKind kind) => new(kind, false, default);

    private int BucketOf(TKey key) => (_self ^ key).LeadingZeroCount;

    /// <summary>Finds the entry equal to a contact, under whatever key it stands here.</summary>
    private bool TryFind(in TContact contact, out int index, out int i)
    {
        if (!_presence.MayHold(contact))
        {
            (index, i) = (-1, -1);
            return false;
        }

        index = BucketOf(contact.Key);
        i = index < _depth && _buckets[index] is { } own ? own.IndexOf(contact) : -1;
        if (i >= 0)
        {
            return true;
        }

        // Equality may ignore the key.
        for (index = 0; index < _depth; index++)
        {
            i = _buckets[index]?.IndexOf(contact) ?? -1;
            if (i >= 0)
            {
                return true;
            }
        }

        return false;
    }

    private Bucket<TKey, TContact> Reach(int index, Instant now)
    {
        if (index >= _buckets.Length)
        {
            int grown = Math.Min(TKey.ByteLength * 8, Math.Max(index + 1, _buckets.Length + 4));
            Array.Resize(ref _buckets, grown);
            Array.Resize(ref _refreshAt, grown);
        }

        for (; _depth <= index; _depth++)
        {
            _refreshAt[_depth] = now + _options.RefreshAfter;
            _nextRefresh = Instant.Earlier(_nextRefresh, _refreshAt[_depth]);
        }

        return _buckets[index] ??= new Bucket<TKey, TContact>();
    }

    /// <summary>Another contact claims the key of a living entry: a node that moved, or a liar. The entry stays until it is found dead.</summary>
    private Admission<TContact> Contest(Bucket<TKey, TContact> bucket, int namesake, in TContact contact, Instant now)
    {
        if (_options.ReplacementSize > 0)
        {
            bucket.Replacements ??= new ReplacementCache<TKey, TContact>(_options.ReplacementSize);
            bucket.Replacements.Add(contact, now, _options.Diversity);
        }

        if (now - bucket.HealthAt(namesake).LastSeen < _options.RetryAfter)
        {
            return Outcome(AdmissionKind.Full);
        }

        bucket.HealthAt(namesake).CheckAt = now + _options.DoubtfulAfter;
        return new Admission<TContact>(AdmissionKind.Full, true, bucket.ContactAt(namesake));
    }

    /// <summary>Whether key and limits allow a contact once entry <paramref name="leaving"/> (-1: none) is gone.</summary>
    private bool Fits(Bucket<TKey, TContact> bucket, in TContact contact, int leaving)
    {
        // A key is a node's name: two entries of one name would be handed out as two nodes.
        if (bucket.IndexOfKey(contact.Key) is int namesake and >= 0 && namesake != leaving)
        {
            return false;
        }

        if (_options.Diversity is not { } limits)
        {
            return true;
        }

        int onHost = _diversity!.OnHost(contact.Host);
        int inTable = _diversity.InPrefix(contact.Prefix);
        int inBucket = bucket.CountInPrefix(contact.Prefix);
        if (leaving >= 0)
        {
            ref TContact gone = ref bucket.ContactAt(leaving);
            int samePrefix = gone.Prefix == contact.Prefix ? 1 : 0;
            onHost -= gone.Host == contact.Host ? 1 : 0;
            inTable -= samePrefix;
            inBucket -= samePrefix;
        }

        int part = Math.Max(limits.PerPrefixInBucket, Count / limits.OneInPrefixOf);
        return onHost < limits.PerHost && inTable < Math.Min(limits.PerPrefixInTable, part) && inBucket < limits.PerPrefixInBucket;
    }

    private void AddEntry(int index, Bucket<TKey, TContact> bucket, in TContact contact, Instant seen)
    {
        EntryHealth health = new() { Added = seen, LastSeen = seen, CheckAt = seen + _options.DoubtfulAfter };
        bucket.Add(contact, health, _options.SizeOf(index));
        _presence.Add(contact);
        _diversity?.Add(contact.Host, contact.Prefix);
        _refreshAt[index] = Instant.Later(_refreshAt[index], seen + _options.RefreshAfter);
        _nextRefresh = Instant.Earlier(_nextRefresh, _refreshAt[index]);
        _nextCheck = Instant.Earlier(_nextCheck, health.CheckAt);
        Count++;
        _sound++;
        Debug.Assert(_sound <= Count);
    }

    private void RemoveEntry(Bucket<TKey, TContact> bucket, int i)
    {
        ref TContact contact = ref bucket.ContactAt(i);
        _presence.Remove(contact);
        _diversity?.Remove(contact.Host, contact.Prefix);
        _sound -= bucket.HealthAt(i).Failures == 0 ? 1 : 0;
        Count--;
        bucket.RemoveAt(i);
        Debug.Assert(_sound >= 0);
    }

    private void SetFailures(Bucket<TKey, TContact> bucket, int i, int failures)
    {
        int before = bucket.Sound;
        bucket.SetFailures(i, failures);
        _sound += bucket.Sound - before;
    }

    /// <summary>Notes an answer of an entry. An answer under another key costs it its place: one entry a contact, and it has to keep its key.</summary>
    /// <remarks>Who went silent before has started anew, and is a newcomer. A ban of those would cut us off from a network whose few nodes were all restarted.</remarks>
    private bool Renew(int index, int i, in TContact contact, Instant now)
    {
        Bucket<TKey, TContact> bucket = _buckets[index]!;
        if (!bucket.ContactAt(i).Key.Equals(contact.Key))
        {
            if (bucket.HealthAt(i).Failures == 0)
            {
                NoteKeyChange(contact, now);
            }

            int replacement = FreshestFitting(bucket, leaving: i);
            RemoveEntry(bucket, i);
            Promote(index, bucket, replacement);
            return false;
        }

        TryUpdate(bucket, i, contact);
        bucket.HealthAt(i).LastSeen = now;
        bucket.HealthAt(i).CheckAt = now + _options.DoubtfulAfter;
        SetFailures(bucket, i, 0);
        _refreshAt[index] = now + _options.RefreshAfter;
        return true;
    }

    /// <summary>Takes over what changed in a contact besides its key (an address, where equality is the peer's name), if the limits allow it.</summary>
    private void TryUpdate(Bucket<TKey, TContact> bucket, int i, in TContact contact)
    {
        ref TContact old = ref bucket.ContactAt(i);
        if (!Fits(bucket, contact, leaving: i))
        {
            return;
        }

        _diversity?.Remove(old.Host, old.Prefix);
        _diversity?.Add(contact.Host, contact.Prefix);
        old = contact;
    }

    private void NoteKeyChange(in TContact contact, Instant now)
    {
        KeyChanges++;
        _keyChangers.Add(contact, now);
    }

    private Admission<TContact> KeepAsReplacement(Bucket<TKey, TContact> bucket, in TContact contact, Instant now)
    {
        if (_options.ReplacementSize > 0)
        {
            bucket.Replacements ??= new ReplacementCache<TKey, TContact>(_options.ReplacementSize);
            bucket.Replacements.Add(contact, now, _options.Diversity);
        }

        int doubtful = bucket.LeastRecentlySeenDue(now);
        if (doubtful < 0)
        {
            return Outcome(AdmissionKind.Full);
        }

        bucket.HealthAt(doubtful).CheckAt = now + _options.DoubtfulAfter;
        return new Admission<TContact>(AdmissionKind.Full, true, bucket.ContactAt(doubtful));
    }

    /// <summary>Takes a contact out of the replacement caches before it is admitted anew.</summary>
    /// <returns>False when it stood there under another key.</returns>
    private bool ForgetReplacement(in TContact contact, Instant now)
    {
        if (DropReplacement(contact) is not { } dropped || dropped.Key.Equals(contact.Key))
        {
            return true;
        }

        NoteKeyChange(contact, now);
        return false;
    }

    private TContact? DropReplacement(in TContact contact)
    {
        for (int index = 0; index < _depth; index++)
        {
            ReplacementCache<TKey, TContact>? cache = _buckets[index]?.Replacements;
            int i = cache?.IndexOf(contact) ?? -1;
            if (i >= 0)
            {
                TContact dropped = cache![i];
                cache.RemoveAt(i);
                return dropped;
            }
        }

        return null;
    }

    /// <summary>The freshest replacement that the limits allow once entry <paramref name="leaving"/> is gone; otherwise -1.</summary>
    private int FreshestFitting(Bucket<TKey, TContact> bucket, int leaving)
    {
        int i = (bucket.Replacements?.Count ?? 0) - 1;
        while (i >= 0 && !Fits(bucket, bucket.Replacements![i], leaving))
        {
            i--;
        }

        return i;
    }

    private void Promote(int index, Bucket<TKey, TContact> bucket, int replacement)
    {
        if (replacement >= 0)
        {
            TContact contact = bucket.Replacements![replacement];
            Instant seen = bucket.Replacements.SeenAt(replacement);
            bucket.Replacements.RemoveAt(replacement);
            AddEntry(index, bucket, contact, seen);
        }
    }

    private TimeSpan RetryDelay(int failures)
    {
        TimeSpan delay = _options.RetryAfter * Math.Pow(2, Math.Min(failures - 1, 16));
        return delay < _options.DoubtfulAfter ? delay : _options.DoubtfulAfter;
    }
}
