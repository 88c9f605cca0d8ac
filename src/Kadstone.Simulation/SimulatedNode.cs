using Kadstone.Datagrams;
using Kadstone.Kademlia;

namespace Kadstone.Simulation;

/// <summary>A protocol that runs on a host of the simulated network.</summary>
/// <typeparam name="TProtocol">The protocol.</typeparam>
public sealed class SimulatedNode<TProtocol>
    where TProtocol : class, IDatagramProtocol
{
    private readonly SimulatedNetwork _network;
    private readonly NodePump _pump;

    internal SimulatedNode(SimulatedNetwork network, NodePump pump, TProtocol protocol)
    {
        _network = network;
        _pump = pump;
        Protocol = protocol;
    }

    /// <summary>The protocol, to be looked at. What makes it send or wait goes through <see cref="Run(Action{TProtocol, Instant})"/>.</summary>
    public TProtocol Protocol { get; }

    /// <summary>The host this node runs on.</summary>
    public SimulatedHost Host => _pump.Host;

    /// <summary>Whether the node was closed, by <see cref="Close"/> or with its host.</summary>
    public bool IsClosed => _pump.IsClosed;

    /// <summary>The local endpoint of a socket; behind a NAT that is an inside address.</summary>
    /// <param name="socket">The index of the socket, as given to <see cref="SimulatedHost.Bind{TProtocol}(TProtocol, UdpEndpoint[])"/>.</param>
    public UdpEndpoint LocalEndpoint(int socket = 0) => _pump.Sockets[socket].Endpoint;

    /// <summary>Calls the protocol, sends what it then has to send, and sets its alarm.</summary>
    /// <exception cref="InvalidOperationException">The node is closed, its host is suspended, or the call comes from inside this node.</exception>
    public void Run(Action<TProtocol, Instant> action)
    {
        ArgumentNullException.ThrowIfNull(action);
        _pump.Enter();
        try
        {
            action(Protocol, _network.Now);
        }
        catch
        {
            _pump.Abandon();
            throw;
        }

        _pump.Leave();
    }

    /// <summary>Calls the protocol, sends what it then has to send, sets its alarm, and returns what the call returned.</summary>
    /// <exception cref="InvalidOperationException">The node is closed, its host is suspended, or the call comes from inside this node.</exception>
    public T Run<T>(Func<TProtocol, Instant, T> function)
    {
        ArgumentNullException.ThrowIfNull(function);
        _pump.Enter();
        T result;
        try
        {
            result = function(Protocol, _network.Now);
        }
        catch
        {
            _pump.Abandon();
            throw;
        }

        _pump.Leave();
        return result;
    }

    /// <summary>Ends the node at once, as a kill would: it sends nothing more, and packets to it are lost. Its endpoints may be bound again.</summary>
    public void Close()
    {
        _pump.Close();
        _pump.Host.Forget(_pump);
    }
}
