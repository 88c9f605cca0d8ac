using Kadstone.Datagrams;

namespace Kadstone.Simulation;

/// <summary>A NAT with one public address and any number of hosts behind it. It hairpins (RFC 4787, REQ-9) and does not preserve ports.</summary>
internal sealed class Nat(SimulatedNetwork network, UdpEndpoint publicAddress, NatKind kind, TimeSpan lifetime, ushort firstPort)
{
    private const int LowestPort = 1024;

    private readonly Dictionary<(BoundSocket, UdpEndpoint), NatMapping> _mappings = [];
    private int _nextPort = Math.Max(firstPort, (ushort)LowestPort);
    private int _sweepAt = 64;
    private long _fullUntil = long.MinValue;

    internal NatKind Kind { get; } = kind;

    internal TimeSpan Lifetime { get; } = lifetime;

    internal UdpEndpoint PublicAddress { get; } = publicAddress;

    internal int MappingCount => _mappings.Count;

    /// <summary>What the outside sees as the source of a packet from <paramref name="inside"/> to <paramref name="to"/>.</summary>
    /// <returns>False when all ports of the public address are taken.</returns>
    internal bool TryTranslate(BoundSocket inside, UdpEndpoint to, long now, out UdpEndpoint source)
    {
        (BoundSocket, UdpEndpoint) key = (inside, Kind == NatKind.Symmetric ? to : default);
        if (_mappings.TryGetValue(key, out NatMapping? mapping) && !mapping.IsLive(now))
        {
            Drop(key, mapping);
            mapping = null;
        }

        if (mapping is null)
        {
            if (!TryTakePort(now, out source))
            {
                return false;
            }

            mapping = new NatMapping(this, source);
            _mappings.Add(key, mapping);
            network.AddRoute(new Route(source, inside, mapping));
        }

        source = mapping.Public;
        mapping.Sent(to, now);
        return true;
    }

    /// <summary>Forgets what belongs to a closed socket; the mappings' routes go with it.</summary>
    internal void Forget(BoundSocket inside)
    {
        foreach (((BoundSocket, UdpEndpoint) key, NatMapping mapping) in _mappings)
        {
            if (ReferenceEquals(key.Item1, inside))
            {
                Drop(key, mapping);
            }
        }
    }

    private bool TryTakePort(long now, out UdpEndpoint endpoint)
    {
        endpoint = default;
        if (now < _fullUntil)
        {
            return false;
        }

        if (_mappings.Count >= _sweepAt)
        {
            Sweep(now);
        }

        for (int tries = LowestPort; tries <= ushort.MaxValue; tries++)
        {
            endpoint = PublicAddress.WithPort((ushort)_nextPort);
            _nextPort = _nextPort == ushort.MaxValue ? LowestPort : _nextPort + 1;
            if (!network.HasRoute(endpoint))
            {
                return true;
            }
        }

        // Full: looking again for each packet would cost more than the packets are worth.
        _fullUntil = now + TimeSpan.TicksPerSecond;
        endpoint = default;
        return false;
    }

    private void Sweep(long now)
    {
        foreach (((BoundSocket, UdpEndpoint) key, NatMapping mapping) in _mappings)
        {
            if (!mapping.IsLive(now))
            {
                Drop(key, mapping);
            }
        }

        _sweepAt = Math.Clamp(_mappings.Count * 2, 64, ushort.MaxValue - LowestPort);
    }

    // Removing does not end an enumeration of a Dictionary (since .NET Core 3.0).
    private void Drop((BoundSocket, UdpEndpoint) key, NatMapping mapping)
    {
        _mappings.Remove(key);
        network.RemoveRoute(mapping.Public);
    }
}

/// <summary>A public port of a NAT, and who may send to it.</summary>
internal sealed class NatMapping(Nat nat, UdpEndpoint publicEndpoint)
{
    private readonly Dictionary<UdpEndpoint, long>? _sentTo = nat.Kind == NatKind.FullCone ? null : [];
    private long _lastSent;
    private int _sweepAt = 64;

    internal UdpEndpoint Public { get; } = publicEndpoint;

    internal bool IsLive(long now) => now - _lastSent < nat.Lifetime.Ticks;

    internal void Sent(UdpEndpoint to, long now)
    {
        _lastSent = now;
        if (_sentTo is null)
        {
            return;
        }

        if (_sentTo.Count >= _sweepAt)
        {
            foreach ((UdpEndpoint endpoint, long sent) in _sentTo)
            {
                if (now - sent >= nat.Lifetime.Ticks)
                {
                    _sentTo.Remove(endpoint);
                }
            }

            _sweepAt = Math.Max(64, _sentTo.Count * 2);
        }

        _sentTo[FilterKey(to)] = now;
    }

    internal bool Accepts(UdpEndpoint from, long now) =>
        IsLive(now) && (_sentTo is null || (_sentTo.TryGetValue(FilterKey(from), out long sent) && now - sent < nat.Lifetime.Ticks));

    private UdpEndpoint FilterKey(UdpEndpoint endpoint) => nat.Kind == NatKind.AddressRestricted ? endpoint.WithPort(0) : endpoint;
}
