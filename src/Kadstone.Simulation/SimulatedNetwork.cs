using System.Net;
using Kadstone.Datagrams;
using Kadstone.Kademlia;

namespace Kadstone.Simulation;

/// <summary>A datagram network in virtual time: hosts, links, NATs, partitions, and a clock that jumps from event to event.</summary>
/// <remarks>
/// <para>It runs on the caller's thread and nowhere else; nothing in it reads a real clock or unseeded chance. Equal seeds and equal calls give
/// the same events in the same order, and <see cref="TraceHash"/> says so in one number.</para>
/// <para>Events at one moment happen in the order in which they were set.</para>
/// </remarks>
/// <example>
/// <code>
/// SimulatedNetwork network = new(seed: 42, LinkOptions.Lossy);
/// SimulatedNode&lt;MyProtocol&gt; alice = network.AddHost().Bind(new MyProtocol(network.CreateChance()), 6881);
/// SimulatedNode&lt;MyProtocol&gt; bob = network.AddHost().Bind(new MyProtocol(network.CreateChance()), 6881);
/// alice.Run((protocol, now) =&gt; protocol.Ping(bob.LocalEndpoint(), now));
/// network.Require(() =&gt; alice.Protocol.Pongs == 1, TimeSpan.FromSeconds(10), "alice hears from bob");
/// </code>
/// </example>
public sealed partial class SimulatedNetwork
{
    /// <summary>The bytes of the buffer a protocol writes a datagram to: 2,048.</summary>
    public const int BufferLength = 2048;

    // A real monotonic clock is not near 0 either; code that takes default(Instant) for a moment fails here as it would there.
    private static readonly Instant _start = new(TimeSpan.TicksPerDay);
    private static readonly DateTimeOffset _startUtc = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private readonly EventHeap _events = new();
    private readonly PacketPool _packets = new();
    private readonly Dictionary<UdpEndpoint, Route> _routes = [];
    private readonly Dictionary<UdpEndpoint, Nat> _nats = [];
    private readonly Dictionary<LinkOptions, Link> _compiled = new(ReferenceEqualityComparer.Instance);
    private readonly List<SimulatedHost> _hosts = [];
    private readonly byte[] _scratch = new byte[BufferLength];
    private readonly Stack<int> _freeActions = new();
    private readonly ulong _pairSalt;
    private Action?[] _actions = new Action?[64];
    private int _actionCount;
    private LinkOptions _links;
    private Link _link;
    private Func<SimulatedHost, int>? _side;
    private TimeSpan _wallShift;
    private ulong _linkChance;
    private long _sequence;
    private uint _ownAddresses;
    private uint _insideAddresses;
    private bool _running;

    private long _sent, _delivered, _lost, _duplicated, _reordered, _partitioned, _refusedByNat, _unreachable, _tooLong, _bytesSent, _bytesDelivered;

    /// <summary>Makes an empty network.</summary>
    /// <param name="seed">Decides every chance in it.</param>
    /// <param name="links">The links between hosts. Default: <see cref="LinkOptions.Healthy"/>.</param>
    public SimulatedNetwork(int seed, LinkOptions? links = null)
    {
        Seed = seed;
        ulong state = (uint)seed;
        _pairSalt = Mixing.Draw(ref state);
        _linkChance = Mixing.Draw(ref state);
        TraceHash = Mixing.Draw(ref state);
        Chance = new Random((int)Mixing.Draw(ref state));
        TimeProvider = new VirtualTimeProvider(this);
        _links = links ?? LinkOptions.Healthy;
        _link = Compile(_links);
    }

    /// <summary>The seed.</summary>
    public int Seed { get; }

    /// <summary>The present moment.</summary>
    public Instant Now { get; private set; } = _start;

    /// <summary>The virtual time since the network was made.</summary>
    public TimeSpan Elapsed => Now - _start;

    /// <summary>The wall clock: 2026-01-01 00:00 UTC at the start, moved by <see cref="ShiftWallClock"/>.</summary>
    public DateTimeOffset UtcNow => _startUtc + Elapsed + _wallShift;

    /// <summary>The virtual clocks and timers for code that takes a <see cref="System.TimeProvider"/>. Timers ring inside the event loop.</summary>
    public TimeProvider TimeProvider { get; }

    /// <summary>The seeded chance of the scenario. A node gets a stream of its own from <see cref="CreateChance"/>.</summary>
    public Random Chance { get; }

    /// <summary>The hosts, by <see cref="SimulatedHost.Index"/>.</summary>
    public IReadOnlyList<SimulatedHost> Hosts => _hosts;

    /// <summary>The links between hosts. May change at any time, for packets sent from then on.</summary>
    public LinkOptions Links
    {
        get => _links;
        set
        {
            ArgumentNullException.ThrowIfNull(value);
            _link = Compile(value);
            _links = value;
        }
    }

    /// <summary>The link from one host to another, asked for each packet, before the hosts' own links; null from it means those. Default: not asked.</summary>
    /// <remarks>Return the same instances again: each is prepared once and kept. A loss of 1 makes a one-way street.</remarks>
    public Func<SimulatedHost, SimulatedHost, LinkOptions?>? LinkBetween { get; set; }

    /// <summary>How many datagrams a node may send after one call before it is held to be stuck. Default 65,536.</summary>
    public int MaxTransmitsInARow { get; set; } = 65_536;

    /// <summary>A hash of every event so far and of their order: time, from, to, length and bytes of packets, times of alarms.</summary>
    public ulong TraceHash { get; private set; }

    /// <summary>How many events have happened.</summary>
    public long Events { get; private set; }

    /// <summary>What became of the packets so far.</summary>
    public TrafficCounters Traffic => new()
    {
        Sent = _sent,
        Delivered = _delivered,
        Lost = _lost,
        Duplicated = _duplicated,
        Reordered = _reordered,
        Partitioned = _partitioned,
        RefusedByNat = _refusedByNat,
        Unreachable = _unreachable,
        TooLong = _tooLong,
        InFlight = _packets.InFlight,
        BytesSent = _bytesSent,
        BytesDelivered = _bytesDelivered,
    };

    /// <summary>Sees every packet when it is sent and when its fate is known. Default: nobody looks.</summary>
    public Action<PacketEvent>? Tap { get; set; }

    internal WakeQueue Wakes { get; } = new();

    /// <summary>Whether any host ever had a link of its own; while none has, no host is asked.</summary>
    internal bool HasOwnLinks { get; set; }

    internal Span<byte> Scratch => _scratch;

    /// <summary>A stream of chance of its own, seeded from <see cref="Chance"/>.</summary>
    public Random CreateChance() => new(Chance.Next());

    /// <summary>Adds a host with a public IPv4 address of its own, from 20.0.0.0 to 51.255.255.255; no two such hosts share a /24 before the two millionth.</summary>
    public SimulatedHost AddHost(HostOptions? options = null)
    {
        // 20.0.0.0 to 51.255.255.255, in no order a protocol could mistake for a pattern: an odd factor permutes the 2^21 networks.
        uint number = _ownAddresses++;
        uint network = (number * 0x9E3779B1) & 0x1F_FFFF;
        UdpEndpoint address = UdpEndpoint.FromIPv4(0x1400_0000 + (network << 8) + 1 + (number >> 21), 0);
        return AddHost(address, options);
    }

    /// <summary>Adds a host.</summary>
    /// <param name="address">Its public address. Several hosts may have the same: with a NAT they share it, without one they share the ports.</param>
    /// <param name="options">Default: no NAT, the network's links.</param>
    public SimulatedHost AddHost(IPAddress address, HostOptions? options = null) => AddHost(UdpEndpoint.From(address, 0), options);

    /// <summary>Adds a host.</summary>
    /// <param name="address">Its public address; the port is ignored. Several hosts may have the same: with a NAT they share it, without one they share the ports.</param>
    /// <param name="options">Default: no NAT, the network's links.</param>
    public SimulatedHost AddHost(UdpEndpoint address, HostOptions? options = null)
    {
        options ??= new HostOptions();
        address = address.WithPort(0);
        Nat? nat = null;
        UdpEndpoint local = address;
        if (options.Nat != NatKind.None)
        {
            nat = NatAt(address, options);
            local = UdpEndpoint.FromIPv4(0x0A00_0000 + ++_insideAddresses, 0);
        }

        SimulatedHost host = new(this, _hosts.Count, address, local, nat, options);
        host.Side = _side?.Invoke(host) ?? 0;
        _hosts.Add(host);
        return host;
    }

    /// <summary>Runs an action later, inside the event loop.</summary>
    /// <param name="after">How much later; 0 or more. 0 means now, after what is already set for now.</param>
    /// <param name="action">The action.</param>
    public void Schedule(TimeSpan after, Action action)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(after, TimeSpan.Zero);
        ArgumentNullException.ThrowIfNull(action);
        if (!_freeActions.TryPop(out int slot))
        {
            slot = _actionCount++;
            if (slot == _actions.Length)
            {
                Array.Resize(ref _actions, slot * 2);
            }
        }

        _actions[slot] = action;
        _events.Push(new PendingEvent((Now + after).Ticks, _sequence++, EventKind.Action, slot));
    }

    /// <summary>Lets the next event happen, whenever it is.</summary>
    /// <returns>False when there is none: nothing is on its way and nobody waits.</returns>
    /// <exception cref="SimulationFailedException">Something inside the event threw.</exception>
    public bool Step() => Guarded(static (network, _, _) => network.StepUntil(Instant.Never.Ticks - 1), null, default);

    /// <summary>Lets virtual time pass.</summary>
    /// <param name="duration">0 or more. Events at the very end happen too.</param>
    /// <exception cref="SimulationFailedException">Something inside an event threw.</exception>
    public void RunFor(TimeSpan duration)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(duration, TimeSpan.Zero);
        Guarded(
            static (network, _, duration) =>
            {
                long end = (network.Now + duration).Ticks;
                while (network.StepUntil(end))
                {
                }

                network.Now = new Instant(end);
                return true;
            },
            null,
            duration);
    }

    /// <summary>Lets virtual time pass until something is so.</summary>
    /// <param name="condition">Asked first and after every event: it should be cheap.</param>
    /// <param name="limit">How long to wait for it; 0 or more.</param>
    /// <returns>Whether it came to be. If not, <paramref name="limit"/> has passed.</returns>
    /// <exception cref="SimulationFailedException">Something inside an event threw.</exception>
    public bool RunUntil(Func<bool> condition, TimeSpan limit)
    {
        ArgumentNullException.ThrowIfNull(condition);
        ArgumentOutOfRangeException.ThrowIfLessThan(limit, TimeSpan.Zero);
        return Guarded(
            static (network, condition, limit) =>
            {
                long end = (network.Now + limit).Ticks;
                while (!condition!())
                {
                    if (!network.StepUntil(end))
                    {
                        network.Now = new Instant(end);
                        return condition();
                    }
                }

                return true;
            },
            condition,
            limit);
    }

    /// <summary>Lets virtual time pass until something is so, and throws if it does not come to be.</summary>
    /// <param name="condition">Asked first and after every event: it should be cheap.</param>
    /// <param name="limit">How long to wait for it; 0 or more.</param>
    /// <param name="what">What the condition means, for the message.</param>
    /// <exception cref="SimulationFailedException">It did not come to be, or something inside an event threw.</exception>
    public void Require(Func<bool> condition, TimeSpan limit, string what)
    {
        if (!RunUntil(condition, limit))
        {
            throw Failure($"Within {limit:c}, this did not come to be: {what}.");
        }
    }

    /// <summary>Cuts the network: from now on nothing passes between hosts of different sides, not even what is on its way.</summary>
    /// <param name="side">The side of a host; asked once for each, and for hosts added later.</param>
    public void Partition(Func<SimulatedHost, int> side)
    {
        ArgumentNullException.ThrowIfNull(side);
        _side = side;
        foreach (SimulatedHost host in _hosts)
        {
            host.Side = side(host);
        }
    }

    /// <summary>Ends the partition.</summary>
    public void Heal()
    {
        _side = null;
        foreach (SimulatedHost host in _hosts)
        {
            host.Side = 0;
        }
    }

    /// <summary>Sets the wall clock forward or back; the monotonic clock and all timers stay as they are.</summary>
    public void ShiftWallClock(TimeSpan by) => _wallShift += by;

    /// <summary>The undisturbed round trip between two hosts: without jitter, loss and reordering.</summary>
    public TimeSpan BaseRoundTrip(SimulatedHost one, SimulatedHost other)
    {
        ArgumentNullException.ThrowIfNull(one);
        ArgumentNullException.ThrowIfNull(other);
        ulong pair = PairOf(one.Index, other.Index);
        return new TimeSpan(LinkOf(one, other).BaseOneWay(pair) + LinkOf(other, one).BaseOneWay(pair));
    }

    /// <summary>Seed, virtual time and trace in one line: all it takes to run a failure again.</summary>
    public string Describe() => $"seed {Seed}, virtual {Elapsed:c}, event {Events}, trace 0x{TraceHash:x16}";

    /// <inheritdoc cref="Describe"/>
    public override string ToString() => Describe();

    internal SimulationFailedException Failure(string what) => new($"{what} ({Describe()})");

    internal Link Compile(LinkOptions options)
    {
        if (!_compiled.TryGetValue(options, out Link? link))
        {
            link = new Link(options);
            _compiled.Add(options, link);
        }

        return link;
    }

    internal void SetWake(Sleeper sleeper, long at) => Wakes.Set(sleeper, at, _sequence++);

    internal bool HasRoute(UdpEndpoint endpoint) => _routes.ContainsKey(endpoint);

    internal bool IsTaken(UdpEndpoint endpoint) =>
        _routes.TryGetValue(endpoint, out Route? route) && (route.Mapping is not null || !route.Pump.IsClosed);

    internal void AddRoute(Route route) => _routes.Add(route.Endpoint, route);

    internal void RemoveRoute(UdpEndpoint endpoint) => _routes.Remove(endpoint);

    internal void Attach(BoundSocket socket)
    {
        if (_routes.TryGetValue(socket.Endpoint, out Route? route))
        {
            route.Rebind(socket);
        }
        else
        {
            AddRoute(new Route(socket.Endpoint, socket, null));
        }
    }

    /// <summary>Takes a datagram from a node and decides its way.</summary>
    internal void Transmit(BoundSocket socket, UdpEndpoint to, ReadOnlySpan<byte> bytes)
    {
        _sent++;
        _bytesSent += bytes.Length;
        UdpEndpoint from = socket.Endpoint;
        PacketFate fate = FindRoute(socket, to, ref from, out Route? route);
        Link? link = null;
        uint jitter = 0;
        if (fate == PacketFate.Sent)
        {
            link = LinkOf(socket.Pump, route!.Pump);
            ulong draw = Mixing.Draw(ref _linkChance);
            jitter = (uint)draw;
            fate = bytes.Length > link.MaxDatagram ? PacketFate.TooLong
                : IsCut(socket.Pump, route.Pump) ? PacketFate.Partitioned
                : link.Loses((uint)(draw >> 32)) ? PacketFate.Lost
                : PacketFate.Sent;
        }

        Trace(fate, from, to, Mixing.Bytes(bytes));
        if (fate != PacketFate.Sent)
        {
            Count(fate);
            Tap?.Invoke(new PacketEvent(fate, Now, socket.Pump.Host, route?.Pump.Host, from, to, bytes));
            return;
        }

        ulong pair = PairOf(socket.Pump.HostIndex, route!.HostIndex);
        int slot = Dispatch(route, link!, socket.Pump, from, bytes, pair, jitter);
        bool copied = link!.Duplicates((uint)Mixing.Draw(ref _linkChance));
        if (copied)
        {
            _duplicated++;
            Dispatch(route, link, socket.Pump, from, bytes, pair, (uint)Mixing.Draw(ref _linkChance));
        }

        if (Tap is not null)
        {
            // The tap may run other nodes, which write to the buffer that `bytes` lies in: it is shown the packet's own copy.
            byte[] buffer = _packets[slot].Buffer;
            int length = bytes.Length;
            Tap(new PacketEvent(PacketFate.Sent, Now, socket.Pump.Host, route.Pump.Host, from, to, buffer.AsSpan(0, length)));
            if (copied)
            {
                Tap?.Invoke(new PacketEvent(PacketFate.Duplicated, Now, socket.Pump.Host, route.Pump.Host, from, to, buffer.AsSpan(0, length)));
            }
        }
    }

    private PacketFate FindRoute(BoundSocket socket, UdpEndpoint to, ref UdpEndpoint from, out Route? route)
    {
        _routes.TryGetValue(to, out route);
        bool isInside = route?.InsideNat is not null;
        if (socket.Nat is Nat nat && !isInside && !nat.TryTranslate(socket, to, Now.Ticks, out from))
        {
            from = socket.Endpoint;
            return PacketFate.RefusedByNat;
        }

        if (route is null)
        {
            return _nats.ContainsKey(to.WithPort(0)) ? PacketFate.RefusedByNat : PacketFate.Unreachable;
        }

        // An inside address means something only behind the same NAT, and an IPv4 socket does not reach IPv6.
        bool isReachable = (!isInside || ReferenceEquals(route.InsideNat, socket.Nat)) && from.IsIPv4 == to.IsIPv4;
        return isReachable ? PacketFate.Sent : PacketFate.Unreachable;
    }

    private int Dispatch(Route route, Link link, NodePump sender, UdpEndpoint from, ReadOnlySpan<byte> bytes, ulong pair, uint jitter)
    {
        long delay = link.OneWay(pair, jitter);
        ulong draw = Mixing.Draw(ref _linkChance);
        if (link.Reorders((uint)draw))
        {
            _reordered++;
            delay += link.HeldBack((uint)(draw >> 32));
        }

        int slot = _packets.Rent(route, sender, from, bytes);
        _events.Push(new PendingEvent(Now.Ticks + delay, _sequence++, EventKind.Arrival, slot));
        return slot;
    }

    private void Arrive(int slot)
    {
        Packet packet = _packets[slot];
        NodePump receiver = packet.Route.Pump;
        PacketFate fate = IsCut(packet.Sender, receiver) ? PacketFate.Partitioned
            : packet.Route.Mapping is NatMapping mapping && !mapping.Accepts(packet.From, Now.Ticks) ? PacketFate.RefusedByNat
            : !receiver.IsRunning ? PacketFate.Unreachable
            : PacketFate.Delivered;

        Trace(fate, packet.From, packet.Route.Endpoint, (ulong)packet.Length);
        Count(fate);
        if (fate == PacketFate.Delivered)
        {
            _bytesDelivered += packet.Length;
        }

        Tap?.Invoke(new PacketEvent(fate, Now, packet.Sender.Host, receiver.Host, packet.From, packet.Route.Endpoint, packet.Bytes));

        // The tap may have closed or suspended the node.
        if (fate == PacketFate.Delivered && receiver.IsRunning)
        {
            receiver.Receive(packet.Bytes, packet.From, packet.Route.SocketIndex);
        }

        _packets.Return(slot);
    }

    /// <summary>Lets the next event happen if it is not after <paramref name="end"/>.</summary>
    private bool StepUntil(long end)
    {
        bool wakes = Wakes.Count > 0
            && (_events.Count == 0
                || Wakes.FirstTime < _events.First.Time
                || (Wakes.FirstTime == _events.First.Time && Wakes.FirstSequence < _events.First.Sequence));
        if (wakes)
        {
            if (Wakes.FirstTime > end)
            {
                return false;
            }

            Now = new Instant(Wakes.FirstTime);
            Events++;
            Sleeper sleeper = Wakes.First;
            TraceHash = Mixing.Fold(TraceHash, (ulong)Now.Ticks ^ ((ulong)sleeper.WakeId << 40));
            sleeper.Wake();
            return true;
        }

        if (_events.Count == 0 || _events.First.Time > end)
        {
            return false;
        }

        PendingEvent next = _events.Pop();
        Now = new Instant(next.Time);
        Events++;
        if (next.Kind == EventKind.Arrival)
        {
            Arrive(next.Slot);
        }
        else
        {
            TraceHash = Mixing.Fold(TraceHash, (ulong)Now.Ticks);
            Action? action = _actions[next.Slot];
            _actions[next.Slot] = null;
            _freeActions.Push(next.Slot);
            action?.Invoke();
        }

        return true;
    }

    private bool Guarded(Func<SimulatedNetwork, Func<bool>?, TimeSpan, bool> run, Func<bool>? condition, TimeSpan duration)
    {
        if (_running)
        {
            throw new InvalidOperationException("The network already runs: an event cannot let time pass. Use Schedule.");
        }

        _running = true;
        try
        {
            return run(this, condition, duration);
        }
        catch (Exception cause) when (cause is not SimulationFailedException)
        {
            throw new SimulationFailedException($"{cause.GetType().Name}: {cause.Message} ({Describe()})", cause);
        }
        finally
        {
            _running = false;
        }
    }

    private void Trace(PacketFate fate, UdpEndpoint from, UdpEndpoint to, ulong content)
    {
        ulong hash = Mixing.Fold(TraceHash, (ulong)Now.Ticks);
        hash = Mixing.Fold(hash, from.AddressHigh ^ from.AddressLow ^ ((ulong)from.Port << 40));
        hash = Mixing.Fold(hash, to.AddressHigh ^ to.AddressLow ^ ((ulong)to.Port << 40));
        TraceHash = Mixing.Fold(hash, content + ((ulong)fate << 56));
    }

    private void Count(PacketFate fate)
    {
        switch (fate)
        {
            case PacketFate.Delivered: _delivered++; break;
            case PacketFate.Lost: _lost++; break;
            case PacketFate.Partitioned: _partitioned++; break;
            case PacketFate.RefusedByNat: _refusedByNat++; break;
            case PacketFate.Unreachable: _unreachable++; break;
            case PacketFate.TooLong: _tooLong++; break;
            case PacketFate.Sent or PacketFate.Duplicated: break;
        }
    }

    private bool IsCut(NodePump sender, NodePump receiver) => _side is not null && sender.Host.Side != receiver.Host.Side;

    private Link LinkOf(NodePump sender, NodePump receiver) =>
        LinkBetween is null && !HasOwnLinks ? _link : LinkOf(sender.Host, receiver.Host);

    private Link LinkOf(SimulatedHost sender, SimulatedHost receiver) =>
        LinkBetween?.Invoke(sender, receiver) is LinkOptions options ? Compile(options) : sender.OwnLink ?? receiver.OwnLink ?? _link;

    private ulong PairOf(int one, int other)
    {
        ulong low = (ulong)Math.Min(one, other);
        ulong high = (ulong)Math.Max(one, other);
        return Mixing.Scramble(_pairSalt ^ ((low << 32) | high));
    }

    private Nat NatAt(UdpEndpoint address, HostOptions options)
    {
        if (!address.IsIPv4)
        {
            throw new ArgumentException("A NAT needs a public IPv4 address.", nameof(address));
        }

        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(options.NatMappingLifetime, TimeSpan.Zero, nameof(options));
        if (!_nats.TryGetValue(address, out Nat? nat))
        {
            nat = new Nat(this, address, options.Nat, options.NatMappingLifetime, (ushort)Mixing.Scramble(_pairSalt + (ulong)_nats.Count));
            _nats.Add(address, nat);
        }
        else if (nat.Kind != options.Nat || nat.Lifetime != options.NatMappingLifetime)
        {
            throw new ArgumentException($"The NAT at {address.ToIPAddress()} is {nat.Kind} with mappings of {nat.Lifetime:c}.", nameof(options));
        }

        return nat;
    }
}
