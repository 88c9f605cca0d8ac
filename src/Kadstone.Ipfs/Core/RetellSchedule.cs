using Kadstone.Kademlia;

namespace Kadstone.Ipfs.Core;

/// <summary>When what we provide is told again: each content before its interval is over, and never many at once.</summary>
/// <remarks>
/// A content is told as late as its deadline allows, unless more than twice the steady rate would then fall into one turn: of many that
/// were told in one hour some come early, by half an interval at most, and the next time they lie apart. What is told with
/// the others of its region comes early as well, so that a region stays together and costs one search.
/// </remarks>
internal sealed class RetellSchedule(TimeSpan interval, TimeSpan turn)
{
    /// <summary>16: so many may be told in any turn.</summary>
    public const int LeastPerTurn = 16;

    /// <summary>500: the most contents that are told together.</summary>
    public const int MaxTogether = 500;

    // After a long time offline all is overdue: then so many times the usual.
    private const int CatchUp = 4;

    private readonly Dictionary<ContentKey, Entry> _kept = [];

    public int Count => _kept.Count;

    /// <summary>The most that are told in a turn while nothing is overdue: twice the steady rate.</summary>
    public int PerTurn => (int)Math.Max(LeastPerTurn, Math.Ceiling(2.0 * _kept.Count * (turn / interval)));

    /// <summary>Notes when a content was told.</summary>
    public void Told(ReadOnlyMemory<byte> multihash, DateTimeOffset at)
    {
        ContentKey key = new(multihash);
        if (_kept.TryGetValue(key, out Entry known))
        {
            _kept[key] = known with { Told = at };
        }
        else
        {
            _kept.Add(key.Copy(), new Entry(PeerContact.KeyOf(multihash.Span), at));
        }
    }

    public bool Forget(ReadOnlyMemory<byte> multihash) => _kept.Remove(new ContentKey(multihash));

    /// <summary>Whether so much time has passed since a content was told that it may be told again.</summary>
    public bool IsRipe(ContentKey content, DateTimeOffset now) => _kept.TryGetValue(content, out Entry entry) && IsRipe(entry, now);

    /// <summary>What is to be told in this turn at the latest, in the order of the keyspace.</summary>
    public IReadOnlyList<ContentKey> Due(DateTimeOffset now)
    {
        int needed = Needed(now);
        return needed == 0 ? [] : [.. _kept.OrderBy(pair => pair.Value.Told).Take(needed).OrderBy(pair => pair.Value.Place).Select(pair => pair.Key)];
    }

    /// <summary>What may be told with another content: the ripe ones whose keys begin with the same bits, the oldest first.</summary>
    public IReadOnlyList<ContentKey> InRegion(Key256 place, int bits, DateTimeOffset now) =>
    [
        .. _kept.Where(pair => IsRipe(pair.Value, now) && (pair.Value.Place ^ place).LeadingZeroCount >= bits)
            .OrderBy(pair => pair.Value.Told).Take(MaxTogether).Select(pair => pair.Key),
    ];

    private bool IsRipe(in Entry entry, DateTimeOffset now) => now - entry.Told >= interval / 2;

    // So many that for every time to come those due by then fit into the turns until then.
    private int Needed(DateTimeOffset now)
    {
        int turns = (int)Math.Ceiling(interval / turn);
        int[] dueIn = new int[turns + 1];
        foreach (Entry entry in _kept.Values)
        {
            double left = (entry.Told + interval - now) / turn;
            dueIn[(int)Math.Clamp(left, 0, turns)]++;
        }

        long perTurn = PerTurn;
        long needed = 0;
        long due = 0;
        for (int ahead = 0; ahead <= turns; ahead++)
        {
            due += dueIn[ahead];
            needed = Math.Max(needed, due - (perTurn * ahead));
        }

        return (int)Math.Min(needed, CatchUp * perTurn);
    }

    private readonly record struct Entry(Key256 Place, DateTimeOffset Told);
}
