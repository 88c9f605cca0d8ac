using Kadstone.Datagrams;

namespace Kadstone.Simulation;

/// <summary>A machine of the simulated network. Nodes are bound to it.</summary>
public sealed class SimulatedHost
{
    private const ushort FirstEphemeralPort = 49_152;

    private readonly SimulatedNetwork _network;
    private readonly UdpEndpoint _local;
    private readonly Nat? _nat;
    private readonly List<NodePump> _pumps = [];
    private ushort _nextPort = FirstEphemeralPort;
    private LinkOptions? _link;
    private HostTraffic _closedTraffic;

    internal SimulatedHost(SimulatedNetwork network, int index, UdpEndpoint address, UdpEndpoint local, Nat? nat, HostOptions options)
    {
        _network = network;
        _local = local;
        _nat = nat;
        Index = index;
        Address = address;
        Options = options;
        Link = options.Link;
    }

    /// <summary>The number of the host, in the order they were added, from 0.</summary>
    public int Index { get; }

    /// <summary>The public address, with port 0. Behind a NAT it is the NAT's.</summary>
    public UdpEndpoint Address { get; }

    /// <summary>The options the host was added with.</summary>
    public HostOptions Options { get; }

    /// <summary>The link of this host; null for the network's. May change at any time, for packets sent from then on.</summary>
    /// <remarks>A packet takes its sender's link, else its receiver's, else the network's.</remarks>
    public LinkOptions? Link
    {
        get => _link;
        set
        {
            _link = value;
            OwnLink = value is null ? null : _network.Compile(value);
            _network.HasOwnLinks |= value is not null;
        }
    }

    /// <summary>Whether the host runs; false between <see cref="Stop"/> and <see cref="Start"/>.</summary>
    public bool IsUp { get; private set; } = true;

    /// <summary>Whether the host is frozen, between <see cref="Suspend"/> and <see cref="Resume"/>.</summary>
    public bool IsSuspended { get; private set; }

    /// <summary>What the nodes of this host sent and received.</summary>
    public HostTraffic Traffic
    {
        get
        {
            HostTraffic sum = _closedTraffic;
            foreach (NodePump pump in _pumps)
            {
                sum = Sum(sum, pump.Traffic);
            }

            return sum;
        }
    }

    internal Link? OwnLink { get; private set; }

    internal int Side { get; set; }

    /// <summary>The host's own address with a port: what a node binds to. Behind a NAT it is an inside address (10.x.y.z).</summary>
    public UdpEndpoint Endpoint(ushort port) => _local.WithPort(port);

    /// <summary>Starts a protocol on one socket.</summary>
    /// <param name="protocol">The protocol; what it has to send is sent at once.</param>
    /// <param name="port">The port on the host's own address; 0 for any.</param>
    /// <exception cref="InvalidOperationException">The host is not running, or the port is taken.</exception>
    public SimulatedNode<TProtocol> Bind<TProtocol>(TProtocol protocol, ushort port)
        where TProtocol : class, IDatagramProtocol => Bind(protocol, Endpoint(port));

    /// <summary>Starts a protocol.</summary>
    /// <param name="protocol">The protocol; what it has to send is sent at once.</param>
    /// <param name="sockets">The local endpoint of each socket, by index; port 0 for any. None means one socket with any port.
    /// A host may have addresses beyond the one it was added with, an IPv6 one for instance.</param>
    /// <exception cref="InvalidOperationException">The host is not running, or an endpoint is taken.</exception>
    public SimulatedNode<TProtocol> Bind<TProtocol>(TProtocol protocol, params UdpEndpoint[] sockets)
        where TProtocol : class, IDatagramProtocol
    {
        ArgumentNullException.ThrowIfNull(protocol);
        ArgumentNullException.ThrowIfNull(sockets);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(sockets.Length, byte.MaxValue, nameof(sockets));
        if (!IsUp || IsSuspended)
        {
            throw new InvalidOperationException($"The host {Address} is not running.");
        }

        if (sockets.Length == 0)
        {
            sockets = [Endpoint(0)];
        }

        NodePump pump = new(_network, this, protocol);
        BoundSocket[] bound = new BoundSocket[sockets.Length];
        for (int index = 0; index < bound.Length; index++)
        {
            bound[index] = new BoundSocket(pump, (byte)index, WithAnyPort(sockets[index]), NatOf(sockets[index]));
            RequireFree(bound, index);
        }

        pump.Sockets = bound;
        foreach (BoundSocket socket in bound)
        {
            _network.Attach(socket);
        }

        _network.Wakes.Add(pump);
        _pumps.Add(pump);
        pump.Enter();
        pump.Leave();
        return new SimulatedNode<TProtocol>(_network, pump, protocol);
    }

    /// <summary>Pulls the plug: all nodes of the host are closed. A restart is <see cref="Start"/> and a new <see cref="Bind{TProtocol}(TProtocol, UdpEndpoint[])"/>.</summary>
    public void Stop()
    {
        foreach (NodePump pump in _pumps)
        {
            pump.Close();
            _closedTraffic = Sum(_closedTraffic, pump.Traffic);
        }

        _pumps.Clear();
        IsUp = false;
        IsSuspended = false;
    }

    /// <summary>Lets nodes be bound to the host again after <see cref="Stop"/>.</summary>
    public void Start() => IsUp = true;

    /// <summary>Freezes the host as a closed lid does: its nodes keep their state and their endpoints, but are not told the time, and packets to them are lost.</summary>
    public void Suspend()
    {
        IsSuspended = IsUp;
        foreach (NodePump pump in _pumps)
        {
            pump.Suspend();
        }
    }

    /// <summary>Thaws the host after <see cref="Suspend"/>; deadlines that passed meanwhile are due at once.</summary>
    public void Resume()
    {
        if (!IsSuspended)
        {
            return;
        }

        IsSuspended = false;
        foreach (NodePump pump in _pumps)
        {
            pump.Resume();
        }
    }

    /// <inheritdoc/>
    public override string ToString() => $"host {Index} at {Address.ToIPAddress()}";

    internal void Forget(NodePump pump)
    {
        if (_pumps.Remove(pump))
        {
            _closedTraffic = Sum(_closedTraffic, pump.Traffic);
        }
    }

    private static HostTraffic Sum(HostTraffic one, HostTraffic other) => new(
        one.PacketsOut + other.PacketsOut,
        one.BytesOut + other.BytesOut,
        one.PacketsIn + other.PacketsIn,
        one.BytesIn + other.BytesIn);

    private UdpEndpoint WithAnyPort(UdpEndpoint endpoint)
    {
        while (endpoint.Port == 0)
        {
            UdpEndpoint candidate = endpoint.WithPort(_nextPort);
            _nextPort = _nextPort == ushort.MaxValue ? FirstEphemeralPort : (ushort)(_nextPort + 1);
            if (!_network.IsTaken(candidate))
            {
                return candidate;
            }
        }

        return endpoint;
    }

    private Nat? NatOf(UdpEndpoint socket)
    {
        if (_nat is null || !socket.IsIPv4)
        {
            return null;
        }

        return socket.WithPort(0) == _local
            ? _nat
            : throw new ArgumentException($"{socket} is not an address of {this}: behind a NAT, bind to Endpoint(port).", nameof(socket));
    }

    private void RequireFree(BoundSocket[] bound, int index)
    {
        bool taken = _network.IsTaken(bound[index].Endpoint);
        for (int earlier = 0; earlier < index; earlier++)
        {
            taken |= bound[earlier].Endpoint == bound[index].Endpoint;
        }

        if (taken)
        {
            throw new InvalidOperationException($"{bound[index].Endpoint} is taken.");
        }
    }
}
