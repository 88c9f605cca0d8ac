using Kadstone.Datagrams;
using Kadstone.Kademlia;

namespace Kadstone.Hyperswarm.Core;

/// <summary>Answers commands inside the core: at once, under the driver's lock, straight into the outbox.</summary>
internal interface IRequestService
{
    /// <summary>When <see cref="Elapse"/> has work.</summary>
    Instant NextDeadline { get; }

    /// <summary>Whether a command is answered here.</summary>
    bool Serves(uint command);

    /// <summary>Answers, passes on, or stays silent. A token that is not ours has been refused before.</summary>
    void Answer(scoped in ServiceRequest request, Instant now);

    /// <summary>Does what is due.</summary>
    void Elapse(Instant now);
}

/// <summary>A request as a service sees it; valid as long as its datagram.</summary>
internal readonly ref struct ServiceRequest(RpcMessage message, UdpEndpoint from, byte socket, bool isTrusted, int most)
{
    /// <summary>What was asked.</summary>
    internal RpcMessage Message { get; } = message;

    /// <summary>Who asked.</summary>
    internal UdpEndpoint From { get; } = from;

    /// <summary>Where it came in, and what it causes leaves.</summary>
    internal byte Socket { get; } = socket;

    /// <summary>Whether it carries a token that we gave to this address.</summary>
    internal bool IsTrusted { get; } = isTrusted;

    /// <summary>The most bytes that the asker may cause.</summary>
    internal int Most { get; } = most;
}

/// <summary>What a service may do with a request.</summary>
internal interface IServiceHost
{
    /// <summary>Our id as a storing node.</summary>
    Key256 Id { get; }

    /// <summary>Whether others keep us in their tables: who is not persistent stores nothing.</summary>
    bool IsPersistent { get; }

    /// <summary>The most bytes that a value may have in the response to this request, with a token and a few closer nodes beside it.</summary>
    int Room(scoped in ServiceRequest request);

    /// <summary>Responds with a value, a token and closer nodes.</summary>
    void Reply(scoped in ServiceRequest request, ReadOnlySpan<byte> value, Instant now);

    /// <summary>Responds without a value.</summary>
    /// <param name="request">To what.</param>
    /// <param name="givesToken">Whether with a token.</param>
    /// <param name="givesNodes">Whether with closer nodes.</param>
    /// <param name="now">The present moment.</param>
    void ReplyEmpty(scoped in ServiceRequest request, bool givesToken, bool givesNodes, Instant now);

    /// <summary>Responds with an error.</summary>
    void Refuse(scoped in ServiceRequest request, RpcError error, Instant now);

    /// <summary>Passes the request on with another value: same number, same command, same target. We keep nothing of it.</summary>
    /// <returns>False when it is not sent.</returns>
    bool Forward<TValue>(scoped in ServiceRequest request, scoped in TValue value, UdpEndpoint to, Instant now)
        where TValue : ICompactValue<TValue>, allows ref struct;

    /// <summary>Responds to somebody else: to whose request this one is the answer that we relay.</summary>
    /// <returns>False when it is not sent.</returns>
    bool ReplyTo<TValue>(scoped in ServiceRequest request, scoped in TValue value, UdpEndpoint to, Instant now)
        where TValue : ICompactValue<TValue>, allows ref struct;
}
