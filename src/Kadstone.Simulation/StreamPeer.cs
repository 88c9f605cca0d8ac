using Kadstone.Datagrams;
using Kadstone.Kademlia;

namespace Kadstone.Simulation;

/// <summary>One end of streams: a peer that has a name, listens at one endpoint, and answers requests.</summary>
internal sealed class StreamPeer(SimulatedHost host, UdpEndpoint endpoint, object name)
{
    private readonly Dictionary<string, Handler> _handlers = new(StringComparer.Ordinal);

    /// <summary>Answers a request: bytes, none for the mere end of the stream, or null to reset it.</summary>
    internal delegate ReadOnlyMemory<byte>? Handler(StreamPeer from, ReadOnlyMemory<byte> request);

    internal SimulatedHost Host => host;

    internal UdpEndpoint Endpoint => endpoint;

    internal object Name => name;

    internal bool IsUp { get; private set; } = true;

    /// <summary>Takes connections and streams, and never answers on one.</summary>
    internal bool IsMute { get; set; }

    /// <summary>A connection was made, by either side, and both know what the other speaks.</summary>
    internal Action<StreamPeer>? Met { get; set; }

    internal Action<StreamPeer>? Parted { get; set; }

    internal Dictionary<object, (StreamPeer Other, Instant Used)> Connections { get; } = [];

    internal void Serve(string protocol, Handler handler) => _handlers[protocol] = handler;

    internal Handler? Serving(string protocol) => _handlers.GetValueOrDefault(protocol);

    /// <summary>Ends without a word to anybody.</summary>
    internal void Close()
    {
        IsUp = false;
        Connections.Clear();
    }

    public override string ToString() => $"{Name} at {Endpoint}";
}
