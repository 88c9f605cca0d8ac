using Kadstone.Datagrams;
using Kadstone.Kademlia;

namespace Kadstone.Hyperswarm.Core;

/// <summary>Who we are to others: ephemeral at first, persistent once nodes that we asked for it have reached our server socket.</summary>
/// <remarks>
/// npm dht-rpc 6: ticks of 5 s; 20 minutes of staying before the check. What sees our address is only believed of nodes that answered us,
/// one in a /24 every ten minutes, or a liar with many ports would choose our id.
/// </remarks>
internal sealed partial class RpcProtocol
{
    private const int StableTicks = 240;
    private const int FurtherTicks = 720;
    private const int MaxHintsInTick = 50;
    private const int RechecksInTick = 5;
    private static readonly TimeSpan s_tick = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan s_sleep = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan s_doubtful = new RoutingTableOptions().DoubtfulAfter;
    private static readonly TimeSpan s_sampleOf = TimeSpan.FromMinutes(10);

    private readonly NatSampler _nat = new();
    private readonly HealthMonitor _health = new();
    private readonly Queue<RpcContact> _rechecks = new();
    private RecentEndpoints _sampled = new(s_sampleOf, 4_096);
    private UdpEndpoint _external;
    private Instant _tickAt = Instant.Never;
    private Instant _lastTick;
    private Instant _doubtAt;
    private int _stableTicks = StableTicks;
    private int _hintsLeft = MaxHintsInTick;
    private int _strangerSamples;
    private bool _isReached;
    private bool _hasAskedQuickly;
    private bool _wasProvedQuickly;
    private ReachabilityCheck? _check;

    /// <summary>Whether our server socket may be unreachable for those whom it never wrote to.</summary>
    internal bool IsFirewalled => !IsPersistent && !_isReached;

    /// <summary>Our address: of the id while we are persistent, else as others see it, with port 0 when they see several. Null: unknown.</summary>
    internal UdpEndpoint? External => IsPersistent ? _external : _nat.Seen;

    internal RpcHealth Health => _health.Health;

    /// <summary>Called after we became persistent or ephemeral; under the driver's lock, so it may only signal.</summary>
    internal Action? IdentityChanged { get; set; }

    private void Tick(Instant now)
    {
        bool hasSlept = now - _lastTick > s_sleep;
        _lastTick = now;
        _tickAt = now + s_tick;
        _hintsLeft = MaxHintsInTick;
        _health.Tick();
        if (hasSlept)
        {
            WakeUp(now);
        }

        for (int i = 0; i < RechecksInTick && _rechecks.TryDequeue(out RpcContact contact); i++)
        {
            Check(contact, now);
        }

        if (_settings.IsForced && !IsPersistent && HasJoined && _nat.Seen is { } seen)
        {
            BecomePersistent(seen.WithPort(_sockets[ServerSocket].Port), now);
        }

        if (!_settings.IsAdaptive)
        {
            return;
        }

        if (IsPersistent)
        {
            // Our address has changed: the id follows from it, and under the old one nobody keeps us.
            if (_nat.Count >= 4 && _nat.Seen is { } moved && moved.Host != _external.Host)
            {
                BecomeEphemeral(StableTicks, now);
            }
        }
        else if (--_stableTicks <= 0)
        {
            _stableTicks = FurtherTicks;
            CheckReachability(isOnlyFirewall: false, now);
        }
        else if (_wasProvedQuickly && HasJoined)
        {
            _wasProvedQuickly = false;
            CheckReachability(isOnlyFirewall: true, now);
        }
    }

    // Nobody knows what happened meanwhile: the address, the neighbours, all may be others.
    private void WakeUp(Instant now)
    {
        if (_settings.IsAdaptive && IsPersistent)
        {
            BecomeEphemeral(FurtherTicks, now);
        }

        // Whoever was not heard of for long is doubtful to the table, and is checked anyway.
        _rechecks.Clear();
        foreach (TableEntry<RpcContact> entry in Table.Entries.Where(entry => now - entry.LastSeen < s_doubtful))
        {
            _rechecks.Enqueue(entry.Contact);
        }

        if (HasJoined)
        {
            _join = Start(Question.FindNode(Id), Id, keeps: false, commits: false, JoinStepped, now);
        }
    }

    private void Sample(in RpcMessage answer, UdpEndpoint from, byte socket, bool hasId, Instant now)
    {
        if (!_hasAskedQuickly && _settings.IsAdaptive && IsFirewalled && hasId)
        {
            _hasAskedQuickly = true;
            AskBack(RpcContact.FromEndpoint(from), (isReached, _) => _wasProvedQuickly |= isReached, now);
        }

        // What another socket of ours looks like from outside says nothing of the one that asks.
        if (socket != AskingSocket || !Accepts(answer.To) || (!hasId && _strangerSamples >= Math.Max(1, _bootstrap.Count)))
        {
            return;
        }

        if (_settings.IsAdaptive && IsPersistent && answer.To.Host != _external.Host && now >= _doubtAt)
        {
            Doubt(now);
        }

        UdpEndpoint voter = _settings.Diversity ? UdpEndpoint.FromIPv4((uint)from.Prefix << 8, 0) : from;
        if (_sampled.Add(voter, now))
        {
            _strangerSamples += hasId ? 0 : 1;
            _nat.Add(answer.To);
        }
    }

    // One who sees us elsewhere proves nothing, but sixteen others are asked afresh.
    private void Doubt(Instant now)
    {
        _doubtAt = now + s_sampleOf;
        ForgetSamples();
        foreach (TableEntry<RpcContact> entry in Table.Entries.Where(entry => entry.Failures == 0).Take(NatSampler.Most))
        {
            _rechecks.Enqueue(entry.Contact);
        }
    }

    private void ForgetSamples()
    {
        _nat.Clear();
        _sampled = new RecentEndpoints(s_sampleOf, 4_096);
        _strangerSamples = 0;
    }

    private void CheckReachability(bool isOnlyFirewall, Instant now)
    {
        if (_check is not null || !_nat.IsConsistent)
        {
            return;
        }

        if (!IsFirewalled)
        {
            if (!isOnlyFirewall && _nat.Seen is { } seen)
            {
                BecomePersistent(seen, now);
            }

            return;
        }

        IEnumerable<RpcContact> latest = Table.Entries
            .Where(entry => entry.Failures == 0)
            .OrderByDescending(entry => entry.LastSeen)
            .Select(entry => entry.Contact);
        RpcContact[] asked = [.. latest.Concat(_bootstrap).Distinct().Take(ReachabilityCheck.Asked)];
        ReachabilityCheck check = new(asked.Length, isOnlyFirewall);
        _check = check;
        foreach (RpcContact contact in asked)
        {
            AskBack(contact, (isReached, later) => Count(check, isReached, later), now, check.Seen);
        }

        if (asked.Length == 0)
        {
            _check = null;
        }
    }

    private void Count(ReachabilityCheck check, bool isReached, Instant now)
    {
        check.Count(isReached);
        if (!check.IsOver || _check != check)
        {
            return;
        }

        _check = null;
        if (!check.HasSucceeded || _nat.Seen is not { } seen || check.Seen.Seen is not { Port: not 0 } reached || reached.Host != seen.Host)
        {
            return;
        }

        if (check.IsOnlyFirewall)
        {
            // From now on the server socket asks, and what is seen of us is another port.
            _isReached = true;
            ForgetSamples();
        }
        else
        {
            BecomePersistent(reached, now);
        }
    }

    // A PING_NAT leaves from the client socket and is answered to the server socket, to which nobody may have an opening yet.
    private void AskBack(RpcContact contact, Action<bool, Instant> ended, Instant now, NatSampler? seen = null)
    {
        ushort port = _sockets[ServerSocket].Port;
        Question question = new((uint)RpcInternalCommand.PingNat, IsInternal: true, null, new byte[] { (byte)port, (byte)(port >> 8) });
        if (!Ask(new BackAsker(ended, seen), question, contact, null, CheckAttempts, now, ServerSocket))
        {
            ended(false, now);
        }
    }

    private void BecomePersistent(UdpEndpoint external, Instant now)
    {
        _external = external;
        IsPersistent = true;
        Move(RpcContact.FromEndpoint(external).Id, now);
    }

    private void BecomeEphemeral(int stableTicks, Instant now)
    {
        IsPersistent = false;
        _isReached = false;
        _hasAskedQuickly = false;
        _stableTicks = stableTicks;
        Move(Keyspace.Random<Key256>(_chance), now);
    }

    // Another place in the keyspace: the table is laid out around it, and a walk makes us and our new neighbours known to each other.
    private void Move(Key256 id, Instant now)
    {
        RoutingTable<Key256, RpcContact> old = Table;
        Id = id;
        Table = new RoutingTable<Key256, RpcContact>(id, TableOptions(_settings), _chance);
        foreach (TableEntry<RpcContact> entry in old.Entries.Where(entry => entry.Failures == 0).OrderBy(entry => entry.Added))
        {
            Table.Admit(entry.Contact, entry.LastSeen);
        }

        ForgetSamples();
        _join = Start(Question.FindNode(id), id, keeps: false, commits: false, JoinStepped, now);
        _upkeepAt = now;
        IdentityChanged?.Invoke();
    }

    /// <summary>Waits for one answer to the server socket.</summary>
    private sealed class BackAsker(Action<bool, Instant> ended, NatSampler? seen) : IAsker
    {
        public void Answered(OpenRequest request, in RpcMessage answer, bool hasId, Instant now)
        {
            seen?.Add(answer.To);
            ended(true, now);
        }

        public void Silent(OpenRequest request, Instant now) => ended(false, now);
    }

    /// <summary>Five nodes are asked to answer to the server socket, and three have to succeed; where fewer can be asked, one.</summary>
    private sealed class ReachabilityCheck(int asked, bool isOnlyFirewall)
    {
        internal const int Asked = 5;
        private const int Enough = 3;

        private int _ended;
        private int _reached;

        internal bool IsOnlyFirewall => isOnlyFirewall;

        internal NatSampler Seen { get; } = new();

        internal bool IsOver => _ended == asked;

        internal bool HasSucceeded => _reached >= (asked < Asked ? 1 : Enough);

        internal void Count(bool isReached)
        {
            _ended++;
            _reached += isReached ? 1 : 0;
        }
    }
}
