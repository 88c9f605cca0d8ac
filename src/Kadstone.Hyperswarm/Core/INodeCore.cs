using Kadstone.Datagrams;
using Kadstone.Kademlia;

namespace Kadstone.Hyperswarm.Core;

/// <summary>What those who run a node need of its core, whichever wire it speaks.</summary>
internal interface INodeCore : IDatagramProtocol
{
    /// <summary>Requests on their way to handlers.</summary>
    InboundRequests InboundRequests { get; }

    /// <summary>Called when nobody is left to ask but the bootstrap nodes: their names may mean others by now. Under the driver's lock, so it may only signal.</summary>
    Action? RunEmpty { get; set; }

    /// <summary>From now on requests of this command go to a handler.</summary>
    void Serve(RpcCommand command);

    /// <summary>Sends a handler's answer.</summary>
    void Answer(InboundRequest inbound, RpcReply answer, Instant now);

    /// <summary>Takes an endpoint to join through.</summary>
    void AddBootstrap(UdpEndpoint endpoint, Instant now);

    /// <summary>Begins to join. Call once, after the bootstrap nodes were added.</summary>
    void Join(Instant now);
}
