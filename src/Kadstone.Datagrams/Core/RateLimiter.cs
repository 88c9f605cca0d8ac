using System.Runtime.CompilerServices;
using Kadstone.Kademlia;

namespace Kadstone.Datagrams;

/// <summary>Decides, before a datagram is decoded, whether its sender may have an answer, and how long a one.</summary>
/// <remarks>
/// <para>Ask <see cref="Admit"/> for every datagram from an endpoint that no open request awaits. Send at most the allowance, then tell
/// <see cref="Charge"/>; after that ask <see cref="WantsProof"/>, and when it says so ping the sender and charge that as well.</para>
/// <para>An unproved source has <see cref="RateLimits.FreeAnswers"/> a window; then what is sent to it stays within what came from it. A source
/// that goes on beyond its free answers pays the next window's free answers back as well: it never receives more than it sends.</para>
/// <para>What the unproved share in total goes round: a source, host or prefix that lately took more than half of what is left of it waits until others
/// had theirs, and in the long run takes no more than an eighth, a quarter and a half of it. One that has taken nothing is admitted while there is anything.</para>
/// <para>Memory is bounded and grows with the sources heard lately. Nothing is allocated once the tables have their size.</para>
/// </remarks>
public sealed class RateLimiter
{
    /// <summary>No answer of any protocol here is shorter: less credit than this is none.</summary>
    private const int ShortestAnswer = 24;

    // The nested parts leave room for the neighbours of a source on its host, and for those of a host in its prefix.
    private const float SourcePart = 0.125f;
    private const float HostPart = 0.25f;
    private const float PrefixPart = 0.5f;
    private const double PartOfWhatIsLeft = 0.5;

    /// <summary>After 24 days of milliseconds everything is forgotten and the count starts again; whoever asks is proved anew by one ping.</summary>
    private const uint LastMillisecond = int.MaxValue;

    private readonly RateLimits _limits;
    private readonly KeyedHash _hash;
    private readonly uint _window;
    private readonly uint _proofLifetime;
    private readonly float _sourceRate;
    private readonly float _sourceBurst;
    private readonly float _sourceReturns;
    private readonly GroupBudget _hostBudget;
    private readonly GroupBudget _prefixBudget;
    private readonly long[] _refused = new long[6];

    private AgingTable<Source> _sources;
    private AgingTable<Group> _hosts;
    private AgingTable<Group> _prefixes;
    private double _total;
    private double _totalUnproved;
    private float _plenty = 1;
    private Instant _epoch;
    private Instant _latest;
    private uint _refilled;
    private bool _started;

    /// <summary>Makes a limiter.</summary>
    /// <param name="limits">The limits; <see cref="RateLimits.None"/> admits everything.</param>
    /// <param name="chance">Where the keys of the hash tables come from.</param>
    /// <exception cref="ArgumentOutOfRangeException">A limit is negative or out of its range.</exception>
    public RateLimiter(RateLimits limits, Random chance)
    {
        ArgumentNullException.ThrowIfNull(limits);
        ArgumentNullException.ThrowIfNull(chance);
        ArgumentOutOfRangeException.ThrowIfNegative(limits.FreeAnswers);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(limits.FreeAnswers, byte.MaxValue);
        ArgumentOutOfRangeException.ThrowIfNegative(limits.SourceRate);
        ArgumentOutOfRangeException.ThrowIfNegative(limits.HostRate);
        ArgumentOutOfRangeException.ThrowIfNegative(limits.PrefixRate);
        ArgumentOutOfRangeException.ThrowIfNegative(limits.TotalRate);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(limits.MaxSources, 1 << 24);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(limits.MaxHosts, 1 << 24);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(limits.MaxPrefixes, 1 << 24);
        _limits = limits;
        _hash = new KeyedHash(chance);
        _window = Milliseconds(limits.Window);
        _proofLifetime = Milliseconds(limits.ProofLifetime);
        float share = (float)Math.Clamp(limits.UnprovedShare, 0, 1);
        float unproved = limits.TotalRate * share / 1000f;
        _sourceRate = Math.Min(limits.SourceRate, limits.TotalRate * RateLimits.SourcePartOfTotal) / 1000f;
        _sourceBurst = Math.Min(limits.SourceBurst, Math.Max(1, limits.TotalRate * RateLimits.BurstPartOfTotal));
        _sourceReturns = unproved * SourcePart;
        _hostBudget = new GroupBudget(limits.HostRate, limits.HostBurst, share, limits.FreeAnswersPerHost, _window, unproved * HostPart);
        _prefixBudget = new GroupBudget(limits.PrefixRate, limits.PrefixBurst, share, limits.FreeAnswersPerPrefix, _window, unproved * PrefixPart);
        uint lifetime = Math.Max(_proofLifetime, 2 * _window);
        _sources = new AgingTable<Source>(limits.MaxSources, lifetime);
        _hosts = new AgingTable<Group>(limits.MaxHosts, lifetime);
        _prefixes = new AgingTable<Group>(limits.MaxPrefixes, lifetime);
    }

    /// <summary>Datagrams admitted so far; not counted under <see cref="RateLimits.None"/>.</summary>
    public long Admitted { get; private set; }

    /// <summary>Datagrams refused so far for this reason.</summary>
    public long Refused(Refusal why) => _refused[(int)why];

    /// <summary>Bytes of memory that the tables hold now.</summary>
    internal long TableBytes => _sources.AllocatedBytes + _hosts.AllocatedBytes + _prefixes.AllocatedBytes;

    /// <summary>Weighs a datagram that none of our open requests awaits.</summary>
    /// <param name="from">Its source.</param>
    /// <param name="bytes">Its length.</param>
    /// <param name="now">The present moment.</param>
    /// <param name="allowance">The most bytes the answer may have; <see cref="int.MaxValue"/> for a proved source.</param>
    /// <param name="why">Why it was refused.</param>
    /// <returns>False when the datagram is to be dropped undecoded.</returns>
    public bool Admit(UdpEndpoint from, int bytes, Instant now, out int allowance, out Refusal why)
    {
        if (!_limits.IsOn)
        {
            allowance = int.MaxValue;
            why = Refusal.None;
            return true;
        }

        uint moment = MomentOf(now);
        RefillTotals(moment);
        ulong hostHash = _hash.OfHost(from);
        ulong sourceHash = _hash.With(hostHash, from.Port);
        ref Source source = ref _sources.Find(sourceHash);
        bool isKnown = !Unsafe.IsNullRef(ref source);
        if (isKnown)
        {
            Refill(ref source, moment);
        }

        bool isProved = isKnown && source.IsKept(moment);
        ref Group host = ref GroupOf(ref _hosts, hostHash, in _hostBudget, moment);
        ref Group prefix = ref GroupOf(ref _prefixes, _hash.OfPrefix(from), in _prefixBudget, moment);

        why = isKnown && source.Tokens < 1 ? Refusal.Source
            : (isProved ? host.Proved : host.Unproved) < 1 ? Refusal.Host
            : (isProved ? prefix.Proved : prefix.Unproved) < 1 ? Refusal.Prefix
            : _total < 1 || (!isProved && _totalUnproved < 1) ? Refusal.Total
            : isProved ? Refusal.None
            : Greedy(isKnown ? source.Taken : 0, host.Taken, prefix.Taken);
        if (why != Refusal.None)
        {
            allowance = 0;
            _refused[(int)why]++;
            return false;
        }

        if (!isKnown)
        {
            source = ref NewSource(sourceHash, moment);
        }

        source.Tokens--;
        if (isProved)
        {
            _total--;
            host.Proved--;
            prefix.Proved--;
            allowance = int.MaxValue;
            Admitted++;
            return true;
        }

        host.Unproved--;
        prefix.Unproved--;
        RollWindow(ref source, moment);
        allowance = AllowanceOfUnproved(ref source, ref host, ref prefix, bytes);
        if (allowance < ShortestAnswer)
        {
            allowance = 0;
            why = Refusal.Credit;
            _refused[(int)why]++;
            return false;
        }

        // Only who is answered takes from the others.
        _total--;
        _totalUnproved--;
        source.Taken++;
        host.Taken++;
        prefix.Taken++;
        Admitted++;
        return true;
    }

    /// <summary>The most bytes that may be sent to a source now in answer to a query admitted earlier: for answers that had to wait for a store.</summary>
    /// <remarks>The allowance that <see cref="Admit"/> gave holds for an answer given at once; of several that wait, each would count on the same credit.</remarks>
    public int AllowanceNow(UdpEndpoint to, Instant now)
    {
        if (!_limits.IsOn)
        {
            return int.MaxValue;
        }

        uint moment = MomentOf(now);
        ref Source source = ref _sources.Find(_hash.OfEndpoint(to));
        if (Unsafe.IsNullRef(ref source))
        {
            return 0;
        }

        if (source.IsKept(moment))
        {
            return int.MaxValue;
        }

        RollWindow(ref source, moment);
        return source.Granted > 0 ? _limits.FreeAnswerBytes : Math.Clamp(source.Credit, 0, _limits.FreeAnswerBytes);
    }

    /// <summary>Takes note of bytes that were sent to an endpoint without its having provably asked for them: answers and our proving pings.</summary>
    public void Charge(UdpEndpoint to, int bytes, Instant now)
    {
        if (!_limits.IsOn)
        {
            return;
        }

        uint moment = MomentOf(now);
        ref Source source = ref _sources.Find(_hash.OfEndpoint(to));
        if (Unsafe.IsNullRef(ref source) || source.IsKept(moment))
        {
            return;
        }

        RollWindow(ref source, moment);
        bool isFree = source.Granted > 0;
        if (isFree)
        {
            source.Granted--;
        }

        if (!isFree || source.OwesFreeAnswers)
        {
            source.Credit = Saturate((long)source.Credit - bytes);
        }
    }

    /// <summary>Whether the caller should ping this source now, to see whether it is there. Ask after the answer was charged.</summary>
    /// <returns>True at most once a window, only for a source that was admitted unproved and whose budget holds the ping.</returns>
    public bool WantsProof(UdpEndpoint from, Instant now)
    {
        if (!_limits.IsOn)
        {
            return false;
        }

        uint moment = MomentOf(now);
        ulong hostHash = _hash.OfHost(from);
        ref Source source = ref _sources.Find(_hash.With(hostHash, from.Port));
        if (Unsafe.IsNullRef(ref source) || source.IsKept(moment) || (source.Pinged != 0 && moment - source.Pinged < _window))
        {
            return false;
        }

        RollWindow(ref source, moment);
        ref Group host = ref GroupOf(ref _hosts, hostHash, in _hostBudget, moment);
        ref Group prefix = ref GroupOf(ref _prefixes, _hash.OfPrefix(from), in _prefixBudget, moment);
        if (TryGrant(ref source, ref host, ref prefix))
        {
            source.PingTookFreeAnswer = true;
        }
        else if (source.Credit < _limits.ProofBytes)
        {
            return false;
        }

        source.Pinged = moment;
        return true;
    }

    /// <summary>Takes note that a source answered one of our requests or sent a valid token: it is proved for <see cref="RateLimits.ProofLifetime"/>.</summary>
    public void Prove(UdpEndpoint from, Instant now)
    {
        if (!_limits.IsOn)
        {
            return;
        }

        uint moment = MomentOf(now);
        ulong hash = _hash.OfEndpoint(from);
        ref Source source = ref _sources.Find(hash);
        if (Unsafe.IsNullRef(ref source))
        {
            source = ref NewSource(hash, moment);
        }

        source.ProvedUntil = moment + _proofLifetime;
    }

    /// <summary>Whether a source is proved now. Under <see cref="RateLimits.None"/> everyone counts as proved.</summary>
    public bool IsProved(UdpEndpoint from, Instant now)
    {
        if (!_limits.IsOn)
        {
            return true;
        }

        uint moment = MomentOf(now);
        ref Source source = ref _sources.Find(_hash.OfEndpoint(from));
        return !Unsafe.IsNullRef(ref source) && source.IsKept(moment);
    }

    /// <summary>Who of an unproved source, its host and its prefix lately took more of the strangers' budget than leaves the others theirs.</summary>
    private Refusal Greedy(float source, float host, float prefix)
    {
        double most = PartOfWhatIsLeft * (_totalUnproved - 1);
        return source > most ? Refusal.Source : host > most ? Refusal.Host : prefix > most ? Refusal.Prefix : Refusal.None;
    }

    private int AllowanceOfUnproved(ref Source source, ref Group host, ref Group prefix, int bytes)
    {
        bool isFree = TryGrant(ref source, ref host, ref prefix);

        // As many datagrams came in without earning credit as went out without costing any, our ping among them.
        bool earns = source.OwesFreeAnswers || (!isFree && !source.PingTookFreeAnswer);
        if (earns)
        {
            source.Credit = Saturate((long)source.Credit + bytes);
        }

        if (isFree)
        {
            return _limits.FreeAnswerBytes;
        }

        source.IsOverFree = true;
        source.PingTookFreeAnswer = false;
        return Math.Min(source.Credit, _limits.FreeAnswerBytes);
    }

    /// <summary>Takes one free datagram from the source, its host and its prefix.</summary>
    private static bool TryGrant(ref Source source, ref Group host, ref Group prefix)
    {
        if (source.Free == 0 || host.Free < 1 || prefix.Free < 1)
        {
            return false;
        }

        source.Free--;
        source.Granted++;
        host.Free--;
        prefix.Free--;
        return true;
    }

    private void RollWindow(ref Source source, uint moment)
    {
        uint age = moment - source.WindowStart;
        if (age < _window)
        {
            return;
        }

        source.OwesFreeAnswers = source.IsOverFree && age < 2 * _window;
        source.Credit = source.OwesFreeAnswers ? Math.Min(source.Credit, 0) : 0;
        source.IsOverFree = false;
        source.PingTookFreeAnswer = false;
        source.Free = (byte)_limits.FreeAnswers;
        source.Granted = 0;
        source.WindowStart = moment;
    }

    private void Refill(ref Source source, uint moment)
    {
        uint elapsed = moment - source.Seen;
        if (elapsed != 0)
        {
            source.Tokens = Math.Min(_sourceBurst, source.Tokens + (elapsed * _sourceRate));
            source.Taken = Math.Max(0, source.Taken - (elapsed * _sourceReturns * _plenty));
            source.Seen = moment;
        }
    }

    private ref Source NewSource(ulong hash, uint moment)
    {
        ref Source source = ref _sources.Add(hash, moment);
        source.Seen = moment;
        source.WindowStart = moment;
        source.Tokens = _sourceBurst;
        source.Free = (byte)_limits.FreeAnswers;
        return ref source;
    }

    private ref Group GroupOf(ref AgingTable<Group> table, ulong hash, in GroupBudget budget, uint moment)
    {
        ref Group group = ref table.Find(hash);
        if (Unsafe.IsNullRef(ref group))
        {
            group = ref table.Add(hash, moment);
            group.Proved = budget.Burst;
            group.Unproved = budget.UnprovedBurst;
            group.Free = budget.FreeAnswers;
            group.Seen = moment;
            return ref group;
        }

        uint elapsed = moment - group.Seen;
        if (elapsed != 0)
        {
            group.Proved = Math.Min(budget.Burst, group.Proved + (elapsed * budget.Rate));
            group.Unproved = Math.Min(budget.UnprovedBurst, group.Unproved + (elapsed * budget.UnprovedRate));
            group.Free = Math.Min(budget.FreeAnswers, group.Free + (elapsed * budget.FreeRate));
            group.Taken = Math.Max(0, group.Taken - (elapsed * budget.Returns * _plenty));
            group.Seen = moment;
        }

        return ref group;
    }

    private void RefillTotals(uint moment)
    {
        uint elapsed = moment - _refilled;
        if (elapsed != 0)
        {
            double share = Math.Clamp(_limits.UnprovedShare, 0, 1);
            double more = elapsed * (_limits.TotalRate / 1000d);
            _total = Math.Min(_limits.TotalRate, _total + more);
            double mostUnproved = _limits.TotalRate * share;
            _totalUnproved = Math.Min(mostUnproved, _totalUnproved + (more * share));
            _refilled = moment;

            // What was taken is forgotten slowly while little is left: many who flood at once would otherwise use up together what each of them leaves to the rest.
            float left = mostUnproved > 0 ? (float)(_totalUnproved / mostUnproved) : 0;
            _plenty = left * left;
        }
    }

    /// <summary>Milliseconds since this limiter's epoch, from 1 up; never goes back, whatever the clock does.</summary>
    private uint MomentOf(Instant now)
    {
        if (!_started)
        {
            StartAt(now);
        }

        if (now > _latest)
        {
            _latest = now;
        }

        long milliseconds = 1 + ((_latest - _epoch).Ticks / TimeSpan.TicksPerMillisecond);
        if (milliseconds > LastMillisecond)
        {
            StartAt(_latest);
            return 1;
        }

        return (uint)milliseconds;
    }

    private void StartAt(Instant now)
    {
        _started = true;
        _epoch = now;
        _latest = now;
        _refilled = 1;
        _total = _limits.TotalRate;
        _totalUnproved = _limits.TotalRate * Math.Clamp(_limits.UnprovedShare, 0, 1);
        _sources.Clear();
        _hosts.Clear();
        _prefixes.Clear();
    }

    private static int Saturate(long value) => (int)Math.Clamp(value, int.MinValue, int.MaxValue);

    private static uint Milliseconds(TimeSpan span) => (uint)Math.Clamp(span.Ticks / TimeSpan.TicksPerMillisecond, 1, int.MaxValue / 4);

    private struct Source : IAgingEntry
    {
        public uint Seen { readonly get; set; }

        public uint WindowStart;
        public uint ProvedUntil;
        public uint Pinged;
        public float Tokens;
        public float Taken;
        public int Credit;
        public byte Free;
        public byte Granted;
        public bool IsOverFree;
        public bool OwesFreeAnswers;
        public bool PingTookFreeAnswer;

        public readonly bool IsKept(uint now) => ProvedUntil > now;
    }

    private struct Group : IAgingEntry
    {
        public uint Seen { readonly get; set; }

        public float Proved;
        public float Unproved;
        public float Free;
        public float Taken;

        public readonly bool IsKept(uint now) => false;
    }

    /// <summary>What a host or a prefix may do; rates a millisecond.</summary>
    private readonly struct GroupBudget(int rate, int burst, float unprovedShare, int freeAnswers, uint window, float returns)
    {
        public readonly float Rate = rate / 1000f;
        public readonly float Burst = burst;
        public readonly float UnprovedRate = rate * unprovedShare / 1000f;
        public readonly float UnprovedBurst = burst * unprovedShare;
        public readonly float FreeAnswers = freeAnswers;
        public readonly float FreeRate = freeAnswers / (float)window;
        public readonly float Returns = returns;
    }
}
