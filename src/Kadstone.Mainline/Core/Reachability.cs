using Kadstone.Datagrams;
using Kadstone.Kademlia;

namespace Kadstone.Mainline.Core;

/// <summary>Whether we serve. Adaptive: read-only until proven reachable, with a short probation now and then in which nobody is told "ro".</summary>
/// <remarks>
/// BEP 43. The proof is a query from an endpoint that we never contacted: no NAT mapping of ours let it in. Nodes that honour "ro"
/// never hand us out, so such a query might never come; a probation of a minute lets a few nodes learn of us. It is taken only
/// when voters see one and the same port: behind a symmetric NAT nobody else could reach us, and we should not stand in tables.
/// </remarks>
internal sealed class Reachability(ServingMode mode)
{
    private static readonly TimeSpan s_probation = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan s_firstPause = TimeSpan.FromMinutes(2);
    private static readonly TimeSpan s_longestPause = TimeSpan.FromHours(2);
    private const int MaxContacted = 4_096;

    private readonly HashSet<UdpEndpoint> _contacted = [];
    private readonly Queue<UdpEndpoint> _contactedOrder = new();
    private TimeSpan _pause = s_firstPause;
    private Instant _probationEnds = new(long.MinValue);
    private bool _proven;

    /// <summary>When <see cref="Elapse"/> has something to decide.</summary>
    internal Instant NextDeadline { get; private set; } = Instant.Never;

    /// <summary>Whether another node has reached us unasked, or the mode takes it as given.</summary>
    internal bool IsServing { get; private set; } = mode == ServingMode.Always;

    /// <summary>Whether our queries carry ro = 1.</summary>
    internal bool IsReadOnly => !IsServing;

    internal bool IsProven => _proven || mode == ServingMode.Always;

    internal void Start(Instant now)
    {
        if (mode == ServingMode.Adaptive)
        {
            NextDeadline = now + _pause;
        }
    }

    internal void Contacted(UdpEndpoint endpoint)
    {
        if (mode != ServingMode.Adaptive || _proven || !_contacted.Add(endpoint))
        {
            return;
        }

        _contactedOrder.Enqueue(endpoint);
        if (_contactedOrder.Count > MaxContacted)
        {
            _contacted.Remove(_contactedOrder.Dequeue());
        }
    }

    /// <summary>A query came in.</summary>
    internal void Asked(UdpEndpoint from)
    {
        if (mode == ServingMode.Adaptive && !_proven && !_contacted.Contains(from))
        {
            _proven = true;
            IsServing = true;
            NextDeadline = Instant.Never;
            _contacted.Clear();
            _contactedOrder.Clear();
        }
    }

    /// <summary>Our address changed: what was proven no longer is.</summary>
    internal void AddressChanged(Instant now)
    {
        if (mode == ServingMode.Adaptive)
        {
            _proven = false;
            IsServing = false;
            _pause = s_firstPause;
            NextDeadline = now + _pause;
        }
    }

    /// <param name="now">The present moment.</param>
    /// <param name="portsAgree">Whether voters see one port.</param>
    /// <returns>True when a probation begins or ends without a proof: our neighbours should hear it.</returns>
    internal bool Elapse(Instant now, bool portsAgree)
    {
        if (now < NextDeadline)
        {
            return false;
        }

        if (IsServing)
        {
            IsServing = false;
            _pause = _pause * 2 < s_longestPause ? _pause * 2 : s_longestPause;
            NextDeadline = now + _pause;
            return true;
        }

        if (portsAgree)
        {
            IsServing = true;
            _probationEnds = now + s_probation;
            NextDeadline = _probationEnds;
            return true;
        }

        NextDeadline = now + _pause;
        return false;
    }
}
