using Kadstone.Datagrams;
using Kadstone.Kademlia;

namespace Kadstone.Mainline.Core;

/// <summary>What joining wants to do next.</summary>
internal enum BootstrapStep
{
    None,
    WalkToSelf,
    AskRouter,
    AskLost,
    FillBucket,
}

/// <summary>Joining the network with one of our nodes, at the start and again whenever the table has run thin.</summary>
/// <remarks>
/// <para>Saved contacts first, so that a node finds back with every router dead; routers one a second, so that a start without a
/// network stays quiet; then a walk to our own id until nobody is nearer (BEP 5), then a look into each bucket that has room.</para>
/// <para>Networks that fell apart must find each other again when both live on: no table is thin then, and each has forgotten the
/// other side. So the endpoints of entries that fell silent are remembered, up to 64, and one a minute is asked for our neighbours. When
/// it names any that we do not know, we walk to our own id through it: both sides' neighbours learn of each other.</para>
/// </remarks>
internal sealed class Bootstrap(LocalNode local)
{
    private static readonly TimeSpan s_shortestPause = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan s_longestPause = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan s_longestThinPause = TimeSpan.FromMinutes(2);
    private static readonly TimeSpan s_memoryPause = TimeSpan.FromMinutes(2);
    private static readonly TimeSpan s_lostPause = TimeSpan.FromMinutes(1);
    private const int Enough = 8;
    private const int MaxLost = 64;
    private const int MaxSaved = 256;
    private const int MaxRouters = 32;
    private const int RoundLength = 8;
    private const int FewestRemembered = 8;

    private readonly List<UdpEndpoint> _routers = [];
    private readonly List<NodeContact> _saved = [];
    private readonly Queue<UdpEndpoint> _toAsk = new();
    private readonly Queue<int> _bucketsToFill = new();
    private readonly LostContacts<UdpEndpoint> _lost = new(MaxLost);
    private List<UdpEndpoint> _remembered = [];
    private Instant _askLostAt = Instant.Never;
    private Instant _rememberAt;
    private Instant _seedsAt = new(long.MinValue);
    private Instant _nextAttemptAt;
    private TimeSpan _pause = s_shortestPause;
    private bool _begun;
    private bool _endTold;
    private bool _bucketsListed;
    private int _attempts;
    private int _askedInRound;

    internal LocalNode Local => local;

    /// <summary>The walk to our own id, while it runs and after.</summary>
    internal Walk? Walk { get; set; }

    /// <summary>Whether the first join is over, well or badly.</summary>
    internal bool HasEnded { get; private set; }

    /// <summary>Whether fewer contacts answer than a lookup needs: then the table alone cannot be trusted to grow again.</summary>
    internal bool IsThin => local.Table.SoundCount < Enough;

    internal void AddSaved(NodeContact contact)
    {
        if (_saved.Count < MaxSaved)
        {
            _saved.Add(contact);
        }
    }

    /// <summary>Whether contacts that another address family brings are of use: nobody is known, and none were tried just now.</summary>
    internal bool WantsSeeds(Instant now) =>
        _begun && local.Table.Count == 0 && _saved.Count == 0 && Walk is not { IsFinished: false } && now >= _seedsAt;

    internal void AddSeeds(ReadOnlySpan<NodeContact> contacts, Instant now)
    {
        _saved.AddRange(contacts);
        _seedsAt = now + s_longestPause;
    }

    internal void AddRouter(UdpEndpoint router, Instant now)
    {
        if (_routers.Count >= MaxRouters || _routers.Contains(router))
        {
            return;
        }

        _routers.Add(router);
        _toAsk.Enqueue(router);
        _nextAttemptAt = Instant.Earlier(_nextAttemptAt, now);
    }

    internal void Begin(Instant now)
    {
        _begun = true;
        _nextAttemptAt = now;
        HasEnded = _routers.Count == 0 && _saved.Count == 0;
    }

    /// <summary>We moved to another place of the key space: whoever is near us there is to be found first.</summary>
    internal void IdChanged()
    {
        Walk?.Query.Stop();
        Walk = null;
        ForgetBuckets();
    }

    // They are listed and filled once after each join.
    private void ForgetBuckets()
    {
        _bucketsListed = false;
        _bucketsToFill.Clear();
    }

    internal NodeContact[] TakeSaved()
    {
        NodeContact[] saved = [.. _saved];
        _remembered = [.. saved.Select(contact => contact.Endpoint)];
        _saved.Clear();
        return saved;
    }

    internal BootstrapStep NextStep(Instant now)
    {
        if (!_begun)
        {
            return BootstrapStep.None;
        }

        if (_saved.Count > 0)
        {
            return BootstrapStep.WalkToSelf;
        }

        bool isWalking = Walk is { IsFinished: false };
        bool isAlone = local.Table.Count == 0;
        if (isAlone)
        {
            ForgetBuckets();
        }

        if (IsThin && now >= _nextAttemptAt && HasSomebodyToAsk)
        {
            // All were asked once and the last one had its time: the first join is over, though nobody answered.
            HasEnded |= _attempts > _routers.Count && !isWalking;
            return BootstrapStep.AskRouter;
        }

        if (isWalking || isAlone)
        {
            return BootstrapStep.None;
        }

        HasEnded |= Walk is not null;
        if (!IsThin)
        {
            _pause = s_shortestPause;
            Remember(now);
        }

        return Walk is null ? BootstrapStep.WalkToSelf
            : now >= _askLostAt ? BootstrapStep.AskLost
            : BootstrapStep.FillBucket;
    }

    private bool HasSomebodyToAsk => _routers.Count + _remembered.Count + _lost.Count + local.Table.Count > 0;

    /// <summary>The next endpoint to ask, and when the one after it may be asked.</summary>
    internal bool TryNextRouter(Instant now, out UdpEndpoint router)
    {
        if (_toAsk.Count == 0)
        {
            _bucketsListed = false;
            IEnumerable<UdpEndpoint> known = local.Table.Entries.Select(entry => entry.Contact.Endpoint);
            foreach (UdpEndpoint candidate in _routers.Concat(known).Concat(_remembered).Concat(_lost).Distinct())
            {
                _toAsk.Enqueue(candidate);
            }
        }

        _attempts++;
        _askedInRound++;
        bool asks = _toAsk.TryDequeue(out router);
        if (_toAsk.Count > 0 && _askedInRound < RoundLength)
        {
            _nextAttemptAt = now + s_shortestPause;
            return asks;
        }

        // Several a round, so that a few dead ones do not cost half a minute each.
        _askedInRound = 0;
        _nextAttemptAt = now + _pause;

        // A network of three is thin for ever and well: with anybody in the table there is less of a hurry.
        TimeSpan longest = local.Table.Count == 0 ? s_longestPause : s_longestThinPause;
        _pause = _pause * 2 < longest ? _pause * 2 : longest;
        return asks;
    }

    /// <summary>An entry fell silent and lost its place.</summary>
    internal void Lost(UdpEndpoint endpoint, Instant now, Random chance)
    {
        _lost.Add(endpoint, chance);
        _askLostAt = Instant.Earlier(_askLostAt, now + s_lostPause);
    }

    internal bool TryNextLost(Instant now, Random chance, out UdpEndpoint lost)
    {
        _askLostAt = _lost.Count > 0 ? now + s_lostPause : Instant.Never;
        return _lost.TryPick(chance, out lost);
    }

    /// <summary>An endpoint answered; true when it had been lost.</summary>
    internal bool Found(UdpEndpoint endpoint) => _lost.Remove(endpoint);

    /// <summary>A random key in the next bucket that has room, once after each join.</summary>
    internal bool TryNextBucket(Random chance, out Key160 target)
    {
        if (!_bucketsListed)
        {
            _bucketsListed = true;
            int deepest = 0;
            Dictionary<int, int> sizes = [];
            foreach (TableEntry<NodeContact> entry in local.Table.Entries)
            {
                deepest = Math.Max(deepest, entry.Bucket);
                sizes[entry.Bucket] = sizes.GetValueOrDefault(entry.Bucket) + 1;
            }

            for (int bucket = 0; bucket < deepest; bucket++)
            {
                if (sizes.GetValueOrDefault(bucket) < 8)
                {
                    _bucketsToFill.Enqueue(bucket);
                }
            }
        }

        target = default;
        if (!_bucketsToFill.TryDequeue(out int next))
        {
            return false;
        }

        target = Keyspace.RandomInBucket(local.Id, next, chance);
        return true;
    }

    /// <summary>True once: when the first join has just ended.</summary>
    internal bool HasJustEnded()
    {
        if (!HasEnded || _endTold)
        {
            return false;
        }

        _endTold = true;
        return true;
    }

    internal Instant NextDeadline(Instant now)
    {
        if (!_begun)
        {
            return Instant.Never;
        }

        if (_saved.Count > 0)
        {
            return now;
        }

        Instant next = IsThin && HasSomebodyToAsk ? _nextAttemptAt : Instant.Never;
        if (local.Table.Count == 0)
        {
            return next;
        }

        bool hasMore = Walk is null || !HasEnded || !_bucketsListed || _bucketsToFill.Count > 0;
        return hasMore ? now : Instant.Earlier(next, Instant.Earlier(_rememberAt, _askLostAt));
    }

    // When the table runs empty because the network is away, these are asked besides the routers.
    private void Remember(Instant now)
    {
        if (now < _rememberAt)
        {
            return;
        }

        // The last few of a table that is dying are the worst to remember: then the memory of better days stays.
        _rememberAt = now + s_memoryPause;
        List<UdpEndpoint> sound = [.. local.Table.Entries.Where(entry => entry.Failures == 0).Take(64).Select(entry => entry.Contact.Endpoint)];
        if (sound.Count >= Math.Min(_remembered.Count, FewestRemembered))
        {
            _remembered = sound;
        }
    }
}
